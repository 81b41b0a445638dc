// One metric in full: its course with the interval, by a dimension, and what each point is made of.
import type { EChartsCoreOption } from "echarts/core"
import { useCallback, useState } from "preact/hooks"
import { useSpeech, wordOf } from "../../i18n"
import { useAnew } from "../../live"
import { type Load, useLoad } from "../../load"
import { Definition, type Metric, type Point, useMetricName, valueOf } from "../../metric"
import { setParams, useParam } from "../../router"
import { keyOf, type Scope } from "../../scope"
import { useMay } from "../../session"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Badge, Button, Card, Choice, CopyButton, Select } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import type { Column } from "../../ui/table"
import { Behind } from "./behind"
import { ai, type Answer, grainOf, metricOf, service } from "./ask"
import { Standing } from "./tile"

const mostLines = 8

export function Detail({ metric, metrics, scope, version, values }: { metric: Metric; metrics: Metric[]; scope: Scope; version: number; values: Load<Map<string, Answer>> }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const [grain, setGrain] = useParam("grain", grainOf(scope))
  const [by, setBy] = useParam("by")
  const dimension = metric.by.includes(by) ? by : ""
  // What the tiles were asked for has its course, by nothing and by the grain of the span: that is not asked for again.
  const there = !dimension && grain === grainOf(scope) && [...service, ...ai].includes(metric.id)
  const own = useLoad(there ? "" : `detail ${metric.id} ${keyOf(scope)} ${grain} ${dimension}`, (signal) =>
    metricOf(metric.id, scope, { grain: grain as "day", by: dimension || undefined }, signal))
  useAnew(version, own)
  const load = there ? { ...values, data: values.data?.get(metric.id) } : own
  return (
    <Card title={<Definition metric={metric} />} label={name(metric)} aside={
      <div class="row">
        <Select bare label={say.metric} value={metric.id} onChange={(v) => setParams({ metric: v })} options={metrics.map((m) => ({ value: m.id, label: name(m) }))} />
        <Select bare label={say.by} value={dimension} onChange={setBy}
          options={[{ value: "", label: say.together }, ...metric.by.map((d) => ({ value: d, label: wordOf(say.dimensions, d) }))]} />
        <Choice label={say.grain} value={grain} onChange={setGrain} options={(["day", "week", "month"] as const).map((g) => ({ value: g, label: say.grains[g] }))} />
        <CopyButton />
      </div>
    }>
      <Loaded load={load} bones={8}>
        {(answer) => answer.points.length
          ? <>
              <Course metric={metric} points={answer.points} scope={scope} grain={grain} by={dimension} />
              <p class="small soft">
                {say.made(format.number(answer.sample.events), format.number(answer.sample.people))} {say.version(format.number(answer.identity_version))} {words.common.stale(format.time(answer.as_of))}
                {answer.restated_events > 0 && <> {say.restated(format.number(answer.restated_events))}</>}
              </p>
            </>
          : <Empty title={say.none}>{say.noneHint}</Empty>}
      </Loaded>
    </Card>
  )
}

/** lineOf names the line of a point: its series and its group. */
const lineOf = (p: Point) => [p.series, p.group].filter((part) => part !== undefined).join(" · ")

function Course({ metric, points, scope, grain, by }: { metric: Metric; points: Point[]; scope: Scope; grain: string; by: string }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const mayOpen = useMay("profiles:read")
  const [open, setOpen] = useState<Point>()
  const samples = new Map<string, number>()
  for (const p of points) samples.set(lineOf(p), (samples.get(lineOf(p)) ?? 0) + p.sample)
  const lines = [...samples].sort((a, b) => b[1] - a[1]).map(([line]) => line)
  const shown = lines.slice(0, mostLines)
  const label = (line: string) => line.split(" · ").map((part) => wordOf(say.series, part)).join(" · ") || name(metric)
  const bounds = (p: Point) => (p.interval ? `${valueOf(metric, p.interval.low, format)} – ${valueOf(metric, p.interval.high, format)}` : "–")
  const columns: Column<Point>[] = [
    { title: say.from, cell: (p) => format.date(p.from, scope.zone), plain: (p) => p.from },
    ...(lines.length > 1 || by ? [{ title: by ? say.dimensions[by as keyof typeof say.dimensions] : say.seriesName, cell: (p: Point) => <bdi>{label(lineOf(p))}</bdi>, plain: lineOf }] : []),
    { title: name(metric), number: true, cell: (p) => valueOf(metric, p.value, format), plain: (p) => p.value },
    { title: say.interval, number: true, cell: bounds },
    { title: say.sampleName, number: true, cell: (p) => format.number(p.sample), plain: (p) => p.sample },
    { title: say.immature, number: true, cell: (p) => (p.immature ? format.number(p.immature) : "–"), plain: (p) => p.immature },
    { title: say.target, number: true, cell: (p) => (p.target ? <>{valueOf(metric, p.target.value, format)} <Standing plan={p.target} /></> : "–"), plain: (p) => p.target?.value },
    ...(mayOpen ? [{ title: "", cell: (p: Point) => (p.sample ? <Button small kind="plain" onClick={() => setOpen(p)}>{say.open}</Button> : null) }] : []),
  ]
  const option = useCallback((c: Colours): EChartsCoreOption => {
    const alone = shown.length === 1
    const target = points.map((p) => p.target?.value).find((v) => v !== undefined)
    const write = (value: unknown) => valueOf(metric, value as number, format)
    return {
      legend: { show: !alone },
      grid: { top: alone ? 12 : 28 },
      tooltip: {
        trigger: "item",
        formatter: ({ data }: { data: { point: Point } }) => data.point
          ? [format.date(data.point.from, scope.zone), `${label(lineOf(data.point))}: ${write(data.point.value)}`, `${say.interval}: ${bounds(data.point)}`,
              `${say.sampleName}: ${format.number(data.point.sample)}`, data.point.immature ? `${say.immature}: ${format.number(data.point.immature)}` : ""].filter(Boolean).join("\n")
          : "",
      },
      xAxis: axis(c, { type: "time", splitLine: { show: false }, axisLabel: { color: c.soft, hideOverlap: true, formatter: (at: number) => format.day(new Date(at), scope.zone) } }),
      yAxis: axis(c, { type: "value", scale: metric.unit !== "cases", axisLabel: { color: c.soft, formatter: (value: number) => valueOf(metric, value, format, 0) } }),
      series: [
        ...(alone ? band(points, c) : []),
        ...shown.map((line, n) => ({
          name: label(line), type: "line", showSymbol: true, symbolSize: 6, color: c.series[n % c.series.length], lineStyle: { width: 2 },
          data: points.filter((p) => lineOf(p) === line).map((p) => ({
            value: [p.from, p.value], point: p, symbol: p.immature || p.below_minimum ? "emptyCircle" : "circle",
          })),
          markLine: n === 0 && target !== undefined
            ? { silent: true, symbol: "none", lineStyle: { color: c.edge, type: "dashed" }, label: { formatter: say.target, color: c.soft, position: "insideEndTop" }, data: [{ yAxis: target }] }
            : undefined,
        })),
      ],
    }
  }, [points, format])
  return (
    <>
      <Chart label={name(metric)} option={option} columns={columns} rows={points} height="20rem" file={metric.id}
        onPick={(picked) => { const { point } = (picked.data ?? {}) as { point?: Point }; if (point && mayOpen) setOpen(point) }} />
      <div class="row small soft">
        {lines.length > mostLines && <span>{say.mostLines(format.number(mostLines), format.number(lines.length))}</span>}
        {points.some((p) => p.immature || p.below_minimum) && <span>{say.hollow}</span>}
        {mayOpen && <span>{say.openHint}</span>}
        {!by && points.some((p) => p.series) && shown.length > 1 && <Badge>{say.apart}</Badge>}
      </div>
      {open && <Behind metric={metric} point={open} scope={scope} grain={grain} by={by} onClose={() => setOpen(undefined)} />}
    </>
  )
}

/** band is the 95 % interval around a line: an unseen line below, and what lies between on top of it. */
function band(points: Point[], c: Colours): object[] {
  const known = points.filter((p) => p.interval)
  const line = (values: [string, number][], area?: object) => ({
    type: "line", stack: "interval", stackStrategy: "all", silent: true, symbol: "none", lineStyle: { opacity: 0 }, areaStyle: area, data: values, tooltip: { show: false }, z: 1,
  })
  return [line(known.map((p) => [p.from, p.interval!.low])), line(known.map((p) => [p.from, p.interval!.high - p.interval!.low]), { color: c.mark, opacity: .14 })]
}
