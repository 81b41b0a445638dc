// The page of who is not signed in.
import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import { Problem } from "./api"
import { useSpeech } from "./i18n"
import { type Provider, providers, signIn } from "./session"
import { Field } from "./ui/parts"

export function SignIn({ ended, onDone, settings }: { ended: boolean; onDone: () => void; settings: ComponentChildren }) {
  const { words } = useSpeech()
  const say = words.common.signIn
  const [key, setKey] = useState("")
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [others, setOthers] = useState<Provider[]>([])
  useEffect(() => void providers().then(setOthers, () => setOthers([])), [])
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await signIn(key.trim())
      onDone()
    } catch (fault) {
      setProblem(fault instanceof Problem ? fault : new Problem(0, "", "", ""))
    } finally {
      setBusy(false)
    }
  }
  const fault = problem && (problem.status === 0 ? words.common.states.unreachable : [problem.title, problem.detail].filter(Boolean).join(": "))
  return (
    <main class="signin">
      <h1>Tributary</h1>
      {ended && <p class="notice" role="status">{say.ended}</p>}
      <form class="card stack" onSubmit={(e) => void submit(e)}>
        <Field label={say.key} hint={say.hint} fault={fault}>
          <input type="password" name="key" autocomplete="current-password" required autofocus value={key} aria-invalid={!!problem}
            spellcheck={false} onInput={(e) => setKey(e.currentTarget.value)} />
        </Field>
        <button class="button primary" disabled={busy}>{say.submit}</button>
        {others.map((p) => <a key={p.name} class="button" href={`${p.start}?to=${encodeURIComponent(location.pathname + location.search)}`}>{say.with(p.name)}</a>)}
      </form>
      {settings}
    </main>
  )
}
