// What a source sends, and how that differs from what it sent at first or should send.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { Badge, Button, Card, Modal, Theirs, When } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { type Column, Table } from "../../ui/table"

type Seen = Schemas["EventSchema"]
type Field = Schemas["FieldSeen"]
type Difference = Schemas["Difference"] & { event: string }

export function Schema({ name }: { name: string }) {
  const path = { source: name }
  const schema = useLoad(`schema ${name}`, (signal) => api.GET("/v1/sources/{source}/schema", { params: { path }, signal }).then(answered))
  const drift = useLoad(`drift ${name}`, (signal) => api.GET("/v1/sources/{source}/schema/drift", { params: { path }, signal }).then(answered))
  const { words } = useSpeech()
  const say = words.sources.schema
  if (schema.problem?.status === 404) return <Card title={say.title}><Empty title={say.none} /></Card>
  if (schema.problem && drift.problem && !schema.data) return <Card title={say.title}><Failure problem={schema.problem} retry={() => { schema.reload(); drift.reload() }} /></Card>
  return (
    <>
      <Card title={say.drift} flush>
        <Loaded load={drift} bones={3}>{({ events }) => {
          const all = events.flatMap((e) => e.differences.map((d) => ({ ...d, event: e.event })))
          return all.length ? <Differences all={all} /> : <Empty title={say.noDrift} />
        }}</Loaded>
      </Card>
      <Card title={say.title} flush><Loaded load={schema} bones={5}>{({ events }) => <Events events={events} />}</Loaded></Card>
    </>
  )
}

function Differences({ all }: { all: Difference[] }) {
  const { words, format } = useSpeech()
  const say = words.sources.schema
  const types = (list: string[] | undefined) => format.list(list ?? [])
  const columns: Column<Difference>[] = [
    { title: say.event, cell: (d) => <Theirs>{d.event}</Theirs>, plain: (d) => d.event },
    { title: say.field, cell: (d) => <code><Theirs>{d.path}</Theirs></code>, plain: (d) => d.path },
    { title: say.drift, plain: (d) => d.kind, cell: (d) => (
      <>{wordOf(say.kind, d.kind)}{d.before?.length ? <small class="soft"> {say.before(types(d.before), types(d.types))}</small> : d.types?.length ? <small class="soft"> {types(d.types)}</small> : null}</>
    ) },
    { title: say.count, number: true, cell: (d) => format.number(d.events), plain: (d) => d.events },
    { title: say.since, cell: (d) => <When at={d.first_seen ?? d.last_seen} />, plain: (d) => d.first_seen ?? d.last_seen },
    { title: say.example, cell: (d) => <code><Theirs>{d.example_message_id}</Theirs></code>, plain: (d) => d.example_message_id },
  ]
  return <Table label={say.drift} columns={columns} rows={all} keyOf={(_, n) => n} tall="20rem" />
}

function Events({ events }: { events: Seen[] }) {
  const { words, format } = useSpeech()
  const say = words.sources.schema
  const [chosen, choose] = useParam("event")
  const open = events.find((e) => e.event === chosen)
  const columns: Column<Seen>[] = [
    { title: say.event, plain: (e) => e.event, cell: (e) => <Button kind="plain" small onClick={() => choose(e.event)}><Theirs>{e.event}</Theirs></Button> },
    { title: say.events, number: true, cell: (e) => format.number(e.events), plain: (e) => e.events },
    { title: say.fields, number: true, cell: (e) => format.number(e.fields.length), plain: (e) => e.fields.length },
    { title: say.contract, cell: (e) => <Badge kind={e.contract ? "mark" : undefined}>{e.contract ? say.agreed : say.inferred}</Badge>, plain: (e) => (e.contract ? say.agreed : say.inferred) },
    { title: say.first, cell: (e) => <When at={e.first_seen} />, plain: (e) => e.first_seen },
    { title: say.last, cell: (e) => <When at={e.last_seen} />, plain: (e) => e.last_seen },
  ]
  return (
    <>
      <Table label={say.title} columns={columns} rows={events} keyOf={(e) => e.event} selected={chosen || undefined} tall="24rem" />
      {open && <Modal drawer title={<Theirs>{open.event}</Theirs>} onClose={() => choose("")}><Fields event={open} /></Modal>}
    </>
  )
}

function Fields({ event }: { event: Seen }) {
  const { words, format } = useSpeech()
  const say = words.sources.schema
  const columns: Column<Field>[] = [
    { title: say.field, cell: (f) => <code><Theirs>{f.path}</Theirs></code>, plain: (f) => f.path },
    { title: say.types, cell: (f) => format.list(f.types.map((t) => t.type)), plain: (f) => f.types.map((t) => t.type).join(" ") },
    { title: say.events, number: true, cell: (f) => format.percent(event.events ? f.events / event.events : null), plain: (f) => f.events },
    { title: say.first, cell: (f) => <When at={f.first_seen} />, plain: (f) => f.first_seen },
    { title: say.last, cell: (f) => <When at={f.last_seen} />, plain: (f) => f.last_seen },
  ]
  return (
    <>
      <Table label={say.fields} columns={columns} rows={event.fields} keyOf={(f) => f.path} tall="none" />
      {event.fields_beyond > 0 && <p class="soft">{say.beyond(format.number(event.fields_beyond))}</p>}
    </>
  )
}
