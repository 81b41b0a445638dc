// The open questions, page by page: a hundred come at once, the next before the reader is through with these.
import { useRef, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"
import { useLoad } from "../../load"

export type Question = Schemas["ReviewQuestion"]

/** Questions are those that are here, about how many there are, and how to have more. */
export interface Questions {
  load: ReturnType<typeof useLoad<Schemas["ReviewQueue"]>>
  here: Question[]
  /** more: these are not all. */
  more: boolean
  /** goOn asks for the next page, once. */
  goOn: () => void
  /** problem is why that did not come. */
  problem?: Problem
}

/** nameOf is by what a pair is known in the URL. */
export function nameOf(q: Question): string {
  return q.a + q.b
}

export function useQuestions(): Questions {
  const ask = (cursor?: string, signal?: AbortSignal) => api.GET("/v1/identity/reviews", { params: { query: { cursor, limit: 100 } }, signal }).then(answered)
  const load = useLoad("reviews", (signal) => ask(undefined, signal))
  const [later, setLater] = useState<{ questions: Question[]; cursor?: string }>()
  const [problem, setProblem] = useState<Problem>()
  const asked = useRef("")
  const cursor = later ? later.cursor : load.data?.next_cursor
  const goOn = () => {
    if (!cursor || load.loading || asked.current === cursor) return
    asked.current = cursor
    setProblem(undefined)
    ask(cursor).then(
      (page) => setLater((held) => ({ questions: [...(held?.questions ?? []), ...page.questions], cursor: page.next_cursor })),
      (fault) => {
        asked.current = ""
        setProblem(problemOf(fault))
      })
  }
  // What is asked anew may move from one page to another meanwhile: each pair is there once.
  const here = [...new Map([...(load.data?.questions ?? []), ...(later?.questions ?? [])].map((q) => [nameOf(q), q])).values()]
  return { load, here, more: !!cursor, goOn, problem }
}
