// One number of the overview: with the period before, its sample, its plan and how it went.
import { useSpeech, wordOf } from "../../i18n"
import type { Load } from "../../load"
import { apart, changeOf, Definition, judge, type Metric, mainSeries, type Point, useMetricName, valueOf } from "../../metric"
import { href, usePlace } from "../../router"
import { Badge } from "../../ui/parts"
import { Bones } from "../../ui/states"
import type { Answer } from "./ask"

/** Tile shows a metric of what was asked for all tiles. */
export function Tile({ metric, load, chosen }: { metric: Metric; load: Load<Map<string, Answer>>; chosen: boolean }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const { path, query } = usePlace()
  const now = load.data?.get(metric.id)
  const series = now && mainSeries(now.whole ?? [])
  const of = (points: Point[] | undefined) => points?.find((p) => p.series === series)
  const [point, old] = [of(now?.whole), of(now?.before)]
  const along = new URLSearchParams(query)
  along.set("metric", metric.id)
  const change = typeof point?.value === "number" && typeof old?.value === "number" ? point.value - old.value : undefined
  const kind = change === undefined ? undefined : judge(metric, change, apart(point?.interval, old?.interval))
  return (
    <article class={chosen ? "tile chosen" : "tile"} aria-label={name(metric)} aria-busy={load.loading}>
      <header><Definition metric={metric} />{point?.target && <Standing plan={point.target} />}</header>
      {!now ? load.loading && <Bones lines={2} /> : (
        <>
          <a class="value" href={href(path, along)} aria-current={chosen ? "true" : undefined} aria-label={`${name(metric)}: ${valueOf(metric, point?.value, format)}`}>{valueOf(metric, point?.value, format)}</a>
          <Spark points={now.points.filter((p) => p.series === series)} />
          <footer>
            {change !== undefined && <span class={kind} title={say.before(valueOf(metric, old?.value, format))}>{changeOf(metric, change, format, words.metrics.points)}</span>}
            <span title={say.sampleHint}>{say.sample(format.number(point?.sample ?? 0))}</span>
            {series && <bdi class="soft">{wordOf(say.series, series)}</bdi>}
            {point?.below_minimum && point.sample > 0 && <Badge kind="warn" title={say.fewHint(format.number(metric.minimum))}>{say.few}</Badge>}
          </footer>
        </>
      )}
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
