// Short news of what was done, with a way back where there is one.
import { useEffect, useState } from "preact/hooks"
import { useSpeech } from "../i18n"
import { Button } from "./parts"

interface News { id: number; text: string; undo?: () => void }

let last = 0
let news: News[] = []
const listeners = new Set<() => void>()
const changed = () => { for (const listener of listeners) listener() }

/** tell shows a line for some seconds; with undo longer, for it has to be reached. */
export function tell(text: string, undo?: () => void): void {
  const id = ++last
  news = [...news.slice(-2), { id, text, undo }]
  changed()
  setTimeout(() => drop(id), undo ? 15_000 : 5_000)
}

function drop(id: number): void {
  news = news.filter((n) => n.id !== id)
  changed()
}

export function Toasts() {
  const { words } = useSpeech()
  const [, set] = useState(0)
  useEffect(() => {
    const listener = () => set((n) => n + 1)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return (
    <div class="toasts" role="status" aria-live="polite">
      {news.map((n) => (
        <div key={n.id} class="toast">
          <span class="grow">{n.text}</span>
          {n.undo && <Button small onClick={() => { drop(n.id); n.undo!() }}>{words.common.actions.undo}</Button>}
        </div>
      ))}
    </div>
  )
}
