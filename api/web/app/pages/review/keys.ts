// The keys of the review queue. They are letters without a modifier, so that they clash with no shortcut of a browser, and mean nothing
// while something is typed or a dialog is open.
import { useEffect, useRef } from "preact/hooks"

export type Does = "next" | "previous" | "merge" | "never" | "skip" | "undo" | "preview"

export const keys: { does: Does; keys: string[]; shown: string[] }[] = [
  { does: "next", keys: ["j", "ArrowRight"], shown: ["J", "→"] },
  { does: "previous", keys: ["k", "ArrowLeft"], shown: ["K", "←"] },
  { does: "merge", keys: ["m"], shown: ["M"] },
  { does: "never", keys: ["n"], shown: ["N"] },
  { does: "skip", keys: ["s"], shown: ["S"] },
  { does: "undo", keys: ["u"], shown: ["U"] },
  { does: "preview", keys: ["p"], shown: ["P"] },
]

/** useKeys calls what a key is for. */
export function useKeys(actions: Partial<Record<Does, () => void>>): void {
  const current = useRef(actions)
  current.current = actions
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return
      if ((event.target as Element | null)?.closest?.("input, select, textarea, dialog, [contenteditable]")) return
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
      const action = current.current[keys.find((k) => k.keys.includes(key))?.does ?? "skip"]
      if (!action || !keys.some((k) => k.keys.includes(key))) return
      event.preventDefault()
      action()
    }
    addEventListener("keydown", pressed)
    return () => removeEventListener("keydown", pressed)
  }, [])
}
