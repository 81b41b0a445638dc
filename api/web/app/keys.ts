// Keys that mean something wherever on the page they are pressed.
import { useEffect, useRef } from "preact/hooks"

/** useKeydown calls back for each key that is pressed while nobody writes and no dialog is open, without a modifier. */
export function useKeydown(pressed: (event: KeyboardEvent) => void): void {
  const current = useRef(pressed)
  current.current = pressed
  useEffect(() => {
    const listener = (event: KeyboardEvent) => { if (isFree(event)) current.current(event) }
    addEventListener("keydown", listener)
    return () => removeEventListener("keydown", listener)
  }, [])
}

/**
 * isFree says whether a key is for the page. Whether a dialog is open is asked of the document: Escape closes one at once,
 * and who opened it hears of that a frame later, when the next key may have been pressed.
 */
function isFree(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog:modal")) return false
  return !(event.target as Element | null)?.closest?.("input, select, textarea, [contenteditable]")
}
