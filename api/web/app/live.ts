// What changes while somebody looks: the stream of changes, as a number that grows.
import { useEffect, useState } from "preact/hooks"
import { useMay } from "./session"

/**
 * useLive counts up when something of these types changed (GET /v1/stream), at most once in `every` milliseconds, and says
 * whether the stream is open. Make it a part of what is asked for: reloading on each change would never end in a busy
 * workspace. A page that nobody sees listens to nothing.
 */
export function useLive(types: string, every = 15_000): { version: number; live: boolean } {
  const may = useMay("stream:read")
  const [version, setVersion] = useState(0)
  const [live, setLive] = useState(false)
  useEffect(() => {
    if (!may) return
    let source: EventSource | undefined
    let waiting: ReturnType<typeof setTimeout> | undefined
    const changed = () => {
      waiting ??= setTimeout(() => { waiting = undefined; setVersion((n) => n + 1) }, every)
    }
    const close = () => { source?.close(); source = undefined; setLive(false) }
    const listen = () => {
      if (document.hidden) return close()
      if (source) return
      source = new EventSource(`/v1/stream?types=${encodeURIComponent(types)}`)
      source.addEventListener("open", () => setLive(true))
      source.addEventListener("error", () => setLive(false)) // it connects again by itself, and says where it was
      for (const type of [...types.split(","), "reset", "gap"]) source.addEventListener(type, changed)
    }
    listen()
    document.addEventListener("visibilitychange", listen)
    return () => { document.removeEventListener("visibilitychange", listen); clearTimeout(waiting); close() }
  }, [types, every, may])
  return { version, live }
}
