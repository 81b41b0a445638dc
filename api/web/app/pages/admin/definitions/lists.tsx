// The segments and computed traits that the draft declares, with what is known of those that are in force.
import { useState } from "preact/hooks"
import { Members } from "../members"
import { useSpeech, wordOf } from "../../../i18n"
import { href, setParams } from "../../../router"
import { useMay } from "../../../session"
import { Badge, Button, Card, Theirs, When } from "../../../ui/parts"
import { Empty } from "../../../ui/states"
import { Table } from "../../../ui/table"
import type { Drafting } from "./draft"
import { type Doc, newName, same, type Segment, type Trait, usedBy, usersOf } from "./model"
import { Remove } from "./remove"
import { said } from "./said"

const here = "/admin/definitions"

export function Lists({ drafting }: { drafting: Drafting }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const { draft, change } = drafting
  const doc = draft.doc!
  const beside = Object.keys(doc).filter((name) => name !== "segments" && name !== "computed")
  const addSegment = () => {
    const name = newName("new-segment", doc.segments ?? [], "-")
    change({ ...doc, segments: [...(doc.segments ?? []), { name, when: { all: [{ trait: "" }] } }] })
    setParams({ segment: name })
  }
  const addTrait = () => {
    const name = newName("new_trait", doc.computed ?? [], "_")
    change({ ...doc, computed: [...(doc.computed ?? []), { name, of: "count", window: "30d" }] })
    setParams({ trait: name })
  }
  return (
    <>
      <Card flush title={say.segments} aside={<Button onClick={addSegment}>{say.form.addSegment}</Button>}>
        {doc.segments?.length ? <Segments drafting={drafting} doc={doc} rows={doc.segments} /> : <Empty title={say.noSegments}>{say.noSegmentsHint}</Empty>}
      </Card>
      <Card flush title={say.computed} aside={<Button onClick={addTrait}>{say.form.addTrait}</Button>}>
        {doc.computed?.length ? <Traits drafting={drafting} doc={doc} rows={doc.computed} /> : <Empty title={say.noComputed}>{say.noComputedHint}</Empty>}
      </Card>
      {beside.length > 0 && <p class="soft small">{say.form.beside(beside.join(", "))} <a href={href(here, { as: "document" })}>{say.document}</a></p>}
    </>
  )
}

/** Standing is how a definition differs from what is in force. */
function Standing({ drafting, part, value }: { drafting: Drafting; part: "segments" | "computed"; value: Segment | Trait }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const { base, doc, faults } = drafting.draft
  const list: (Segment | Trait)[] = (base.parsed as Doc | null)?.[part] ?? []
  const was = list.find((o) => o.name === value.name)
  const at = `${part}[${(doc![part] as object[]).indexOf(value)}]`
  if (faults.some((f) => f.field.startsWith(at))) return <Badge kind="bad">{say.form.faulty}</Badge>
  if (!was) return <Badge kind="mark">{say.form.isNew}</Badge>
  if (!same(was, value)) return <Badge kind="mark">{say.form.isChanged}</Badge>
  return null
}

/** Names are names of definitions, none of them broken. */
function Names({ all }: { all: string[] }) {
  return <>{all.length ? all.map((name) => <div key={name} class="keep">{name}</div>) : "–"}</>
}

interface ListProps<T> { drafting: Drafting; doc: Doc; rows: T[] }

function Segments({ drafting, doc, rows }: ListProps<Segment>) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions
  const maySee = useMay("profiles:read")
  const [open, setOpen] = useState<string>()
  const [removing, setRemoving] = useState<Segment>()
  const { base } = drafting.draft
  const inForce = new Map(base.segments.map((s) => [s.name, s]))
  return (
    <>
      <Table label={say.segments} rows={rows} keyOf={(s, n) => s.name + n} columns={[
        { title: say.name, cell: (s) => <div class="key-name"><a href={href(here, { segment: s.name })}><strong>{s.name}</strong></a>{s.description && <small class="soft"><Theirs>{s.description}</Theirs></small>}</div> },
        { title: say.members, number: true, cell: (s) => {
          const found = inForce.get(s.name)
          return !found ? "–" : maySee
            ? <Button small kind="plain" onClick={() => setOpen(s.name)}><span class="unseen">{say.membersOf(s.name)}: </span>{format.number(found.members)}</Button>
            : format.number(found.members)
        } },
        { title: say.standing, cell: (s) => {
          const found = inForce.get(s.name)
          return <div class="key-name"><span class="row">{found && (found.ready ? <Badge kind="good">{say.ready}</Badge> : <Badge kind="warn">{say.notReady}</Badge>)}<Standing drafting={drafting} part="segments" value={s} /></span>
            {found && <small class="soft keep">{say.form.asOf} <When at={base.as_of} /></small>}</div>
        } },
        { title: say.when, cell: (s) => <span class="when"><Theirs>{said(s.when, say.form)}</Theirs></span> },
        { title: say.form.uses, cell: (s) => <Names all={usedBy(s)} /> },
        { title: say.form.usedBy, cell: (s) => <Names all={usersOf(doc, "segment", s.name)} /> },
        { title: <span class="unseen">{words.admin.keys.actions}</span>, cell: (s) => <Button small kind="plain" aria-label={say.form.removeOf(s.name)} onClick={() => setRemoving(s)}>{words.common.actions.remove}</Button> },
      ]} />
      {open && <Members segment={open} onClose={() => setOpen(undefined)} />}
      {removing && <Remove drafting={drafting} part="segments" value={removing} onClose={() => setRemoving(undefined)} />}
    </>
  )
}

function Traits({ drafting, doc, rows }: ListProps<Trait>) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions
  const [removing, setRemoving] = useState<Trait>()
  const { base } = drafting.draft
  const inForce = new Set(((base.parsed as Doc | null)?.computed ?? []).map((t) => t.name))
  const pending = new Map(base.pending.map((p) => [p.computed, p.done]))
  return (
    <>
      <Table label={say.computed} rows={rows} keyOf={(t, n) => t.name + n} columns={[
        { title: say.name, cell: (t) => <a href={href(here, { trait: t.name })}><strong>{t.name}</strong></a> },
        { title: say.of, cell: (t) => <>{wordOf(say.form.functions, t.of)}{t.value && <> <code>{t.value}</code></>}{t.currency && <> {t.currency}</>}</> },
        { title: say.events, cell: (t) => [...(t.events ?? []), ...(t.types ?? []), ...(t.channels ?? []), ...(t.sources ?? [])].map((n, i) => <>{i > 0 && ", "}<Theirs>{n}</Theirs></>) },
        { title: say.window, cell: (t) => t.window || say.allTime },
        { title: say.standing, cell: (t) => {
          const done = pending.get(t.name)
          return <span class="row">{!inForce.has(t.name) ? null : done === undefined ? <Badge kind="good">{say.ready}</Badge>
            : <><progress value={done} max={1} aria-label={say.history(t.name)} /><span class="soft small">{format.percent(done, 0)}</span></>}<Standing drafting={drafting} part="computed" value={t} /></span>
        } },
        { title: say.form.usedBy, cell: (t) => <Names all={usersOf(doc, "computed", t.name)} /> },
        { title: <span class="unseen">{words.admin.keys.actions}</span>, cell: (t) => <Button small kind="plain" aria-label={say.form.removeOf(t.name)} onClick={() => setRemoving(t)}>{words.common.actions.remove}</Button> },
      ]} />
      {removing && <Remove drafting={drafting} part="computed" value={removing} onClose={() => setRemoving(undefined)} />}
    </>
  )
}
