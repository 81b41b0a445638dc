// How effort goes with what customers answered and did: each coefficient with its interval. No cause is claimed.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { About, Badge, Card } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"

type Correlation = Schemas["FrictionCorrelation"]
const outcomes = ["ces", "csat", "churn"] as const

export function Correlations({ all }: { all: Correlation[] }) {
  const { words, format } = useSpeech()
  const say = words.journeys.friction
  const known = outcomes.filter((o) => all.some((c) => c.with === o))
  const kinds = [...new Set(all.map((c) => c.kind))]
  const rows = kinds.map((kind) => ({ kind, of: Object.fromEntries(outcomes.map((o) => [o, all.find((c) => c.kind === kind && c.with === o)])) as Record<string, Correlation | undefined> }))
  const columns: Column<(typeof rows)[number]>[] = [
    { title: say.effortBy, cell: (r) => (r.kind ? say.kinds[r.kind] : <strong>{say.allEffort}</strong>), plain: (r) => r.kind ?? "all" },
    ...known.map((o): Column<(typeof rows)[number]> => ({ title: say.with[o], cell: (r) => <Range of={r.of[o]} />, plain: (r) => r.of[o]?.value })),
  ]
  return (
    <Card flush title={<About word={say.correlation}>{say.correlationHint}</About>} aside={<DownloadCSV name="friction-correlations" columns={columns} rows={rows} />}>
      {all.length ? <Table label={say.correlation} columns={columns} rows={rows} keyOf={(r) => r.kind ?? ""} /> : <Empty title={say.noCorrelation}>{say.noCorrelationHint}</Empty>}
      {all.length > 0 && <p class="small soft journey-inset">{say.noCause} {outcomes.map((o) => say.ofN(say.with[o], all.find((c) => c.with === o && !c.kind)?.n, format.number)).join(" ")} {say.grey}</p>}
    </Card>
  )
}

/** Range draws an interval between -1 and 1, with zero in the middle. */
function Range({ of }: { of: Correlation | undefined }) {
  const { format } = useSpeech()
  if (!of) return <span class="soft">–</span>
  const at = (v: number) => `${((v + 1) / 2) * 100}%`
  const known = of.low > 0 || of.high < 0
  const text = `${format.signed(of.value, 2)} (${format.signed(of.low, 2)} … ${format.signed(of.high, 2)})`
  return (
    <span class="journey-range">
      <span class="track" aria-hidden="true"><i style={{ left: at(of.low), width: `${((of.high - of.low) / 2) * 100}%` }} /><b style={{ left: at(of.value) }} /></span>
      <span title={`n = ${format.number(of.n)}`}>{known ? <Badge kind="mark">{text}</Badge> : <span class="soft">{text}</span>}</span>
    </span>
  )
}
