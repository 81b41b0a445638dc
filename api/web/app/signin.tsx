// The page of who is not signed in. It stands at the address that was asked for, so that whoever signs in is there; and at
// /sign-in, where a provider's answer leads to if it does not sign anybody in.
import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import { Problem, problemOf } from "./api"
import { useSpeech } from "./i18n"
import { go, href, usePlace } from "./router"
import { type Provider, providers, signIn } from "./session"
import { Field } from "./ui/parts"

const page = "/sign-in"

export function SignIn({ ended, onDone, settings }: { ended: boolean; onDone: () => void; settings: ComponentChildren }) {
  const { words } = useSpeech()
  const say = words.common.signIn
  const [key, setKey] = useState("")
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [others, setOthers] = useState<Provider[]>([])
  const { path, query } = usePlace()
  useEffect(() => void providers().then(setOthers, () => setOthers([])), []) // keys do without
  useEffect(() => { document.title = `${say.title} · Tributary` }, [say])
  const error = query.get("error") ?? ""
  const refused = path === page && isFault(say.faults, error) ? say.faults[error] : undefined
  const next = path === page ? href("/") : location.pathname + location.search
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await signIn(key.trim())
      go(next, true)
      onDone()
    } catch (fault) {
      setProblem(problemOf(fault))
    } finally {
      setBusy(false)
    }
  }
  const fault = problem && (problem.status === 0 ? words.common.states.unreachable : whatIsWrong(problem))
  return (
    <main class="signin">
      <h1>Tributary</h1>
      {ended && <p class="notice" role="status">{say.ended}</p>}
      {refused && <p class="notice" role="alert">{refused}</p>}
      <form class="card stack" onSubmit={(e) => void submit(e)}>
        <Field label={say.key} hint={say.hint} fault={fault}>
          <input type="password" name="key" autocomplete="current-password" required autofocus value={key} aria-invalid={!!problem}
            spellcheck={false} onInput={(e) => setKey(e.currentTarget.value)} />
        </Field>
        <button class="button primary" disabled={busy}>{say.submit}</button>
        {others.map((p) => <a key={p.name} class="button" href={`${p.start}?next=${encodeURIComponent(next)}`}>{say.with(p.label)}</a>)}
      </form>
      {settings}
    </main>
  )
}

/** isFault says whether a word of the address is one that the server says: not what every object has, such as __proto__. */
function isFault<T extends object>(faults: T, word: string): word is keyof T & string {
  return Object.hasOwn(faults, word)
}

/** whatIsWrong is a problem in the server's words: of the key, if it names that. */
function whatIsWrong(problem: Problem): string {
  const ofKey = problem.document.errors?.find((e) => e.field === "key")
  return [problem.title, ofKey ? `${ofKey.field} ${ofKey.reason}` : problem.detail].filter(Boolean).join(": ")
}
