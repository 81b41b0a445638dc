// Who is signed in. The key itself is in a cookie that no script reads; the server says what it allows.
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import { Problem } from "./api"

export interface Session {
  workspace: string
  kind: string
  scopes: string[]
  purpose?: string
  reader?: string
  expires?: string
}

/** Provider is a way to sign in with an account elsewhere (OpenID Connect). */
export interface Provider { name: string; label: string; start: string }

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  const answer = await fetch(path, {
    method, credentials: "same-origin",
    headers: body === undefined ? undefined : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => { throw new Problem(0, "", "", "") })
  if (answer.ok) return answer
  const document = await answer.json().catch(() => ({}))
  throw new Problem(answer.status, document.title ?? answer.statusText, document.detail ?? "", answer.headers.get("X-Request-Id") ?? "", document)
}

/** whoAmI is the session, or undefined when nobody is signed in. */
export async function whoAmI(): Promise<Session | undefined> {
  try {
    return await (await call("GET", "/v1/session")).json()
  } catch (fault) {
    if (fault instanceof Problem && fault.status === 401) return undefined
    throw fault
  }
}

export async function signIn(key: string): Promise<void> {
  await call("POST", "/v1/session", { key })
}

/** others are the windows of the same browser: who signs out in one has signed out in all. */
const others = new BroadcastChannel("tributary.session")

export async function signOut(): Promise<void> {
  await call("DELETE", "/v1/session")
  others.postMessage("out")
}

/** onSignedOutElsewhere calls back when another window signs out. */
export function onSignedOutElsewhere(listener: () => void): () => void {
  others.addEventListener("message", listener)
  return () => others.removeEventListener("message", listener)
}

/** whenOver calls back once the session is over, so that nobody reads on a page that was left. */
export function whenOver(expires: string | undefined, listener: () => void): () => void {
  if (!expires) return () => {}
  const timer = setInterval(() => { if (Date.now() >= Date.parse(expires)) listener() }, 10_000)
  return () => clearInterval(timer)
}

export async function providers(): Promise<Provider[]> {
  const answer = await (await call("GET", "/v1/session/providers")).json()
  return answer.sign_in.oidc
}

export const SessionContext = createContext<Session>({ workspace: "", kind: "", scopes: [] })

/** useSession is who is signed in. */
export function useSession(): Session {
  return useContext(SessionContext)
}

/** useMay says whether the key has a scope: what it does not allow is not offered. */
export function useMay(scope: string): boolean {
  return useSession().scopes.includes(scope)
}
