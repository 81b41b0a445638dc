// The golden record: what survived under each name, from whom, by which rule and when; and every value that it ever had.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { usePages } from "../../paged"
import { Paged } from "../../ui/paged"
import { Badge, Button, Card, Modal, Theirs, When } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { type Column, Table } from "../../ui/table"
import type { Known } from "./customer"

type Trait = Schemas["Trait"] & { name: string; kind: "attribute" | "trait" }

export function Record({ known, address }: { known: Known; address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.record
  const [open, setOpen] = useState<string>()
  const rules = say.rules
  const types = words.customer.types
  const list = (kind: Trait["kind"], all: Known["traits"] | undefined) => Object.entries(all ?? {}).map(([name, t]) => ({ ...t, name, kind }))
  const rows: Trait[] = [...list("attribute", known.attributes), ...list("trait", known.traits)]
  const columns: Column<Trait>[] = [
    { title: say.name, cell: (t) => <span class="customer-keep"><Theirs>{wordOf(types, t.name)}</Theirs></span>, plain: (t) => t.name },
    { title: say.value, cell: (t) => <strong class="value"><Theirs>{written(t.value)}</Theirs></strong>, plain: (t) => written(t.value) },
    { title: say.from, cell: (t) => <span class="small customer-keep"><Theirs>{t.source}</Theirs><br /><span class="soft">{wordOf(rules, t.rule)} · <When at={t.at} /></span></span>, plain: (t) => t.source },
    { title: "", cell: (t) => <Button small kind="plain" onClick={() => setOpen(t.name)}>{t.others > 0 ? say.differ(format.number(t.others)) : say.history}</Button> },
  ]
  return (
    <div class="stack">
      <Card flush title={say.title} aside={known.traits_total > Object.keys(known.traits ?? {}).length ? <span class="small soft">{say.cut(format.number(known.traits_total))}</span> : undefined}>
        {rows.length ? <div class="customer-traits"><Table label={say.title} columns={columns} rows={rows} keyOf={(t) => t.kind + t.name} tall="34rem" /></div> : <Empty title={say.none}>{say.noneHint}</Empty>}
      </Card>
      <Identifiers known={known} />
      {open !== undefined && <History address={address} name={open} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

/** written is a value of JSON as a line. */
export function written(value: unknown): string {
  return value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value)
}

type Identifier = Schemas["Identifier"]

function Identifiers({ known }: { known: Known }) {
  const { words, format } = useSpeech()
  const say = words.customer.record
  const types = words.customer.types
  const rows = known.identifiers ?? []
  const columns: Column<Identifier>[] = [
    { title: say.type, cell: (i) => <span class="customer-keep"><Theirs>{wordOf(types, i.type)}</Theirs></span>, plain: (i) => i.type },
    { title: say.value, cell: (i) => <><span class="held"><Theirs>{i.value ?? "–"}</Theirs></span> {i.shared && <Badge kind="warn">{say.shared[i.shared]}</Badge>}</>, plain: (i) => i.value },
    { title: say.saidBy, cell: (i) => <span class="small">{format.list(i.sources ?? [])}</span>, plain: (i) => (i.sources ?? []).join(" ") },
    { title: say.observations, number: true, cell: (i) => format.number(i.observations), plain: (i) => i.observations },
  ]
  return (
    <Card flush title={say.identifiers} aside={known.identifiers_total > rows.length ? <span class="small soft">{say.cut(format.number(known.identifiers_total))}</span> : undefined}>
      {rows.length ? <div class="customer-identified"><Table label={say.identifiers} columns={columns} rows={rows} keyOf={(i) => i.type + i.value} tall="22rem" /></div> : <Empty title={say.noIdentifiers} />}
    </Card>
  )
}

/** History is every value that a name ever had, newest first, with which of them survives. */
function History({ address, name, onClose }: { address: string; name: string; onClose: () => void }) {
  const { words } = useSpeech()
  const say = words.customer.record
  const pages = usePages(`history ${address} ${name}`, (cursor, signal) =>
    api.GET("/v1/profiles/{address}/traits/{name}/history", { params: { path: { address, name }, query: { cursor, limit: 50 } }, signal })
      .then(answered).then((page) => ({ items: page.assertions, next: page.next_cursor, rule: page.rule })))
  return (
    <Modal drawer title={<>{say.historyOf} <Theirs>{name}</Theirs></>} onClose={onClose}>
      <Paged pages={pages} empty={<Empty />}>{(rows, { rule }) => (
        <>
          <p class="small soft">{say.ruleHint(wordOf(say.rules, rule))}</p>
          <ol class="history">
            {rows.map((a, n) => (
              <li key={n} class={a.survives ? "survives" : undefined}>
                <strong class="value">{a.kind === "deletion" ? say.deleted : a.value === null ? say.takenBack : <Theirs>{written(a.value)}</Theirs>}</strong> {a.survives && <Badge kind="good">{say.survives}</Badge>}
                <span class="small soft"><Theirs>{a.source}</Theirs> · <When at={a.at} exact />{a.record_id && <> · <Theirs>{a.record_id}</Theirs></>}</span>
              </li>
            ))}
          </ol>
        </>
      )}</Paged>
    </Modal>
  )
}
