// Who or what has read a customer's data, which of it, and what for.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { usePages } from "../../paged"
import { Paged } from "../../ui/paged"
import { Badge, Card, Theirs } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"

type Reading = Schemas["Disclosure"]

export function Readers({ address }: { address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.readings
  const classes = words.customer.classes
  const pages = usePages(`readers ${address}`, (cursor, signal) =>
    api.GET("/v1/profiles/{address}/disclosures", { params: { path: { address }, query: { cursor, limit: 100 } }, signal })
      .then(answered).then((page) => ({ items: page.disclosures, next: page.next_cursor })))
  const columns: Column<Reading>[] = [
    { title: say.at, cell: (d) => format.time(d.at), plain: (d) => d.at },
    { title: say.who, cell: (d) => <><Theirs>{d.actor ?? "–"}</Theirs> <span class="small soft">{wordOf(words.customer.readers, d.reader)}</span></>, plain: (d) => `${d.actor} ${d.reader}` },
    { title: say.why, cell: (d) => wordOf(words.customer.purposes, d.purpose), plain: (d) => d.purpose },
    { title: say.what, cell: (d) => d.what === "listed" ? <Badge>{say.listed}</Badge> : <code class="small">{d.route}</code>, plain: (d) => d.route ?? d.what },
    { title: say.saw, cell: (d) => <span class="small" title={(d.shown ?? []).join(", ")}>{d.classes.length ? d.classes.map((c) => wordOf(classes, c)).join(", ") : "–"}</span>, plain: (d) => d.classes.join(" ") },
    { title: say.level, cell: (d) => wordOf(words.customer.levels, d.level), plain: (d) => d.level },
  ]
  return (
    <Card flush title={say.title} aside={pages.items.length > 0 ? <DownloadCSV name="readings" columns={columns} rows={pages.items} /> : undefined}>
      <p class="small soft pad">{say.hint}</p>
      <Paged pages={pages} bones={8} empty={<Empty title={say.none} />}>
        {(rows) => <Table label={say.title} columns={columns} rows={rows} keyOf={(_, n) => n} tall="40rem" />}
      </Paged>
    </Card>
  )
}
