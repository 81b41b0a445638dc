// The open questions, page by page: a hundred come at once, the next before the reader is through with these.
import { answered, api, type Schemas } from "../../api"
import { usePages } from "../../paged"

export type Question = Schemas["ReviewQuestion"]

/** nameOf is by what a pair is known in the URL. */
export function nameOf(q: Pick<Question, "a" | "b">): string {
  return q.a + q.b
}

export function useQuestions() {
  return usePages("reviews", (cursor, signal) =>
    api.GET("/v1/identity/reviews", { params: { query: { cursor, limit: 100 } }, signal })
      .then(answered).then((page) => ({ ...page, items: page.questions, next: page.next_cursor })), nameOf)
}
