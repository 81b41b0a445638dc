// One item of the quarantine: why it was put aside, its payload as far as the policy shows it, and what can be done.
import { useState } from "preact/hooks"
import { answered, api, Problem, type Schemas, unreachable } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useMay } from "../../session"
import { Badge, Button, CopyButton, Field, Modal, Theirs, When } from "../../ui/parts"
import { Loaded, Notice } from "../../ui/states"
import { type Column, Table } from "../../ui/table"
import { tell } from "../../ui/toast"
import { Changing, type Target } from "./change"

type Item = Schemas["QuarantinedItem"] & Schemas["Reading"]
type Value = Schemas["QuarantinedValue"]

export function ItemDrawer({ place, onClose, changed }: { place: string; onClose: () => void; changed: () => void }) {
  const { words } = useSpeech()
  const load = useLoad(`item ${place}`, (signal) => api.GET("/v1/quarantine/items/{place}", { params: { path: { place } }, signal }).then(answered))
  return (
    <Modal drawer title={words.sources.item.title(place)} onClose={onClose}>
      <Loaded load={load} bones={10}>{(item) => <Body item={item} changed={() => { load.reload(); changed() }} />}</Loaded>
    </Modal>
  )
}

function Body({ item, changed }: { item: Item; changed: () => void }) {
  const { words } = useSpeech()
  const say = words.sources.item
  const labels = words.sources.quarantine
  const may = useMay("admin")
  const [target, setTarget] = useState<Target>()
  const [correcting, correct] = useState(false)
  const open = item.status === "open"
  const step = (s: Target["step"]) => setTarget({ step: s, places: [item.place], count: 1 })
  return (
    <>
      <dl class="facts">
        <dt>{labels.status}</dt><dd><Badge kind={open ? "warn" : undefined}>{labels.statuses[item.status]}</Badge></dd>
        <dt>{labels.reason}</dt><dd><Theirs>{item.reason}</Theirs></dd>
        {item.field && <><dt>{labels.field}</dt><dd><code><Theirs>{item.field}</Theirs></code></dd></>}
        <dt>{labels.source}</dt><dd><Theirs>{item.source}</Theirs></dd>
        <dt>{labels.stage}</dt><dd>{item.stage}</dd>
        <dt>{labels.received}</dt><dd><When at={item.received_at} exact /></dd>
        {item.message_id && <><dt>{say.messageId}</dt><dd><code><Theirs>{item.message_id}</Theirs></code></dd></>}
        {item.detail && <><dt>{say.detail}</dt><dd><Theirs>{item.detail}</Theirs></dd></>}
      </dl>
      {open && (
        <div class="row">
          {item.replayable && <Button kind="primary" onClick={() => step("rehearse")}>{labels.rehearse}</Button>}
          {item.kind !== "command" && <Button disabled={!may} title={may ? undefined : labels.adminOnly} aria-expanded={correcting} onClick={() => correct(!correcting)}>{say.correct}</Button>}
          <Button kind="danger" disabled={!may} title={may ? undefined : labels.adminOnly} onClick={() => step("discard")}>{labels.discard}</Button>
        </div>
      )}
      {open && !item.replayable && item.kind === "rejected" && <p class="soft">{say.notReplayable}</p>}
      {correcting && <Correction item={item} done={() => { correct(false); changed() }} />}
      <Payload item={item} />
      {target && <Changing target={target} onClose={() => setTarget(undefined)} onDone={() => { setTarget(undefined); changed() }} />}
    </>
  )
}

function Payload({ item }: { item: Item }) {
  const { words, format } = useSpeech()
  const say = words.sources.item
  const { payload } = item
  if (!payload.bytes) return <section class="stack tight"><h3>{say.payload}</h3><p class="soft">{say.gone}</p></section>
  const columns: Column<Value>[] = [
    { title: say.path, cell: (v) => <code><Theirs>{v.path || "."}</Theirs></code>, plain: (v) => v.path },
    { title: say.type, plain: (v) => v.type, cell: (v) => (
      <>{say.types[v.type]}{v.form && <small class="soft"> {say.forms[v.form]}</small>}{!v.form && v.size !== undefined && <small class="soft"> {say.characters(format.number(v.size), v.size)}</small>}</>
    ) },
    { title: say.value, cell: (v) => <Shown value={v} /> },
  ]
  return (
    <section class="stack tight" aria-label={say.payload}>
      <div class="row apart"><h3>{say.payload}</h3><small class="soft">{say.bytes(format.number(payload.bytes))} · {say.recorded}</small></div>
      {!payload.whole && <p class="soft small">{say.masked(item.purpose)}</p>}
      <Table label={say.payload} columns={columns} rows={payload.values} keyOf={(_, n) => n} tall="none" />
      {payload.beyond > 0 && <p class="soft">{say.beyond(format.number(payload.beyond))}</p>}
      {payload.text !== undefined && <>
        <div class="row apart"><h3>{say.whole}</h3><CopyButton text={payload.text} /></div>
        <blockquote class="theirs mono" tabIndex={0}>{pretty(payload.text)}</blockquote>
      </>}
    </section>
  )
}

/** Shown is a value as the policy shows it. */
function Shown({ value }: { value: Value }) {
  const { words } = useSpeech()
  const said = value.shown?.value
  if (said === undefined) return ["text", "number", "boolean"].includes(value.type) ? <span class="soft">{words.sources.item.hidden}</span> : null
  return <Theirs>{typeof said === "string" ? said : JSON.stringify(said)}</Theirs>
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function Correction({ item, done }: { item: Item; done: () => void }) {
  const { words } = useSpeech()
  const say = words.sources.item
  const [text, setText] = useState(item.payload.text ? pretty(item.payload.text) : "{\n  \"type\": \"track\",\n  \"event\": \"\",\n  \"userId\": \"\"\n}")
  const [fault, setFault] = useState("")
  const [problem, setProblem] = useState<Problem>()
  const [sending, setSending] = useState(false)
  const send = (e: Event) => {
    e.preventDefault()
    let value: Record<string, never>
    try {
      value = JSON.parse(text)
    } catch {
      setFault(say.notJSON)
      return
    }
    setFault("")
    setProblem(undefined)
    setSending(true)
    api.POST("/v1/quarantine/items/{place}/correct", { params: { path: { place: item.place } }, body: { with: value } }).then(answered).then(
      (now) => { tell(now.status === "open" ? say.stays(now.reason) : say.corrected); done() },
      (f: unknown) => setProblem(f instanceof Problem ? f : unreachable()),
    ).finally(() => setSending(false))
  }
  return (
    <form class="stack tight" onSubmit={send}>
      <Field label={say.correct} hint={say.correctHint} fault={fault}>
        <textarea rows={12} spellcheck={false} value={text} aria-invalid={fault !== ""} onInput={(e) => setText(e.currentTarget.value)} />
      </Field>
      {problem && <Notice problem={problem} />}
      <div class="row"><Button type="submit" kind="primary" disabled={sending}>{say.correctDo}</Button></div>
    </form>
  )
}
