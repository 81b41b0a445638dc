// A funnel as rows: a bar for each step, what share came so far, and how long it took them.
import { useMemo } from "preact/hooks"
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useMay } from "../../session"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Theirs } from "../../ui/parts"
import { type Column, DownloadCSV, Table } from "../../ui/table"
import { Count } from "./people"

type Answer = Schemas["Funnel"]
type StepCount = Schemas["FunnelStepCount"]

export function Steps({ answer, names, onOpen }: { answer: Answer; names: string[]; onOpen: (step: number, dropped?: boolean) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.funnel
  const may = useMay("profiles:read")
  const rows = answer.steps.map((s, n) => ({ ...s, n, lost: n + 1 < answer.steps.length ? s.people - answer.steps[n + 1]!.people : 0, title: answer.order === "any" ? say.any(format.number(n + 1)) : names[n]! }))
  type Row = (typeof rows)[number]
  const columns: Column<Row>[] = [
    { title: say.stepName, cell: (r) => <><span class="soft">{format.number(r.n + 1)}</span> <Theirs>{r.title}</Theirs><Bar share={r.of_first ?? 0} /></>, plain: (r) => r.title },
    { title: say.people, number: true, cell: (r) => <Count n={r.people} label={say.openStep(r.title, format.number(r.people))} onOpen={() => onOpen(r.n + 1)} />, plain: (r) => r.people },
    { title: say.ofFirst, number: true, cell: (r) => <strong>{format.percent(r.of_first)}</strong>, plain: (r) => r.of_first },
    { title: say.ofPrevious, number: true, cell: (r) => (r.n ? format.percent(r.of_previous) : "–"), plain: (r) => r.of_previous },
    { title: say.lost, number: true, cell: (r) => (r.lost && may ? <Count n={r.lost} label={say.openLost(r.title, format.number(r.lost))} onOpen={() => onOpen(r.n + 1, true)} /> : r.lost ? format.number(r.lost) : "–"), plain: (r) => r.lost },
    { title: say.median, number: true, cell: (r) => format.duration(r.since_previous?.median_s), plain: (r) => r.since_previous?.median_s },
    { title: say.p90, number: true, cell: (r) => format.duration(r.since_previous?.p90_s), plain: (r) => r.since_previous?.p90_s },
  ]
  return (
    <div class="funnel">
      <Table label={say.result} columns={columns} rows={rows} keyOf={(r) => r.n} />
      <div class="row apart">
        <span class="small soft">{answer.steps.at(-1)?.since_first && say.whole(format.duration(answer.steps.at(-1)!.since_first!.median_s), format.duration(answer.steps.at(-1)!.since_first!.p90_s))}</span>
        <DownloadCSV name="funnel" columns={columns} rows={rows} />
      </div>
    </div>
  )
}

/** Bar is a share from 0 to 1, beside the number that tells it. */
export function Bar({ share, kind }: { share: number; kind?: "soft" }) {
  return <span class={kind ? `journey-bar ${kind}` : "journey-bar"} aria-hidden="true"><i style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} /></span>
}

const mostDrawn = 6

/** Groups sets groups of people beside one another: what share of each came how far. */
export function Groups({ answer, names, title }: { answer: Answer; names: string[]; title: string }) {
  const { words, format } = useSpeech()
  const say = words.journeys.funnel
  const rows = answer.groups!.map((g) => ({ ...g, name: g.other ? say.other : g.value === null || g.value === "" ? say.noValue : String(g.value) }))
  const last = (steps: StepCount[]) => steps.at(-1)
  const columns: Column<(typeof rows)[number]>[] = [
    { title, cell: (g) => (g.other || !g.value ? g.name : <Theirs>{g.name}</Theirs>), plain: (g) => g.name },
    ...answer.steps.map((_, n): Column<(typeof rows)[number]> => ({
      title: answer.order === "any" ? say.any(format.number(n + 1)) : <Theirs>{names[n]}</Theirs>, number: true,
      cell: (g) => <>{format.number(g.steps[n]!.people)}{n > 0 && <span class="soft"> {format.percent(g.steps[n]!.of_first, 0)}</span>}</>, plain: (g) => g.steps[n]!.people,
    })),
    { title: say.median, number: true, cell: (g) => format.duration(last(g.steps)?.since_first?.median_s), plain: (g) => last(g.steps)?.since_first?.median_s },
  ]
  /** later are the steps after the first, of which the share says nothing. */
  const later = answer.steps.slice(1).map((_, n) => (answer.order === "any" ? say.any(format.number(n + 2)) : `${n + 2} ${names[n + 1]}`))
  const drawn = rows.slice(0, mostDrawn)
  const option = useMemo(() => (c: Colours) => ({
    legend: { show: true },
    tooltip: { trigger: "item", formatter: (p: { seriesName: string; dataIndex: number; value: number }) => `${p.seriesName}\n${later[p.dataIndex]}: ${format.percent(p.value)}` },
    xAxis: axis(c, { type: "category", data: later, axisLabel: { color: c.soft, hideOverlap: true } }),
    yAxis: axis(c, { type: "value", axisLabel: { color: c.soft, formatter: (v: number) => format.percent(v, 0) } }),
    series: drawn.map((g, n) => ({ name: g.name, type: "bar", color: c.series[n % c.series.length], barMaxWidth: 28, data: g.steps.slice(1).map((s) => s.of_first ?? 0) })),
  }), [answer, format])
  return (
    <section class="stack tight" aria-label={say.by(title)}>
      <h3>{say.by(title)}</h3>
      <Chart label={say.by(title)} option={option} columns={columns} rows={rows} height="14rem" file="funnel-groups" />
      {rows.length > mostDrawn && <p class="small soft">{say.drawn(format.number(mostDrawn), format.number(rows.length))}</p>}
    </section>
  )
}
