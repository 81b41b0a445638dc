// The keys of the review queue. They are letters without a modifier, so that they clash with no shortcut of a browser, and mean nothing
// while something is typed or a dialog is open.
import { useKeydown } from "../../keys"

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
export function useKeys(actions: Record<Does, () => void>): void {
  useKeydown((event) => {
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const key = keys.find((k) => k.keys.includes(name))
    if (!key || event.repeat) return
    event.preventDefault()
    actions[key.does]()
  })
}
