// What stands in a box that is read once the reader is done with it.
import type { RefObject } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"

/** useWritten writes a value into a box whenever that changes, elsewhere or by the box itself: who is in it stays there. */
export function useWritten(value: string): RefObject<HTMLInputElement | null> {
  const box = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => { if (box.current) box.current.value = value }, [value])
  return box
}

interface Box {
  value: string
  onWritten: (value: string) => void
  class?: string
  type?: "text" | "number" | "date"
  min?: number | string
  max?: number | string
  step?: number | string
  inputMode?: "decimal"
  placeholder?: string
  maxLength?: number
  list?: string
  spellcheck?: boolean
  autocomplete?: "off"
  "aria-invalid"?: boolean
}

/** Written is such a box: whatever is drawn anew meanwhile, what is being typed stays. */
export function Written({ value, onWritten, ...rest }: Box) {
  return <input {...rest} ref={useWritten(value)} onChange={(e) => onWritten(e.currentTarget.value)} />
}
