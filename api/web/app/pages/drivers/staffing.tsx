// The tab Staffing: how many agents each hour of the next week takes, for a goal.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useParam } from "../../router"
import { channels, FilterBar, type Scope, useScope } from "../../scope"
import { Card, Field, Select } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Written } from "../../ui/written"
import { question, useForecast } from "./forecast"
import { Heat, type Measure, measures } from "./heat"

type Goal = Schemas["StaffingGoal"]

/** within reads a number of the URL, held between two bounds. */
const within = (text: string, low: number, high: number) => (text === "" || Number.isNaN(Number(text)) ? undefined : Math.min(Math.max(Number(text), low), high))

/** useGoal is the goal that the URL names. */
function useGoal(): Goal {
  const [level] = useParam("goal", "80")
  const [withinS] = useParam("within", "20")
  const [aht] = useParam("aht")
  const [patience] = useParam("patience", "history")
  const [patienceS] = useParam("patience_s")
  const [shrinkage] = useParam("shrinkage")
  const [occupancy] = useParam("occupancy")
  const percent = (text: string, high: number) => { const n = within(text, 0, high); return n === undefined ? undefined : n / 100 }
  return {
    service_level: percent(level, 99) || 0.8, within_s: within(withinS, 0, 86_400) ?? 20, aht_s: within(aht, 1, 86_400), max_occupancy: percent(occupancy, 100) || undefined,
    patience: patience === "none" ? "none" : patience === "given" ? "given" : "history",
    patience_s: patience === "given" ? within(patienceS, 1, 86_400) ?? 120 : undefined, shrinkage: percent(shrinkage, 90) ?? 0,
  }
}

/** hoursAhead is until midnight and seven days more, so that days are whole. */
function hoursAhead(zone: string): number {
  const now = Number(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "numeric", hourCycle: "h23" }).format(new Date()))
  return 24 - now + 7 * 24
}

export function Staffing() {
  const scope = useScope()
  const [queue] = useParam("queue", "voice")
  const goal = useGoal()
  const only: Scope = { ...scope, channel: queue === "all" ? [] : [queue] }
  const load = useForecast(question(only, { grain: "hour", horizon: hoursAhead(scope.zone), staffing: goal }))
  const { words } = useSpeech()
  const say = words.drivers
  return (
    <>
      <FilterBar without={["time", "channel"]} />
      <GoalBar />
      <Loaded load={load} bones={12}>
        {(answer) => {
          const series = answer.series[0]
          if (!series) return <Empty title={say.forecast.empty}>{say.forecast.emptyHint}</Empty>
          if (!series.staffing) return <Card><Empty title={say.forecast.refused}>{series.refused}</Empty></Card>
          return <Answered staffing={series.staffing} points={series.forecast?.points ?? []} zone={scope.zone} chat={queue !== "voice"} />
        }}
      </Loaded>
    </>
  )
}

function GoalBar() {
  const { words } = useSpeech()
  const say = words.drivers.staffing
  const [queue, setQueue] = useParam("queue", "voice")
  const [patience, setPatience] = useParam("patience", "history")
  return (
    <section class="filters goal" aria-label={say.goal}>
      <Select label={say.queue} value={queue} onChange={setQueue} options={[...channels.map((c) => ({ value: c, label: words.common.channels[c] })), { value: "all", label: words.common.filters.all }]} />
      <Figure label={say.level} name="goal" otherwise="80" min={1} max={99} />
      <Figure label={say.within} name="within" otherwise="20" min={0} />
      <Figure label={say.aht} name="aht" min={1} hint={say.fromHistory} />
      <Select label={say.patience} value={patience} onChange={setPatience} options={(["history", "none", "given"] as const).map((p) => ({ value: p, label: say.patiences[p] }))} />
      {patience === "given" && <Figure label={say.patienceS} name="patience_s" otherwise="120" min={1} />}
      <Figure label={say.shrinkage} name="shrinkage" otherwise="0" min={0} max={90} />
      <Figure label={say.occupancy} name="occupancy" otherwise="100" min={1} max={100} />
    </section>
  )
}

/** Figure is a number of the URL. It is asked for once the reader is done with it. */
function Figure({ label, name, otherwise = "", min, max, hint }: { label: string; name: string; otherwise?: string; min: number; max?: number; hint?: string }) {
  const [value, set] = useParam(name, otherwise)
  return <Field label={label}><Written type="number" value={value} min={min} max={max} placeholder={hint} onWritten={set} /></Field>
}

function Answered({ staffing, points, zone, chat }: { staffing: Schemas["Staffing"]; points: Schemas["ForecastPoint"][]; zone: string; chat: boolean }) {
  const { words, format } = useSpeech()
  const say = words.drivers.staffing
  const [measure, setMeasure] = useParam("measure", "agents")
  const shown: Measure = measures.find((m) => m === measure) ?? "agents"
  if (staffing.refused) return <Card><Empty title={say.refused}>{staffing.refused}</Empty></Card>
  const most = staffing.hours.reduce((a, b) => (b.agents > a.agents ? b : a), staffing.hours[0]!)
  return (
    <Card title={say.title} aside={<Select bare label={say.measure} value={shown} onChange={setMeasure} options={measures.map((m) => ({ value: m, label: say.measures[m] }))} />}>
      <div class="stack tight">
        <p>
          {say.hints[shown]} {say.peak(format.number(most.agents), format.time(most.at, zone))} {say.total(format.number(staffing.hours.reduce((n, h) => n + h.agents, 0)))}
        </p>
        <Heat hours={staffing.hours} points={points} measure={shown} zone={zone} />
        <p class="small soft">
          {staffing.aht && <>{say.basis(say.models[staffing.model ?? "erlang_c"], format.duration(staffing.aht.seconds))} {staffing.aht.contacts ? say.basisHistory(format.number(staffing.aht.contacts)) : ""}{staffing.patience && <>, {say.patient(format.duration(staffing.patience.seconds))} {staffing.patience.contacts ? say.basisHistory(format.number(staffing.patience.contacts)) : ""}</>}. </>}
          {chat && say.chats}
        </p>
      </div>
    </Card>
  )
}
