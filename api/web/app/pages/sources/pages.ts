// A list that is fetched a page at a time, as far down as somebody scrolls.
import { useEffect, useRef, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"

export type Item = Schemas["Quarantined"]
export type Filter = { source?: string; reason?: string; status?: Item["status"] }

/** perPage is the most that one request lists. */
const perPage = 1000

export interface Listed {
  items: Item[]
  problem?: Problem
  loading: boolean
  /** more: there is something behind what is here. */
  more: boolean
  next: () => void
}

/** useItems lists what fits, and fetches the next page when next is called. version has it begin anew. */
export function useItems(filter: Filter, version: number): Listed {
  const key = JSON.stringify([filter, version])
  const [state, set] = useState<{ key: string; items: Item[]; after?: string; problem?: Problem; loading: boolean }>({ key: "", items: [], loading: true })
  const ending = useRef<AbortController | undefined>(undefined)
  const fetchFrom = (items: Item[], after: string | undefined) => {
    ending.current?.abort()
    const control = new AbortController()
    ending.current = control
    set((s) => ({ ...s, loading: true, problem: undefined }))
    api.GET("/v1/quarantine", { params: { query: { ...filter, limit: perPage, after } }, signal: control.signal }).then(answered).then(
      (page) => { if (!control.signal.aborted) set({ key, items: items.concat(page.items), after: page.next, loading: false }) },
      (fault: unknown) => {
        if (!control.signal.aborted) set((s) => ({ ...s, key, loading: false, problem: problemOf(fault) }))
      },
    )
  }
  useEffect(() => {
    fetchFrom([], undefined)
    return () => ending.current?.abort()
  }, [key])
  const { items, problem, loading, after } = state
  return { items, problem, loading, more: after !== undefined, next: () => { if (!loading && (after !== undefined || problem)) fetchFrom(items, after) } }
}
