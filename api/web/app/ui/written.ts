// What stands in a box that is read when its form is sent.
import type { RefObject } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"

/** useWritten writes a value into a box whenever that changes, elsewhere or by the box itself: who is in it stays there. */
export function useWritten(value: string): RefObject<HTMLInputElement | null> {
  const box = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => { if (box.current) box.current.value = value }, [value])
  return box
}
