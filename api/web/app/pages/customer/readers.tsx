// Who or what has read a customer's data, which of it, and what for.
import { useEffect, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { Badge, Button, Card, Theirs } from "../../ui/parts"
import { Bones, Empty, Failure } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"

type Reading = Schemas["Disclosure"]

export function Readers({ address }: { address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.readings
  const classes = words.customer.classes
  const [rows, setRows] = useState<Reading[]>()
  const [cursor, setCursor] = useState<string>()
  const [problem, setProblem] = useState<Problem>()
  const ask = (after?: string) => {
    setProblem(undefined)
    return api.GET("/v1/profiles/{address}/disclosures", { params: { path: { address }, query: { cursor: after, limit: 100 } } }).then(answered).then(
      (page) => { setRows((held) => [...(after ? held ?? [] : []), ...page.disclosures]); setCursor(page.next_cursor) },
      (fault) => setProblem(problemOf(fault)))
  }
  useEffect(() => void ask(), [address])
  const columns: Column<Reading>[] = [
    { title: say.at, cell: (d) => format.time(d.at), plain: (d) => d.at },
    { title: say.who, cell: (d) => <><Theirs>{d.actor ?? "–"}</Theirs> <span class="small soft">{wordOf(words.customer.readers, d.reader)}</span></>, plain: (d) => `${d.actor} ${d.reader}` },
    { title: say.why, cell: (d) => wordOf(words.customer.purposes, d.purpose), plain: (d) => d.purpose },
    { title: say.what, cell: (d) => d.what === "listed" ? <Badge>{say.listed}</Badge> : <code class="small">{d.route}</code>, plain: (d) => d.route ?? d.what },
    { title: say.saw, cell: (d) => <span class="small" title={(d.shown ?? []).join(", ")}>{d.classes.length ? d.classes.map((c) => wordOf(classes, c)).join(", ") : "–"}</span>, plain: (d) => d.classes.join(" ") },
    { title: say.level, cell: (d) => wordOf(words.customer.levels, d.level), plain: (d) => d.level },
  ]
  return (
    <Card flush title={say.title} aside={rows && rows.length > 0 ? <DownloadCSV name="readings" columns={columns} rows={rows} /> : undefined}>
      <p class="small soft pad">{say.hint}</p>
      {problem && <Failure problem={problem} retry={() => void ask(cursor)} />}
      {!rows ? !problem && <Bones lines={8} /> : rows.length === 0 ? <Empty title={say.none} /> : <Table label={say.title} columns={columns} rows={rows} keyOf={(_, n) => n} tall="40rem" />}
      {cursor && <div class="pad"><Button onClick={() => void ask(cursor)}>{words.common.actions.more}</Button></div>}
    </Card>
  )
}
