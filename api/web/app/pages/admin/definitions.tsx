// Segments and computed traits: what is declared, how many people are in it, and how far the counting is.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useMay } from "../../session"
import { Badge, Button, Card, Field, When } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { Table } from "../../ui/table"
import { tell } from "../../ui/toast"
import { flow } from "./document"
import { useSend } from "./keydialogs"
import { Members } from "./members"

type Found = Schemas["Definitions"]
interface Computed { name: string; of?: string; events?: string[]; types?: string[]; value?: string; window?: string; currency?: string }
interface Declared { computed?: Computed[]; segments?: { name: string; when?: unknown }[] }

function put(document: string, dry: boolean): Promise<Found> {
  return api.PUT("/v1/definitions", {
    params: { query: dry ? { dry_run: true } : {} }, body: document as never, headers: { "Content-Type": "application/yaml" },
    bodySerializer: (body: unknown) => body as string,
  }).then(answered)
}

export function Definitions() {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const load = useLoad("admin definitions", (signal) => api.GET("/v1/definitions", { signal }).then(answered))
  return (
    <Loaded load={load} bones={12}>
      {(found) => (
        <>
          <Segments found={found} />
          <ComputedTraits found={found} />
          <Card title={say.document} aside={found.since ? <span class="soft small">{say.since} <When at={found.since} /></span> : undefined}>
            <Editor key={found.document} document={found.document} onSaved={() => { tell(say.saved); load.reload() }} />
          </Card>
        </>
      )}
    </Loaded>
  )
}

function Segments({ found }: { found: Found }) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions
  const maySee = useMay("profiles:read")
  const [open, setOpen] = useState<string>()
  const declared = new Map(((found.parsed as Declared | null)?.segments ?? []).map((s) => [s.name, s.when]))
  return (
    <Card flush title={say.segments} aside={found.judging ? <Badge kind="warn">{say.judging}</Badge> : undefined}>
      {found.segments.length === 0 ? <Empty title={say.noSegments}>{say.noSegmentsHint}</Empty> : (
        <Table label={say.segments} rows={found.segments} keyOf={(s) => s.name} columns={[
          { title: say.name, cell: (s) => <div class="key-name"><strong>{s.name}</strong>{s.description && <small class="soft">{s.description}</small>}</div> },
          { title: say.members, number: true, cell: (s) => (maySee
            ? <Button small kind="plain" onClick={() => setOpen(s.name)}><span class="unseen">{say.membersOf(s.name)}: </span>{format.number(s.members)}</Button>
            : format.number(s.members)) },
          { title: say.standing, cell: (s) => (s.ready ? <Badge kind="good">{say.ready}</Badge> : <Badge kind="warn">{say.notReady}</Badge>) },
          { title: say.when, cell: (s) => <code class="when">{flow(declared.get(s.name) ?? null)}</code> },
        ]} />
      )}
      {open && <Members segment={open} onClose={() => setOpen(undefined)} />}
    </Card>
  )
}

function ComputedTraits({ found }: { found: Found }) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions
  const rows = (found.parsed as Declared | null)?.computed ?? []
  const pending = new Map(found.pending.map((p) => [p.computed, p.done]))
  return (
    <Card flush title={say.computed}>
      {rows.length === 0 ? <Empty title={say.noComputed}>{say.noComputedHint}</Empty> : (
        <Table label={say.computed} rows={rows} keyOf={(c) => c.name} columns={[
          { title: say.name, cell: (c) => <strong>{c.name}</strong> },
          { title: say.of, cell: (c) => <>{c.of}{c.value && <> <code>{c.value}</code></>}{c.currency && <> {c.currency}</>}</> },
          { title: say.events, cell: (c) => [...(c.events ?? []), ...(c.types ?? [])].join(", ") || "–" },
          { title: say.window, cell: (c) => c.window || say.allTime },
          { title: say.standing, cell: (c) => {
            const done = pending.get(c.name)
            return done === undefined ? <Badge kind="good">{say.ready}</Badge> : <span class="row tight"><progress value={done} max={1} aria-label={say.history(c.name)} /><span class="soft small">{format.percent(done, 0)}</span></span>
          } },
        ]} />
      )}
    </Card>
  )
}

function Editor({ document, onSaved }: { document: string; onSaved: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const [text, setText] = useState(document)
  const [good, setGood] = useState(false)
  const { sending, problem, send, clear } = useSend()
  return (
    <div class="stack">
      <Field label={say.document} hint={say.documentHint}>
        <textarea class="document" rows={20} spellcheck={false} value={text} aria-invalid={!!problem} onInput={(e) => { setText(e.currentTarget.value); setGood(false); clear() }} />
      </Field>
      {problem && <Notice problem={problem} />}
      {good && <p class="notice good" role="status">{say.valid}</p>}
      <div class="row">
        <Button disabled={sending} onClick={() => send(async () => { await put(text, true); setGood(true) })}>{words.admin.check}</Button>
        <Button kind="primary" disabled={sending || text === document} onClick={() => send(async () => { await put(text, false); onSaved() })}>{words.common.actions.save}</Button>
        {text !== document && <Button onClick={() => { setText(document); setGood(false); clear() }}>{words.common.actions.reset}</Button>}
      </div>
    </div>
  )
}
