// Who is signed in. The key itself is in a cookie that no script reads; the server says what it allows.
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import { answered, api, Problem, type Schemas } from "./api"

export type Session = Schemas["Session"]

/** Provider is a way to sign in with an account elsewhere (OpenID Connect). */
export type Provider = Schemas["SignInProviders"]["sign_in"]["oidc"][number]

/** atOnce sends before the reports that a page waits for. */
const atOnce = { fetch: (request: Request) => fetch(request) }

/** whoAmI is the session, or undefined when nobody is signed in. */
export async function whoAmI(): Promise<Session | undefined> {
  try {
    return await api.GET("/v1/session", atOnce).then(answered)
  } catch (fault) {
    if (fault instanceof Problem && fault.status === 401) return undefined
    throw fault
  }
}

export async function signIn(key: string): Promise<void> {
  await api.POST("/v1/session", { body: { key }, ...atOnce })
}

/** others are the windows of the same browser: who signs out in one has signed out in all. */
const others = new BroadcastChannel("tributary.session")

export async function signOut(): Promise<void> {
  await api.DELETE("/v1/session", atOnce)
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
  return (await api.GET("/v1/session/providers", atOnce).then(answered)).sign_in.oidc
}

export const SessionContext = createContext<Session>({ workspace: "", kind: "read", scopes: [], actor: "", sign_in: { oidc: [] } })

/** useSession is who is signed in. */
export function useSession(): Session {
  return useContext(SessionContext)
}

/** useMay says whether the key has a scope: what it does not allow is not offered. */
export function useMay(scope: string): boolean {
  return useSession().scopes.includes(scope)
}
