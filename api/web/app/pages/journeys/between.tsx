// Time between: how long one thing takes after another.
import { useMemo } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { useMay } from "../../session"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Button, Choice } from "../../ui/parts"
import type { Column } from "../../ui/table"
import { Builder } from "./builder"
import { Figures } from "./figures"
import { Moments, People } from "./people"
import { SelectionEditor, useKinds } from "./selection"
import { chosen, oneOf, useBehind, useSelection } from "./state"
import { WindowSelect } from "./window"

const pairs = ["every", "first"] as const
type Behind = Partial<Pick<Schemas["TimeBetweenPeopleQuestion"], "from_s" | "below_s" | "unended">>
type Bin = Schemas["TimeBin"]

export function Between() {
  const { words, format } = useSpeech()
  const say = words.journeys.between
  const scope = useScope()
  const events = useKinds(scope)
  const [starts, setStarts] = useSelection("starts", "conversation.started")
  const [ends, setEnds] = useSelection("ends", "conversation.ended")
  const [pairsText, setPairs] = useParam("pairs", "every")
  const which = oneOf(pairsText, pairs)
  const [window, setWindow] = useParam("window", "7d")
  const [behind, setBehind] = useBehind<Behind>()
  const ready = chosen(starts) && chosen(ends)
  const question = { ...asBody(scope), starts, ends, pairs: which, window } as Schemas["TimeBetweenQuestion"]
  const load = useLoad(ready ? `between ${keyOf(scope)} ${JSON.stringify(question)}` : "", (signal) => api.POST("/v1/journeys/time-between", { body: question, signal }).then(answered))
  const bin = (b: { from_s?: number; below_s?: number }) => (b.below_s ? `${format.duration(b.from_s ?? 0)} – ${format.duration(b.below_s)}` : `≥ ${format.duration(b.from_s)}`)
  return (
    <>
      <Builder say={say} ready={ready} load={load} isNone={(answer) => answer.starts === 0} none={say.noneHint} parts={<>
        <div class="selections">
          <SelectionEditor label={say.starts} value={starts} events={events} onChange={setStarts} />
          <SelectionEditor label={say.ends} value={ends} events={events} onChange={setEnds} />
        </div>
        <div class="row options">
          <Choice label={say.pairs} value={which} onChange={setPairs} options={pairs.map((p) => ({ value: p, label: say.which[p] }))} />
          <WindowSelect value={window} onChange={setWindow} />
        </div>
      </>}>
        {(answer) => <>
          <Figures all={[
            { name: say.median, value: format.duration(quantile(answer, .5)) }, { name: say.p90, value: format.duration(quantile(answer, .9)) },
            { name: say.ended, value: format.percent(answer.ended / answer.starts), note: say.of(format.number(answer.ended), format.number(answer.starts)) },
            { name: say.openStill, value: format.number(answer.open) },
          ]} />
          <Histogram answer={answer} bin={bin} onOpen={(b) => setBehind({ from_s: b.from_s, below_s: b.below_s ?? 0 })} onUnended={() => setBehind({ unended: true })} />
        </>}
      </Builder>
      {ready && behind && (
        <People of={["between", question, behind]} onClose={() => setBehind(undefined)} title={behind.unended ? say.notEnded : bin(behind)}
          ask={(after, signal) => api.POST("/v1/journeys/time-between/people", { body: { ...question, ...behind, unended: behind.unended ?? false, after, limit: 50 }, signal }).then(answered).then((a) => ({ people: a.people, next: a.next_after }))}
          tell={(p) => <Moments at={p.at} zone={scope.zone} />} />
      )}
    </>
  )
}

const quantile = (answer: Schemas["TimeBetween"], level: number) => answer.quantiles?.find((q) => q.level === level)?.seconds

function Histogram({ answer, bin, onOpen, onUnended }: { answer: Schemas["TimeBetween"]; bin: (b: Bin) => string; onOpen: (b: Bin) => void; onUnended: () => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.between
  const may = useMay("profiles:read")
  const edge = (b: Bin) => (b.below_s ? `< ${format.duration(b.below_s)}` : `≥ ${format.duration(b.from_s)}`)
  const empty = answer.histogram.findIndex((b) => b.count > 0)
  const bins = answer.histogram.slice(Math.max(0, empty))
  const columns: Column<Bin>[] = [
    { title: say.took, cell: bin, plain: bin },
    { title: say.count, number: true, cell: (b) => format.number(b.count), plain: (b) => b.count },
    { title: say.share, number: true, cell: (b) => format.percent(b.count / answer.starts), plain: (b) => b.count / answer.starts },
    ...(may ? [{ title: "", cell: (b: Bin) => b.count > 0 && <Button small kind="plain" onClick={() => onOpen(b)}>{words.journeys.people.open}</Button> }] : []),
  ]
  const option = useMemo(() => (c: Colours) => ({
    legend: { show: false }, grid: { top: 12 },
    tooltip: { trigger: "item", formatter: ({ dataIndex }: { dataIndex: number }) => `${bin(bins[dataIndex]!)}\n${format.number(bins[dataIndex]!.count)} (${format.percent(bins[dataIndex]!.count / answer.starts)})` },
    xAxis: axis(c, { type: "category", data: bins.map(edge), axisLabel: { color: c.soft, hideOverlap: true } }),
    yAxis: axis(c, { type: "value", minInterval: 1, axisLabel: { color: c.soft, formatter: (v: number) => format.compact(v) } }),
    series: [{ type: "bar", barCategoryGap: "12%", color: c.mark, data: bins.map((b) => b.count) }],
  }), [answer, format])
  return (
    <>
      <Chart label={say.result} option={option} columns={columns} rows={bins} height="18rem" file="time-between" onPick={({ dataIndex }) => { if (may && bins[dataIndex]?.count) onOpen(bins[dataIndex]!) }} />
      <div class="row apart">
        <span class="small soft">{say.quantiles}: {(answer.quantiles ?? []).map((q) => `${format.percent(q.level, 0)} < ${format.duration(q.seconds)}`).join(" · ") || "–"}</span>
        {may && answer.ended < answer.starts && <Button small kind="plain" onClick={onUnended}>{say.openUnended}</Button>}
      </div>
    </>
  )
}
