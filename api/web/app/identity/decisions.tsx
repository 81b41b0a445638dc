// What was decided, the newest first, each with its way back: by all, or about one customer.
import { useState } from "preact/hooks"
import { answered, api } from "../api"
import { useSpeech, wordOf } from "../i18n"
import { usePages } from "../paged"
import { href } from "../router"
import { Paged } from "../ui/paged"
import { Badge, Button, Card, Theirs, When } from "../ui/parts"
import { Empty } from "../ui/states"
import { type Column, Table } from "../ui/table"
import { type Decision, type Proposal, useDecided } from "./decide"
import { DecisionDialog } from "./preview"

/** Decisions lists them. of is the address of a customer; without it they are everybody's. */
export function Decisions({ of, title }: { of?: string; title?: string }) {
  const { words } = useSpeech()
  const say = words.review
  const [undoing, set] = useState<Proposal>()
  const pages = usePages(`decisions ${of ?? ""}`, (cursor, signal) =>
    api.GET("/v1/identity/decisions", { params: { query: { profile: of, cursor, limit: 100 } }, signal })
      .then(answered).then((page) => ({ items: page.decisions, next: page.next_cursor })))
  useDecided(pages.load.reload)
  const columns = useColumns((d) => set({ kind: "undo", decision: d.id }), of)
  return (
    <Card flush title={title} label={title ? undefined : say.decisions}>
      <Paged pages={pages} empty={<Empty title={say.noDecisions}>{say.noDecisionsHint}</Empty>}>
        {(rows) => <Table label={title ?? say.decisions} columns={columns} rows={rows} keyOf={(d) => d.id} />}
      </Paged>
      {undoing && <DecisionDialog proposal={undoing} onClose={() => set(undefined)} />}
    </Card>
  )
}

function useColumns(onUndo: (decision: Decision) => void, of?: string): Column<Decision>[] {
  const { words, format } = useSpeech()
  const say = words.review
  const types = words.customer.types as Record<string, string>
  const whom = (d: Decision) => (d.profiles ?? []).filter((p) => `profile:${p}` !== of)
  return [
    { title: say.when, cell: (d) => <span class="customer-keep"><When at={d.at} /></span>, plain: (d) => d.at },
    { title: say.what, cell: (d) => <Badge kind={d.kind === "merge" ? "good" : d.kind === "undo" ? undefined : "warn"}>{say.titles[d.kind]}</Badge>, plain: (d) => d.kind },
    {
      title: of ? say.withWhom : say.whom, plain: (d) => (d.profiles ?? []).join(" "),
      cell: (d) => (
        <>
          {d.blocked && <><Theirs>{wordOf(types, d.blocked.type)}</Theirs> <Theirs>{d.blocked.value}</Theirs> </>}
          {!(of && d.blocked) && whom(d).map((p) => <a key={p} class="mono small" href={href("/customers/" + encodeURIComponent("profile:" + p))}>{p.slice(0, 8)} </a>)}
        </>
      ),
    },
    { title: say.bits, number: true, cell: (d) => d.bits === undefined ? "–" : format.signed(d.bits), plain: (d) => d.bits ?? "" },
    { title: say.by, cell: (d) => <Theirs>{d.by}</Theirs>, plain: (d) => d.by ?? "" },
    { title: say.note, cell: (d) => <Theirs>{d.note}</Theirs>, plain: (d) => d.note ?? "" },
    { title: <span class="unseen">{words.common.actions.undo}</span>, cell: (d) => <Button small onClick={() => onUndo(d)}>{words.common.actions.undo}</Button> },
  ]
}
