// Requests to the REST API, typed by its own document (schema.d.ts is made of api/openapi.yaml by the build).
import createClient, { type Middleware } from "openapi-fetch"
import type { components, paths } from "./schema"

export type Schemas = components["schemas"]

/** Problem is an answer that tells of a failure (RFC 9457), or that there was none. */
export class Problem extends Error {
  constructor(
    /** status is that of HTTP; 0: nobody answered. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string,
    /** document has what the kind of problem says besides. */
    readonly document: Partial<Schemas["Problem"]> = {},
  ) {
    super(title)
  }
}

/** unreachable is the Problem of a server that nobody could ask. */
export function unreachable(): Problem {
  return new Problem(0, "", "", "")
}

/** problemOf is what is told of a call that failed, whatever was thrown. */
export function problemOf(fault: unknown): Problem {
  return fault instanceof Problem ? fault : unreachable()
}

const listeners = new Set<() => void>()

/** onSignedOut calls back when an answer says that nobody is signed in any more. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

const telling: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return
    const document = await response.clone().json().catch(() => ({})) as Partial<Schemas["Problem"]>
    if (response.status === 401 && schemaPath !== "/v1/session") for (const listener of listeners) listener()
    throw new Problem(
      response.status, document.title ?? response.statusText, document.detail ?? "",
      response.headers.get("X-Request-Id") ?? "", document,
    )
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return error
    return unreachable()
  },
}

/**
 * api sends requests with the session's cookie. A call that fails throws a Problem. A browser sends six at a time, and a
 * page of reports asks for more: who signs out (session.tsx) is not to wait for those.
 */
export const api = createClient<paths>({ credentials: "same-origin", fetch: (request) => fetch(request, { priority: "low" }) })
api.use(telling)

/** answered is the body of a call: api.GET(…).then(answered). */
export function answered<T>(result: { data?: T }): T {
  return result.data as T
}

/** onceKey is an Idempotency-Key for a write: kept by who sends it, so that trying again does it once. */
export function onceKey(): string {
  return crypto.randomUUID()
}
