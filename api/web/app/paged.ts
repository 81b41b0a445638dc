// Lists that come a page at a time: usePages says how far one has come.
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { Problem, problemOf } from "./api"
import { type Load, useLoad } from "./load"

/** Page is an answer with a part of a list; next asks for the part behind it, and is absent at the end. */
export interface Page<T> { items: T[]; next?: string }

export interface Pages<T, P extends Page<T> = Page<T>> {
  /** load is how the first page stands. Its reload begins the list anew: until that is answered, what was here stays. */
  load: Load<P>
  /** items are those that are here. */
  items: T[]
  /** latest is the page that came last, with what else it says. */
  latest?: P
  /** more: these are not all. */
  more: boolean
  /** busy: the next page is on its way. */
  busy: boolean
  /** problem is why the next page did not come; next asks for it again. */
  problem?: Problem
  /** next asks for the next page, once however often it is called. */
  next: () => void
}

/** Rest is what came behind a first page. */
interface Rest<P> { first?: P; pages: P[]; busy: boolean; problem?: Problem }

const none: Rest<never> = { pages: [], busy: false }

/**
 * usePages asks for the first page whenever key changes, in the manner of useLoad, and for others when next is called. What
 * comes late, behind a first page that is not shown any more, is dropped. nameOf tells items apart, where one may move from a
 * page to another between two requests: it is there once.
 */
export function usePages<T, P extends Page<T> = Page<T>>(
  key: string, ask: (after: string | undefined, signal: AbortSignal) => Promise<P & Page<T>>, nameOf?: (item: T) => string,
): Pages<T, P> {
  const load = useLoad<P>(key, (signal) => ask(undefined, signal))
  const first = load.data
  const [state, set] = useState<Rest<P>>(none)
  const rest = state.first === first ? state : none
  const latest = rest.pages.at(-1) ?? first
  const asked = useRef<P | undefined>(undefined)
  const ending = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => ending.current?.abort(), [first])
  const items = useMemo(() => {
    const all = first ? [first, ...rest.pages].flatMap((p) => p.items) : []
    return nameOf ? [...new Map(all.map((item) => [nameOf(item), item])).values()] : all
  }, [first, rest.pages])

  const next = () => {
    if (!latest?.next || load.loading || asked.current === latest) return
    asked.current = latest
    const { signal } = ending.current = new AbortController()
    const done = (change: Partial<Rest<P>>) => {
      if (!signal.aborted) set({ first, pages: rest.pages, busy: false, ...change })
    }
    done({ busy: true })
    ask(latest.next, signal).then(
      (page) => done({ pages: [...rest.pages, page] }),
      (fault: unknown) => {
        if (!(fault instanceof Problem) && !signal.aborted) reportError(fault)
        if (asked.current === latest) asked.current = undefined
        done({ problem: problemOf(fault) })
      })
  }
  return { load, items, latest, more: !!latest?.next, busy: rest.busy, problem: rest.problem, next }
}
