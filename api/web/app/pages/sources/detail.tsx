// One source: its equation to the last event, its rate, what became of each day's, what it sends and how that changed.
import type { EChartsCoreOption } from "echarts/core"
import { useMemo } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { href, useParam } from "../../router"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Card, Choice, Theirs, When } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { type Column, Table } from "../../ui/table"
import { base, inQuarantine } from "."
import { healthOf } from "./list"
import { differenceOf, Equation, type Health, Lag, outcomes, Signs } from "./parts"
import { usePolled } from "./poll"
import { Schema } from "./schema"

export function Detail({ name }: { name: string }) {
  const { words } = useSpeech()
  const say = words.sources
  const health = usePolled("source-health", healthOf)
  const now = health.data?.sources.find((s) => s.source === name)
  return (
    <>
      <div class="page-head">
        <h2><a href={href(base)}>{say.tabs.list}</a> <span aria-hidden="true">/</span> <Theirs>{name}</Theirs></h2>
        {now && <span class="row"><Signs signs={now.signs} /> <span class="soft">{say.last}</span> {now.last_received ? <When at={now.last_received} /> : say.never} <span class="soft">{say.lag}</span> <Lag lag={now.lag} /></span>}
      </div>
      {health.problem && !health.data && <Failure problem={health.problem} retry={health.reload} />}
      {now?.per_hour && <Rate source={now} />}
      <Accounts name={name} />
      <Schema name={name} />
    </>
  )
}

type Step = { at: number; events: number }

function Rate({ source }: { source: Health }) {
  const { words, format } = useSpeech()
  const say = words.sources
  const [by, setBy] = useParam("by", "hour")
  const [values, length] = by === "minute" ? [source.per_minute ?? [], 60_000] : [source.per_hour ?? [], 3_600_000]
  const told = values.join()
  const rows: Step[] = useMemo(() => {
    const last = Math.floor(Date.now() / length) * length
    return values.map((events, n) => ({ at: last - (values.length - 1 - n) * length, events }))
  }, [told, length])
  const clock = (at: number) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }).format(at)
  const option = useMemo(() => (c: Colours): EChartsCoreOption => ({
    grid: { top: 12 }, legend: { show: false },
    tooltip: { trigger: "axis" },
    xAxis: axis(c, { type: "category", data: rows.map((r) => clock(r.at)) }),
    yAxis: axis(c, { type: "value", minInterval: 1 }),
    series: [{ type: "bar", name: say.received, data: rows.map((r) => r.events), barCategoryGap: "25%", itemStyle: { color: c.mark, borderRadius: [2, 2, 0, 0] } }],
  }), [rows, say])
  const columns: Column<Step>[] = [
    { title: say.rate, cell: (r) => format.time(new Date(r.at)), plain: (r) => new Date(r.at).toISOString() },
    { title: say.account.stored, number: true, cell: (r) => format.number(r.events), plain: (r) => r.events },
  ]
  return (
    <Card title={by === "minute" ? say.now : say.rate} aside={<Choice label={say.rate} value={by} onChange={setBy} options={[{ value: "hour", label: say.perHour }, { value: "minute", label: say.perMinute }]} />}>
      <Chart label={by === "minute" ? say.now : say.rate} option={option} columns={columns} rows={rows} height="9rem" file={`rate-${source.source}`} />
    </Card>
  )
}

type Day = Schemas["DayAccount"]

function Accounts({ name }: { name: string }) {
  const { words } = useSpeech()
  const say = words.sources.account
  const load = usePolled(`account ${name}`, (signal) => api.GET("/v1/sources/{source}/reconciliation", { params: { path: { source: name } }, signal }).then(answered), 15_000)
  if (load.problem?.status === 404) return <Card title={say.title}><Empty title={say.none} /></Card>
  return (
    <Card title={say.title}>
      <Loaded load={load} bones={5}>{(a) => (
        <>
          <Equation account={a} />
          <Beside account={a} />
          <Reasons name={name} reasons={a.reasons} />
          <h3>{say.days}</h3>
          <Days days={a.days} />
        </>
      )}</Loaded>
    </Card>
  )
}

/** Beside is what others say: the analytics store, and the source itself. */
function Beside({ account: a }: { account: Schemas["Reconciliation"] }) {
  const { words, format } = useSpeech()
  const say = words.sources.account
  const said = a.expected
  return (
    <p class="soft">
      {a.stored_clickhouse === undefined ? say.unheld : a.stored_clickhouse === a.stored ? say.heldAll : <span class="warn">{say.held(format.number(a.stored_clickhouse))}</span>}
      {said && <> {say.expected(format.number(said.count))} <span class={said.difference === 0 ? undefined : "bad"}>
        {said.difference < 0 ? say.missing(format.number(-said.difference)) : said.difference > 0 ? say.many(format.number(said.difference)) : say.same}
      </span></>}
    </p>
  )
}

function Reasons({ name, reasons }: { name: string; reasons: Record<string, Record<string, number>> }) {
  const { words, format } = useSpeech()
  const say = words.sources.account
  const lines = Object.entries(reasons).flatMap(([outcome, all]) => Object.entries(all).map(([reason, n]) => ({ outcome, reason, n })))
  if (!lines.length) return null
  return (
    <ul class="row reasons" aria-label={say.reasons}>
      {lines.map(({ outcome, reason, n }) => (
        <li key={outcome + reason}>
          <span class="soft">{say[outcome as (typeof outcomes)[number]] ?? outcome}</span>{" "}
          {outcome === "quarantined" ? <a href={inQuarantine(name, reason)}><Theirs>{reason}</Theirs></a> : <Theirs>{reason}</Theirs>} {format.number(n)}
        </li>
      ))}
    </ul>
  )
}

function Days({ days }: { days: Day[] }) {
  const { words, format } = useSpeech()
  const say = words.sources.account
  const count = (name: "received" | (typeof outcomes)[number]): Column<Day> => ({
    title: say[name], number: true, plain: (d) => d[name],
    cell: (d) => <span class={d[name] === 0 ? "soft" : undefined}>{format.number(d[name])}</span>,
  })
  const columns: Column<Day>[] = [
    { title: say.day, cell: (d) => d.day, plain: (d) => d.day },
    count("received"), ...outcomes.map(count),
    { title: say.inStore, number: true, cell: (d) => <span class={d.stored_clickhouse !== undefined && d.stored_clickhouse !== d.stored ? "warn" : "soft"}>{format.number(d.stored_clickhouse)}</span>, plain: (d) => d.stored_clickhouse },
    { title: say.difference, number: true, cell: (d) => (differenceOf(d) === 0 ? <span class="soft">0</span> : <strong class="bad">{format.signed(differenceOf(d))}</strong>), plain: differenceOf },
  ]
  return <Table label={say.days} columns={columns} rows={[...days].reverse()} keyOf={(d) => d.day} tall="20rem" />
}
