// The last seven days against the weeks before: what rises beyond chance, and the course of it all.
import type { EChartsCoreOption } from "echarts/core"
import { useCallback, useMemo } from "preact/hooks"
import { useSpeech } from "../../i18n"
import type { Load } from "../../load"
import { useScope } from "../../scope"
import { About, Badge, Card, Theirs } from "../../ui/parts"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Empty, Loaded } from "../../ui/states"
import { type Drivers, type Group, partsOf, useTopicName } from "./ask"
import { Bars } from "./bars"
import { useHere } from "./reasons"

/** Rise is a topic, of the taxonomy or as a source names it, and how its count compares with its history. */
interface Rise { key: string; name: string; theirs: boolean; of: Group; conversations: number; before: number[]; expected: number; p: number; emerging: boolean }

/** risesOf lists both kinds, the least probable first. A name of a source that is one topic and nothing else is told once. */
export function risesOf(drivers: Drivers): Rise[] {
  const ours: Rise[] = drivers.topics.map((t) => ({ ...t, key: t.topic, name: t.topic, theirs: false, of: { topic: t.topic } }))
  const same = (a: { conversations: number; before: number[] }, b: Rise) => a.conversations === b.conversations && String(a.before) === String(b.before)
  const theirs = drivers.told.filter((t) => !ours.some((o) => same(t, o))).map((t) => ({ ...t, key: "told " + t.name, theirs: true, of: { told_topic: t.name } }))
  return [...ours, ...theirs].sort((a, b) => Number(b.emerging) - Number(a.emerging) || a.p - b.p)
}

export function Rising({ load }: { load: Load<Drivers> }) {
  const { words, format } = useSpeech()
  const say = words.drivers.rising
  return (
    <Card title={<About word={say.title}>{say.hint}</About>}>
      <Loaded load={load} bones={6}>
        {(drivers) => {
          const rises = risesOf(drivers)
          const emerging = rises.filter((r) => r.emerging)
          if (drivers.spans_before < 4) return <Empty title={say.short(format.number(drivers.spans_before))} />
          if (!rises.length) return <Empty title={words.drivers.noneTitle} />
          return (
            <>
              {emerging.length === 0 && <p>{say.nothing} <span class="soft">{say.closest}</span></p>}
              <ul class="rises">{(emerging.length ? emerging.slice(0, 6) : rises.slice(0, 3)).map((r) => <One key={r.key} rise={r} />)}</ul>
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function One({ rise }: { rise: Rise }) {
  const { words, format } = useSpeech()
  const say = words.drivers.rising
  const topicName = useTopicName()
  const here = useHere()
  return (
    <li>
      <div class="row apart">
        <span>
          <a href={here({ of: partsOf(rise.of), week: "1" })}>{rise.theirs ? <Theirs>{rise.name}</Theirs> : topicName(rise.name)}</a>
          {rise.emerging && <> <Badge kind="warn">{say.badge}</Badge></>}
        </span>
        <Bars before={rise.before} now={rise.conversations} />
      </div>
      <p class="small">{say.against(format.number(rise.conversations), format.number(rise.expected, rise.expected < 10 ? 1 : 0))}</p>
      <p class="small soft">{say.chance(rise.p, (n) => format.number(n))}</p>
    </li>
  )
}

/** Week is the conversations of one by group of topics. */
interface Week { from: Date; counts: Map<string, number> }

/** weeksOf adds up topics by group, the earliest week first. */
function weeksOf(drivers: Drivers): { weeks: Week[]; groups: string[] } {
  const end = new Date(drivers.scope.until ?? drivers.as_of).getTime()
  const weeks: Week[] = []
  const totals = new Map<string, number>()
  for (let back = Math.min(drivers.spans_before, 8); back >= 0; back--) {
    const counts = new Map<string, number>()
    for (const t of drivers.topics) {
      const group = t.topic.split("/")[0]!
      const n = back === 0 ? t.conversations : t.before[back - 1] ?? 0
      counts.set(group, (counts.get(group) ?? 0) + n)
      totals.set(group, (totals.get(group) ?? 0) + n)
    }
    weeks.push({ from: new Date(end - (back + 1) * 7 * 86_400_000), counts })
  }
  return { weeks, groups: [...totals].sort((a, b) => b[1] - a[1]).map(([group]) => group) }
}

export function Weeks({ load }: { load: Load<Drivers> }) {
  const { words } = useSpeech()
  const say = words.drivers.weeks
  return (
    <Card title={<About word={say.title}>{say.hint}</About>}>
      <Loaded load={load} bones={8}>{(drivers) => drivers.topics.length ? <WeekChart drivers={drivers} /> : <Empty title={words.drivers.noneTitle}>{words.drivers.noneHint}</Empty>}</Loaded>
    </Card>
  )
}

function WeekChart({ drivers }: { drivers: Drivers }) {
  const { words, format } = useSpeech()
  const say = words.drivers.weeks
  const { zone } = useScope()
  const topicName = useTopicName()
  const { weeks, groups } = useMemo(() => weeksOf(drivers), [drivers])
  const option = useCallback((c: Colours): EChartsCoreOption => ({
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: axis(c, { type: "category", data: weeks.map((w) => format.day(w.from, zone)) }),
    yAxis: axis(c, { type: "value", minInterval: 1, axisLine: { show: false }, axisLabel: { color: c.soft, formatter: (n: number) => format.compact(n) } }),
    series: groups.map((g) => ({ name: topicName(g), type: "bar", stack: "all", barMaxWidth: 34, data: weeks.map((w) => w.counts.get(g) ?? 0) })),
  }), [weeks, groups, format, zone])
  return (
    <Chart label={say.label} option={option} rows={weeks} height="18.75rem" file="drivers-by-week" columns={[
      { title: say.week, cell: (w) => format.date(w.from, zone), plain: (w) => w.from.toISOString() },
      ...groups.map((g) => ({ title: topicName(g), number: true, cell: (w: Week) => format.number(w.counts.get(g) ?? 0), plain: (w: Week) => w.counts.get(g) ?? 0 })),
    ]} />
  )
}
