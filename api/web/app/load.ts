// What a page shows comes from the server: useLoad says how that goes.
import { useCallback, useEffect, useReducer, useRef } from "preact/hooks"
import { Problem, problemOf } from "./api"

/** Load is how a request stands. While one is sent anew, what it answered before stays. */
export interface Load<T> {
  data?: T
  problem?: Problem
  loading: boolean
  /** slow: it takes longer than a reader waits without being told. */
  slow: boolean
  reload: () => void
}

const slowAfter = 3000
const kept = new Map<string, unknown>()
const mostKept = 200

function keep(key: string, value: unknown): void {
  kept.delete(key)
  kept.set(key, value)
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!)
}

/** forgetLoads drops what was kept, for instance when somebody else signs in. */
export function forgetLoads(): void {
  kept.clear()
}

/**
 * useLoad asks for something whenever key changes. An empty key asks for nothing. Going back to a key shows at once what
 * it answered last, and asks again. A request that nobody waits for any more is cancelled.
 */
export function useLoad<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const state = useRef<{ key: string; data?: T; problem?: Problem; loading: boolean; slow: boolean }>({ key: "", loading: false, slow: false })
  const asking = useRef({ key, ask })
  asking.current = { key, ask }
  const ending = useRef<AbortController | undefined>(undefined)

  const start = useCallback((key: string) => {
    ending.current?.abort()
    const control = new AbortController()
    ending.current = control
    state.current = { ...state.current, key, loading: true, slow: false }
    const slow = setTimeout(() => {
      state.current = { ...state.current, slow: true }
      redraw(0)
    }, slowAfter)
    const done = (change: { data?: T; problem?: Problem }) => {
      clearTimeout(slow)
      if (control.signal.aborted) return // nobody waits for it, or somebody else is signed in by now
      if (!change.problem) keep(key, change.data)
      state.current = { key, loading: false, slow: false, ...change }
      redraw(0)
    }
    asking.current.ask(control.signal).then(
      (data) => done({ data }),
      (fault: unknown) => {
        if (!(fault instanceof Problem) && !control.signal.aborted) reportError(fault)
        done({ problem: problemOf(fault), data: state.current.data })
      },
    )
    control.signal.addEventListener("abort", () => clearTimeout(slow))
  }, [])

  if (key !== state.current.key) {
    // Another question: of the answer before nothing is shown, but what this one answered last.
    state.current = { key, data: kept.get(key) as T | undefined, loading: key !== "", slow: false }
  }
  useEffect(() => {
    if (key) start(key)
    return () => ending.current?.abort()
  }, [key, start])

  // It asks what is asked now, however old the drawing is that it was taken from.
  const reload = useCallback(() => {
    if (!asking.current.key) return
    start(asking.current.key)
    redraw(0)
  }, [start])
  const { data, problem, loading, slow } = state.current
  return { data, problem, loading, slow, reload }
}
