// What changes while somebody looks: the stream of changes, as a number that grows.
import { useEffect, useRef, useState } from "preact/hooks"
import type { Load } from "./load"
import { useMay } from "./session"

/**
 * useLive counts up when something of these types changed (GET /v1/stream), at most once in `every` milliseconds, and says
 * whether the stream is open. Give it to useAnew: reloading on each change would never end in a busy
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

/** useAnew asks for something anew whenever version grows. What was answered before stays meanwhile. */
export function useAnew(version: number, load: Load<unknown>): void {
  const seen = useRef(version)
  useEffect(() => {
    if (version === seen.current) return
    seen.current = version
    load.reload()
  }, [version])
}
