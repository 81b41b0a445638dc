// What a page asks for again and again while somebody looks at it.
import { useEffect, useRef } from "preact/hooks"
import { type Load, useLoad } from "../../load"

/**
 * usePolled is useLoad that asks anew every so many milliseconds, but not while the page is hidden or an answer is still
 * to come. What was shown stays as it is meanwhile: nothing dims every few seconds.
 */
export function usePolled<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, every = 5000): Load<T> {
  const load = useLoad(key, ask)
  const now = useRef(load)
  now.current = load
  useEffect(() => {
    const again = () => { if (!document.hidden && !now.current.loading) now.current.reload() }
    const timer = setInterval(again, every)
    document.addEventListener("visibilitychange", again)
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", again) }
  }, [key, every])
  return { ...load, loading: load.loading && load.data === undefined, slow: load.slow && load.data === undefined }
}
