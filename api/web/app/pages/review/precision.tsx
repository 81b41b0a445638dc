// What the decisions tell of how precise scores are: shares with their intervals and sample sizes, never without.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { Card } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { type Column, Table } from "../../ui/table"

type Band = Schemas["ScoreBand"]

export function Precision() {
  const { words, format } = useSpeech()
  const say = words.review
  const load = useLoad("precision", (signal) => api.GET("/v1/identity/precision", { signal }).then(answered))
  return (
    <Loaded load={load} bones={10}>
      {(p) => (
        <>
          <p>{say.decidedPairs(format.number(p.decided.merged), format.number(p.decided.apart), format.number(p.decided.taken_back))}{p.decided.unscored > 0 && <> {say.unscored(format.number(p.decided.unscored))}</>}</p>
          <div class="split">
            <Scores title={say.asAsked} hint={say.asAskedHint} scores={p.as_asked} estimated={p.estimated} />
            <Scores title={say.learned(format.number(p.model))} hint={say.learnedHint} scores={p.now} estimated={p.estimated} />
          </div>
          <p class="small soft">{say.notASample}</p>
        </>
      )}
    </Loaded>
  )
}

function Scores({ title, hint, scores, estimated }: { title: string; hint: string; scores: Schemas["ScoreBands"]; estimated: number }) {
  const { words, format } = useSpeech()
  const say = words.review
  const share = (m: Schemas["MeasuredShare"]) => m.labels ? say.share(format.percent(m.right / m.labels, 0), format.percent(m.low, 0), format.percent(m.high, 0), format.number(m.labels)) : say.unknown
  const columns: Column<Band>[] = [
    { title: say.band, cell: (b) => `${format.percent(b.from, 0)} – ${format.percent(b.below, 0)}`, plain: (b) => b.from },
    { title: say.sample, number: true, cell: (b) => format.number(b.labels), plain: (b) => b.labels },
    { title: say.confirmed, cell: (b) => b.labels ? <span class="interval"><span class="review-range" aria-hidden="true"><i style={{ "--low": b.low, "--high": b.high, "--at": b.right / b.labels }} /></span> {format.percent(b.right / b.labels, 0)} <span class="soft small">{format.percent(b.low, 0)} – {format.percent(b.high, 0)}</span></span> : <span class="soft">–</span>, plain: (b) => b.labels ? b.right / b.labels : "" },
  ]
  return (
    <Card title={title}>
      <p class="small soft">{hint}</p>
      <p><strong>{say.merging(format.percent(estimated, 0))}</strong> {share(scores.merging)}</p>
      {scores.labels === 0 ? <Empty title={say.noLabels}>{say.noLabelsHint}</Empty> : <Table label={title} columns={columns} rows={scores.bands} keyOf={(b) => b.from} />}
    </Card>
  )
}
