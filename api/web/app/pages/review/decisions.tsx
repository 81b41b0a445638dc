// What was decided, the newest first, each with its way back.
import { useState } from "preact/hooks"
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import type { Decision, Proposal } from "../../identity/decide"
import { DecisionDialog } from "../../identity/preview"
import { useLoad } from "../../load"
import { href } from "../../router"
import { Badge, Button, Card, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { type Column, Table } from "../../ui/table"

export function Decisions() {
  const { words, format } = useSpeech()
  const say = words.review
  const [undoing, set] = useState<Proposal>()
  const load = useLoad("decisions", (signal) => api.GET("/v1/identity/decisions", { params: { query: { limit: 500 } }, signal }).then(answered))
  const columns: Column<Decision>[] = [
    { title: say.when, cell: (d) => <When at={d.at} />, plain: (d) => d.at },
    { title: say.what, cell: (d) => <Badge kind={d.kind === "merge" ? "good" : d.kind === "undo" ? undefined : "warn"}>{say.titles[d.kind]}</Badge>, plain: (d) => d.kind },
    { title: say.whom, cell: (d) => <>{d.blocked && <Theirs>{`${d.blocked.type} ${d.blocked.value}`}</Theirs>}{(d.profiles ?? []).map((p) => <a key={p} class="mono small" href={href("/customers/" + encodeURIComponent("profile:" + p))}>{p.slice(0, 8)} </a>)}</>, plain: (d) => (d.profiles ?? []).join(" ") },
    { title: say.bits, number: true, cell: (d) => d.bits === undefined ? "–" : format.signed(d.bits), plain: (d) => d.bits ?? "" },
    { title: say.by, cell: (d) => <Theirs>{d.by}</Theirs>, plain: (d) => d.by ?? "" },
    { title: say.note, cell: (d) => <Theirs>{d.note}</Theirs>, plain: (d) => d.note ?? "" },
    { title: words.common.actions.undo, cell: (d) => <Button small onClick={() => set({ kind: "undo", decision: d.id })}>{words.common.actions.undo}</Button>, plain: () => "" },
  ]
  return (
    <Loaded load={load}>
      {(page) => (
        <>
          {page.decisions.length === 0 ? <Card><Empty title={say.noDecisions}>{say.noDecisionsHint}</Empty></Card>
            : <Card flush><Table label={say.decisions} columns={columns} rows={page.decisions} keyOf={(d) => d.id} /></Card>}
          {undoing && <DecisionDialog proposal={undoing} onClose={() => set(undefined)} onDone={load.reload} />}
        </>
      )}
    </Loaded>
  )
}
