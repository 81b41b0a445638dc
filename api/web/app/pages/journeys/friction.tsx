// Friction: what makes journeys an effort to customers, where it comes from, and what goes with it.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { setParams, useParam, usePlace } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { About, Card, CopyButton, Select } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"
import { Basis } from "./basis"
import { Correlations } from "./correlations"
import { Figures } from "./figures"
import { Bar } from "./funnelsteps"
import { GapSelect } from "./window"
import { One, useStepName } from "./journey"
import { Count, People } from "./people"
import { numberOf, useBehind } from "./state"
import { Theirs } from "../../ui/parts"

type Report = Schemas["FrictionReport"]
type Point = Schemas["FrictionPoint"]
type Behind = NonNullable<Schemas["FrictionPeopleRequest"]["of"]>
type Weight = Schemas["FrictionWeight"]

/** useWeights are those of the URL, each as kind:points, in place of the default ones. */
function useWeights(): Record<string, number> {
  const all = usePlace().query.getAll("weight").map((text) => text.split(":"))
  return Object.fromEntries(all.filter(([kind, n]) => kind && n && Number(n) >= 0).map(([kind, n]) => [kind!, Number(n)]))
}

export function Friction() {
  const { words, format } = useSpeech()
  const say = words.journeys.friction
  const scope = useScope()
  const nameOf = useStepName()
  const [gapText, setGap] = useParam("gap", "168")
  const [waitText, setWait] = useParam("wait", "60")
  const gap = numberOf(gapText, 168, 1, 2160), wait = numberOf(waitText, 60, 0, 3600)
  const weights = useWeights()
  const [behind, setBehind] = useBehind<Behind>()
  const question = { ...asBody(scope), gap_hours: gap, wait_over_s: wait, weights } as Schemas["FrictionRequest"]
  const load = useLoad(`friction ${keyOf(scope)} ${JSON.stringify(question)}`, (signal) => api.POST("/v1/journeys/friction", { body: { ...question, limit: 50 }, signal }).then(answered))
  const title = (of: Behind) => [of.kind && say.kinds[of.kind], of.step_kind && nameOf({ kind: of.step_kind, channel: of.channel }), of.team, of.topic].filter(Boolean).join(" · ")
  return (
    <>
      <Card title={say.title} aside={<div class="row">
        <GapSelect value={gap} onChange={setGap} />
        <Select bare label={say.wait} value={String(wait)} onChange={setWait} options={[...new Set([0, 30, 60, 120, 300, wait])].sort((a, b) => a - b).map((s) => ({ value: String(s), label: say.waitOver(format.duration(s)) }))} />
        <CopyButton />
      </div>}>
        <Loaded load={load} bones={10}>
          {(answer) => answer.journeys === 0 ? <Empty title={say.none}>{say.noneHint}</Empty> : <>
            <Figures all={[
              { name: say.mean, value: format.number(answer.mean_effort, 1), note: say.points }, { name: say.median, value: format.number(answer.median_effort, 1) },
              { name: say.p90, value: format.number(answer.p90_effort, 1) },
              { name: say.journeys, value: format.number(answer.journeys), note: words.common.people(format.number(answer.people), answer.people) },
            ]} />
            <Kinds answer={answer} onOpen={(kind) => setBehind({ kind })} />
            <Basis of={answer} />
          </>}
        </Loaded>
      </Card>
      {load.data && load.data.journeys > 0 && <>
        <Points rows={load.data.points} onOpen={(p) => setBehind({ kind: p.kind, step_kind: p.step_kind, channel: p.channel, team: p.team, topic: p.topic })} />
        <Correlations all={load.data.correlations} />
      </>}
      {behind && (
        <People of={["friction", question, behind]} title={title(behind)} onClose={() => setBehind(undefined)}
          ask={(after, signal) => api.POST("/v1/journeys/friction/people", { body: { ...question, of: behind, after, limit: 50 } as Schemas["FrictionPeopleRequest"], signal }).then(answered)}
          tell={(p) => <>{p.journeys.map((j, n) => <One key={n} journey={j} zone={scope.zone} />)}</>} />
      )}
    </>
  )
}

/** Kinds are what effort comes from, with what counts as one and its weight, which the reader may change. */
function Kinds({ answer, onOpen }: { answer: Report; onOpen: (kind: Point["kind"]) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.friction
  const { query } = usePlace()
  const rows = answer.weights.map((w) => ({ ...w, point: answer.kinds.find((k) => k.kind === w.kind) })).sort((a, b) => (b.point?.effort ?? 0) - (a.point?.effort ?? 0))
  const weigh = (w: Weight, text: string) => setParams({ weight: [...query.getAll("weight").filter((t) => !t.startsWith(w.kind + ":")), ...(text === "" ? [] : [`${w.kind}:${text}`])] })
  const columns: Column<(typeof rows)[number]>[] = [
    { title: say.kind, cell: (r) => <><About word={say.kinds[r.kind]}><p>{r.counts}</p><p class="small soft">{r.reason}</p></About><Bar share={r.point?.share ?? 0} /></>, plain: (r) => r.kind },
    { title: say.share, number: true, cell: (r) => format.percent(r.point?.share ?? 0), plain: (r) => r.point?.share ?? 0 },
    { title: say.effort, number: true, cell: (r) => format.number(r.point?.effort ?? 0, 1), plain: (r) => r.point?.effort ?? 0 },
    { title: say.count, number: true, cell: (r) => format.number(r.point?.count ?? 0), plain: (r) => r.point?.count ?? 0 },
    { title: say.journeys, number: true, cell: (r) => format.number(r.point?.journeys ?? 0), plain: (r) => r.point?.journeys ?? 0 },
    { title: words.journeys.people.title, number: true, cell: (r) => <Count n={r.point?.people ?? 0} label={say.open(say.kinds[r.kind])} onOpen={() => onOpen(r.kind)} />, plain: (r) => r.point?.people ?? 0 },
    { title: say.weight, number: true, cell: (r) => <input key={r.weight} class="short" type="number" min="0" max="100" step="0.1" defaultValue={String(r.weight)} aria-label={say.weightOf(say.kinds[r.kind])} onChange={(e) => weigh(r, e.currentTarget.value)} />, plain: (r) => r.weight },
  ]
  return <><Table label={say.from} columns={columns} rows={rows} keyOf={(r) => r.kind} /><div class="row apart"><span class="small soft">{say.weights}</span><DownloadCSV name="friction-kinds" columns={columns} rows={rows} /></div></>
}

function Points({ rows, onOpen }: { rows: Point[]; onOpen: (p: Point) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.friction
  const nameOf = useStepName()
  const step = (p: Point) => nameOf({ kind: p.step_kind, channel: p.channel })
  const columns: Column<Point>[] = [
    { title: say.kind, cell: (p) => <>{say.kinds[p.kind]}<Bar share={p.share / (rows[0]?.share || 1)} /></>, plain: (p) => p.kind },
    { title: say.step, cell: step, plain: step },
    { title: say.topic, cell: (p) => (p.topic ? <Theirs>{p.topic}</Theirs> : "–"), plain: (p) => p.topic },
    { title: say.team, cell: (p) => (p.team ? <Theirs>{p.team}</Theirs> : "–"), plain: (p) => p.team },
    { title: say.effort, number: true, cell: (p) => format.number(p.effort, 1), plain: (p) => p.effort },
    { title: say.share, number: true, cell: (p) => format.percent(p.share), plain: (p) => p.share },
    { title: say.count, number: true, cell: (p) => format.number(p.count), plain: (p) => p.count },
    { title: words.journeys.people.title, number: true, cell: (p) => <Count n={p.people} label={say.open([say.kinds[p.kind], step(p), p.topic].filter(Boolean).join(", "))} onOpen={() => onOpen(p)} />, plain: (p) => p.people },
  ]
  return <Card flush title={say.top} aside={<DownloadCSV name="friction-points" columns={columns} rows={rows} />}>{rows.length ? <Table label={say.top} columns={columns} rows={rows} keyOf={(_, n) => n} tall="34rem" /> : <Empty />}</Card>
}
