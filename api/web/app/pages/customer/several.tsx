// An address that names several, or a profile that was split: the parts, and the question that decides.
import type { Problem } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { Card, When } from "../../ui/parts"
import { type Column, Table } from "../../ui/table"
import type { Schemas } from "../../api"
import { linkTo, short } from "./paths"

type Part = Schemas["Candidate"]

export function Several({ problem, split }: { problem: Problem; split: boolean }) {
  const { words, format } = useSpeech()
  const say = words.customer.several
  const names = words.customer.types
  const parts = problem.document.candidates ?? []
  const total = problem.document.candidates_total ?? parts.length
  const decides = (problem.document.decided_by ?? []).map((d) => wordOf(names, d))
  const columns: Column<Part>[] = [
    { title: say.profile, cell: (p) => <a href={linkTo(`profile:${p.profile}`)}><code>{short(p.profile)}</code></a> },
    { title: say.observations, number: true, cell: (p) => format.number(p.observations) },
    { title: say.events, number: true, cell: (p) => format.number(p.events) },
    { title: say.first, cell: (p) => format.date(p.first_seen) },
    { title: say.last, cell: (p) => <When at={p.last_seen} /> },
  ]
  return (
    <Card flush title={split ? say.split : say.ambiguous(format.number(total))}>
      <div class="stack tight pad">
        <p>{split ? say.splitHint : say.ambiguousHint}</p>
        <p class="notice">{decides.length ? say.decides(format.list(decides)) : say.nothingDecides}</p>
      </div>
      <Table label={say.parts} columns={columns} rows={parts} keyOf={(p) => p.profile} />
      {total > parts.length && <p class="small soft pad">{say.listed(format.number(parts.length), format.number(total))}</p>}
    </Card>
  )
}
