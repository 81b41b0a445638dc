// What a connector, or a mapping that somebody writes, makes of a payload. Nothing is kept on the server.
import { useRef, useState } from "preact/hooks"
import { answered, api, Problem, type Schemas, unreachable } from "../../api"
import { useSpeech } from "../../i18n"
import { useMay } from "../../session"
import { Button, Card, Field, Theirs } from "../../ui/parts"
import { Notice } from "../../ui/states"
import { Described, NameField, validName } from "./add"

type Result = Schemas["TrialResult"]
type Fault = Schemas["TrialFault"]

const example = `version: 1
name: helpdesk
title: Help desk
summary: Tickets of our help desk.
docs: [https://example.com/webhooks]
settings:
  - {name: webhook_secret, kind: secret, summary: The signing secret.}
webhook:
  signature:
    hmac: {secret: webhook_secret, header: X-Signature}
  mapping: ticket
mappings:
  ticket:
    id: .id
    at: .created_at
    identifiers: {email: .from}
    cx: {case_id: .id, topic: .subject}
    events:
      - name: case.opened
`
const sample = `{"id": "t-1", "created_at": "2026-03-01T10:00:00Z", "from": "ada@example.com", "subject": "Refund"}`

/** Trial tries a connector of the program, or without one a mapping, which is written here too. */
export function Trial({ connector, source }: { connector?: string; source?: string }) {
  const { words } = useSpeech()
  const say = words.sources.add
  const may = useMay("admin")
  const [name, setName] = useState("")
  const [mapping, setMapping] = useState(example)
  const [payload, setPayload] = useState(connector ? "" : sample)
  const [stream, setStream] = useState("")
  const [result, setResult] = useState<Result>()
  const [problem, setProblem] = useState<Problem>()
  const [sending, setSending] = useState(false)
  const boxes = { mapping: useRef<HTMLTextAreaElement>(null), payload: useRef<HTMLTextAreaElement>(null) }

  const run = (e: Event) => {
    e.preventDefault()
    setProblem(undefined)
    setSending(true)
    const named = source ?? (validName.test(name) ? name : undefined)
    const body: Schemas["Trial"] = connector ? { connector, payload, source: named } : { mapping, payload, source: named, stream: stream || undefined }
    api.POST("/v1/connectors/try", { body }).then(answered)
      .then(setResult, (f: unknown) => { setResult(undefined); setProblem(f instanceof Problem ? f : unreachable()) })
      .finally(() => setSending(false))
  }
  const goTo = (f: Fault) => {
    const box = f.in === "mapping" ? boxes.mapping.current : boxes.payload.current
    if (!box || !f.line) return
    const at = box.value.split("\n").slice(0, f.line - 1).reduce((sum, line) => sum + line.length + 1, 0)
    box.focus()
    box.setSelectionRange(at + (f.column ?? 1) - 1, at + (box.value.split("\n")[f.line - 1]?.length ?? 0))
  }
  const wrong = (where: Fault["in"]) => result?.faults.some((f) => f.in === where) ?? false
  return (
    <>
      <Card title={say.try} aside={<span class="soft small">{say.tryHint}</span>}>
        <form class="stack" onSubmit={run}>
          {!connector && <div class="grid form"><NameField name={name} onChange={setName} />
            <Field label={say.stream} hint={say.streamHint}><input value={stream} autocomplete="off" spellcheck={false} onInput={(e) => setStream(e.currentTarget.value)} /></Field></div>}
          <div class={connector ? "stack" : "grid pair"}>
            {!connector && <Field label={say.mapping}>
              <textarea ref={boxes.mapping} rows={20} wrap="off" spellcheck={false} value={mapping} aria-invalid={wrong("mapping")} onInput={(e) => setMapping(e.currentTarget.value)} />
            </Field>}
            <Field label={say.payload}>
              <textarea ref={boxes.payload} rows={connector ? 8 : 20} spellcheck={false} value={payload} aria-invalid={wrong("payload")} onInput={(e) => setPayload(e.currentTarget.value)} />
            </Field>
          </div>
          {problem && <Notice problem={problem} />}
          {!may && <p class="notice">{say.needsAdminTry}</p>}
          <div class="row"><Button type="submit" kind="primary" disabled={!may || sending || payload.trim() === ""}>{say.run}</Button></div>
        </form>
        {result && <Outcome result={result} goTo={goTo} />}
      </Card>
      {!connector && result?.connector && result.faults.length === 0 && <Card title={result.connector.title}><Described connector={result.connector} file /></Card>}
    </>
  )
}

function Outcome({ result: r, goTo }: { result: Result; goTo: (f: Fault) => void }) {
  const { words, format } = useSpeech()
  const say = words.sources.add
  const nothing = !r.events.length && !r.rejected.length && !r.faults.length
  return (
    <div class="stack outcome" role="status">
      {r.faults.length > 0 && (
        <section class="stack tight" aria-label={say.faults(format.number(r.faults.length), r.faults.length)}>
          <h3 class="bad">{say.faults(format.number(r.faults.length), r.faults.length)}</h3>
          <ul class="faults">{r.faults.map((f, n) => (
            <li key={n}>
              {f.line ? <Button kind="plain" small onClick={() => goTo(f)}>{say.in[f.in]}, {say.at(format.number(f.line), format.number(f.column ?? 1))}</Button> : <span class="soft">{say.in[f.in]}</span>}
              {f.path && <code><Theirs>{f.path}</Theirs></code>} <Theirs>{f.reason}</Theirs>
            </li>
          ))}</ul>
        </section>
      )}
      {nothing && <p class="warn">{say.makesNone}</p>}
      {r.events.length > 0 && <section class="stack tight"><h3 class="good">{say.makesEvents(format.number(r.events.length), r.events.length)}</h3>{r.events.map((e, n) => <Made key={n} value={e} />)}</section>}
      {r.rejected.length > 0 && (
        <section class="stack tight">
          <h3 class="warn">{say.rejected(format.number(r.rejected.length), r.rejected.length)}</h3>
          {r.rejected.map((p, n) => <div key={n} class="stack tight"><span><code><Theirs>{p.field}</Theirs></code> <Theirs>{p.reason}</Theirs></span><Made value={p.payload} /></div>)}
        </section>
      )}
    </div>
  )
}

function Made({ value }: { value: unknown }) {
  return <blockquote class="theirs mono" tabIndex={0}>{JSON.stringify(value, null, 2)}</blockquote>
}
