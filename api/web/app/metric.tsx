// How a metric of the registry is written: its value by its unit, what is better, and its definition one click away.
import type { ComponentChildren } from "preact"
import type { Schemas } from "./api"
import type { paths } from "./schema"
import { type Format, useSpeech, wordOf } from "./i18n"
import { About } from "./ui/parts"

export type Metric = Schemas["Metric"]
/** MetricId is an id that the document knows: the registry answers no other. */
export type MetricId = paths["/v1/metrics/{id}"]["get"]["parameters"]["path"]["id"]
export type Point = Schemas["MetricPoint"]

/** valueOf writes a value in the metric's unit, a share with so many digits after the point. */
export function valueOf(metric: Pick<Metric, "unit">, value: number | null | undefined, format: Format, digits = 1): string {
  switch (metric.unit) {
    case "share": return format.percent(value, digits)
    case "points": return value === null || value === undefined ? format.number(value) : format.signed(value)
    case "seconds": return format.duration(value)
    case "cost": return format.number(value, Math.abs(value ?? 1) < 1 ? 3 : 2)
    case "ratio": return format.number(value, 2)
    default: return format.number(value)
  }
}

/** changeOf writes a difference: of shares in percentage points. */
export function changeOf(metric: Pick<Metric, "unit">, change: number, format: Format, points: (n: string) => string): string {
  switch (metric.unit) {
    case "share": return points(format.signed(change * 100))
    case "seconds": return (change > 0 ? "+" : change < 0 ? "-" : "") + format.duration(Math.abs(change))
    case "points": return format.signed(change)
    case "ratio": case "cost": return format.signed(change, Math.abs(change) < 1 ? 3 : 2)
    default: return format.signed(change, 0)
  }
}

/** judge says whether a change is for the better: by the metric's direction, and only if the intervals do not say it may be none. */
export function judge(metric: Pick<Metric, "better">, change: number, apart: boolean): "good" | "bad" | undefined {
  if (metric.better === "neither" || !apart || change === 0) return undefined
  return change > 0 === (metric.better === "larger") ? "good" : "bad"
}

/** apart says whether two intervals do not overlap. Overlapping ones may differ all the same: this claims too little, never too much. */
export function apart(a?: Schemas["MetricInterval"], b?: Schemas["MetricInterval"]): boolean {
  return !!a && !!b && (a.high < b.low || b.high < a.low)
}

/** mainSeries is the series with most in its sample: what a single number is shown of. Scales are never averaged. */
export function mainSeries(points: Point[]): string | undefined {
  const samples = new Map<string | undefined, number>()
  for (const p of points) samples.set(p.series, (samples.get(p.series) ?? 0) + p.sample)
  return [...samples].sort((a, b) => b[1] - a[1])[0]?.[0]
}

/** useMetricName is what a metric is called in the reader's language; the registry's own name where that has none. */
export function useMetricName(): (metric: { id: string; name?: string }) => string {
  const { words } = useSpeech()
  return (metric) => {
    const known = wordOf(words.metrics.names, metric.id)
    return known === metric.id ? metric.name ?? known : known
  }
}

/** Definition is a metric's name, with what it means behind it. */
export function Definition({ metric, children }: { metric: Metric; children?: ComponentChildren }) {
  const { words, format } = useSpeech()
  const say = words.metrics
  const name = useMetricName()
  return (
    <About word={children ?? name(metric)}>
      <div class="stack tight">
        <h3>{name(metric)} <code class="soft">{metric.id}</code></h3>
        <p>{metric.formula}</p>
        {metric.notes && <p class="small soft">{metric.notes}</p>}
        <dl class="facts small">
          <dt>{say.better}</dt><dd>{say.direction[metric.better]}</dd>
          <dt>{say.minimum}</dt><dd>{format.number(metric.minimum)}</dd>
          {metric.window_days ? <><dt>{say.window}</dt><dd>{say.days(metric.window_days)}</dd></> : null}
          <dt>{say.source}</dt><dd>{metric.source}</dd>
        </dl>
      </div>
    </About>
  )
}
