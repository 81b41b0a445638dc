import { answered, api } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { apart, changeOf, Definition, judge, type Metric, type MetricId, mainSeries, type Point, useMetricName, valueOf } from "../../metric"
import { href, usePlace } from "../../router"
import { asQuery, before, daysOf, keyOf, type Scope } from "../../scope"
import { Badge } from "../../ui/parts"
import { Bones, Failure } from "../../ui/states"

/** metricOf asks for a metric of a scope. */
export function metricOf(id: string, scope: Scope, more: { grain?: "hour" | "day" | "week" | "month"; by?: Metric["by"][number]; whole?: boolean }, signal: AbortSignal) {
  return api.GET("/v1/metrics/{id}", { params: { path: { id: id as MetricId }, query: { ...asQuery(scope), ...more } as never }, signal }).then(answered)
}

/** grainOf is the length of buckets in which a span can be read as a line. */
export function grainOf(scope: Scope): "hour" | "day" | "week" {
  const days = daysOf(scope)
  return days <= 2 ? "hour" : days <= 62 ? "day" : "week"
}

/** Tile is one number: with the period before, its sample, its plan and how it went. */
export function Tile({ metric, scope, version, chosen }: { metric: Metric; scope: Scope; version: number; chosen: boolean }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const { path, query } = usePlace()
  const now = useLoad(`tile ${metric.id} ${keyOf(scope)} ${version}`, (signal) => metricOf(metric.id, scope, { grain: grainOf(scope), whole: true }, signal))
  // The number itself comes first: of thirty reports that a store works at, those of the period before can wait.
  const earlier = useLoad(now.data ? `tile ${metric.id} ${keyOf(before(scope))}` : "", (signal) => metricOf(metric.id, before(scope), {}, signal))
  const series = now.data && mainSeries(now.data.whole ?? [])
  const of = (points: Point[] | undefined) => points?.find((p) => p.series === series)
  const [point, old] = [of(now.data?.whole), of(earlier.data?.points)]
  const along = new URLSearchParams(query)
  along.set("metric", metric.id)
  const change = typeof point?.value === "number" && typeof old?.value === "number" ? point.value - old.value : undefined
  const kind = change === undefined ? undefined : judge(metric, change, apart(point?.interval, old?.interval))
  return (
    <article class={chosen ? "tile chosen" : "tile"} aria-label={name(metric)} aria-busy={now.loading || earlier.loading}>
      <header><Definition metric={metric} />{point?.target && <Standing plan={point.target} />}</header>
      {now.problem && !now.data ? <Failure problem={now.problem} retry={now.reload} />
        : !now.data ? <Bones lines={2} />
        : <>
            <a class="value" href={href(path, along)} aria-current={chosen ? "true" : undefined} aria-label={`${name(metric)}: ${valueOf(metric, point?.value, format)}`}>{valueOf(metric, point?.value, format)}</a>
            <Spark points={now.data.points.filter((p) => p.series === series)} />
            <footer>
              {change !== undefined && <span class={kind} title={say.before(valueOf(metric, old?.value, format))}>{changeOf(metric, change, format, words.metrics.points)}</span>}
              <span title={say.sampleHint}>{say.sample(format.number(point?.sample ?? 0))}</span>
              {series && <bdi class="soft">{wordOf(say.series, series)}</bdi>}
              {point?.below_minimum && point.sample > 0 && <Badge kind="warn" title={say.fewHint(format.number(metric.minimum))}>{say.few}</Badge>}
            </footer>
          </>}
    </article>
  )
}

/** Standing says whether a target is met. */
export function Standing({ plan }: { plan: NonNullable<Point["target"]> }) {
  const { words } = useSpeech()
  const standing = plan.standing ?? "undecided"
  return <Badge kind={standing === "met" ? "good" : standing === "missed" ? "bad" : undefined}>{words.overview.standing[standing]}</Badge>
}

/** Spark is the course of a value as a line without axes. What it says is in the detail, as a table too. */
function Spark({ points }: { points: Point[] }) {
  const known = points.filter((p) => typeof p.value === "number")
  if (known.length < 3) return <svg class="spark" aria-hidden="true" />
  const [times, values] = [known.map((p) => Date.parse(p.from)), known.map((p) => p.value as number)]
  const [low, high, first, last] = [Math.min(...values), Math.max(...values), times[0]!, times.at(-1)!]
  const line = known.map((_, n) => `${(((times[n]! - first) / (last - first || 1)) * 100).toFixed(2)},${(28 - ((values[n]! - low) / (high - low || 1)) * 26).toFixed(2)}`)
  return <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true"><polyline points={line.join(" ")} vector-effect="non-scaling-stroke" /></svg>
}
