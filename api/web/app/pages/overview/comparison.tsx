// AI against people, like for like: over the same mix of topics and difficulties.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { changeOf, Definition, type Metric, type MetricId, useMetricName, valueOf } from "../../metric"
import { asQuery, keyOf, type Scope } from "../../scope"
import { About, Badge, Button, Card, Modal, Theirs } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"

type Pair = Schemas["MetricSeriesPair"]
type Answer = Schemas["MetricComparison"]

/** pairOf is the series with most in it. */
const pairOf = (answer: Answer) => [...answer.series].sort((a, b) => b.ai.sample + b.human.sample - a.ai.sample - a.human.sample)[0]

export function Comparison({ metrics, scope }: { metrics: Metric[]; scope: Scope }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const load = useLoad(`comparison ${keyOf(scope)}`, (signal) => Promise.all(metrics.map((m) =>
    api.GET("/v1/metrics/{id}/comparison", { params: { path: { id: m.id as MetricId }, query: asQuery(scope) }, signal }).then(answered))))
  const [open, setOpen] = useState<{ answer: Answer; pair: Pair }>()
  return (
    <Card flush title={<About word={say.likeForLike}>{say.likeForLikeHint}</About>}>
      <Loaded load={load}>
        {(answers) => {
          const rows = answers.flatMap((answer) => { const pair = pairOf(answer); return pair ? [{ answer, pair }] : [] })
          if (!rows.some((r) => r.pair.ai.sample)) return <Empty title={say.noComparison}>{say.noComparisonHint}</Empty>
          return (
            <Table label={say.likeForLike} rows={rows} keyOf={(r) => r.answer.metric.id} columns={[
              { title: say.metric, cell: (r) => <Definition metric={r.answer.metric} /> },
              { title: words.common.filters.ai, number: true, cell: (r) => valueOf(r.answer.metric, r.pair.standardised?.ai, format) },
              { title: words.common.filters.human, number: true, cell: (r) => valueOf(r.answer.metric, r.pair.standardised?.human, format) },
              { title: say.difference, number: true, cell: (r) => <Difference metric={r.answer.metric} of={r.pair.standardised} /> },
              { title: say.crude, number: true, cell: (r) => `${valueOf(r.answer.metric, r.pair.ai.value, format)} / ${valueOf(r.answer.metric, r.pair.human.value, format)}` },
              { title: say.sampleName, number: true, cell: (r) => `${format.number(r.pair.ai.sample)} / ${format.number(r.pair.human.sample)}` },
              { title: "", cell: (r) => r.pair.strata.length > 0 && <Button small kind="plain" onClick={() => setOpen(r)}>{say.byTopic}</Button> },
            ]} />
          )
        }}
      </Loaded>
      {open && (
        <Modal drawer title={name(open.answer.metric)} onClose={() => setOpen(undefined)}>
          <p class="small soft">{open.answer.stratification.definition} {open.answer.stratification.weights}</p>
          <Table label={say.byTopic} rows={open.pair.strata} keyOf={(s) => `${s.topic} ${s.difficulty}`} tall="70vh" columns={[
            { title: say.dimensions.topic, cell: (s) => <Theirs>{s.topic}</Theirs> },
            { title: say.difficulty, cell: (s) => say.difficulties[s.difficulty] },
            { title: words.common.filters.ai, number: true, cell: (s) => `${valueOf(open.answer.metric, s.ai.value, format)} (${format.number(s.ai.sample)})` },
            { title: words.common.filters.human, number: true, cell: (s) => `${valueOf(open.answer.metric, s.human.value, format)} (${format.number(s.human.sample)})` },
            { title: say.difference, number: true, cell: (s) => changeOf(open.answer.metric, s.difference, format, words.metrics.points) },
          ]} />
          <p class="small soft">{say.leftOut(format.number(open.pair.left_out.no_topic), format.number(open.pair.left_out.one_sided), format.number(open.pair.left_out.too_small))}</p>
        </Modal>
      )}
    </Card>
  )
}

function Difference({ metric, of }: { metric: Metric; of: Pair["standardised"] }) {
  const { words, format } = useSpeech()
  if (typeof of?.difference !== "number") return <>–</>
  const known = of.difference_interval && (of.difference_interval.low > 0 || of.difference_interval.high < 0)
  const kind = known ? (of.difference > 0 === (metric.better === "larger") ? "good" : "bad") : undefined
  const text = changeOf(metric, of.difference, format, words.metrics.points)
  const range = of.difference_interval && [of.difference_interval.low, of.difference_interval.high].map((v) => changeOf(metric, v, format, words.metrics.points)).join(" … ")
  return <Badge kind={kind} title={range}>{known ? text : `${text} · ${words.overview.undecided}`}</Badge>
}
