// The tab Forecast: contacts to come, by channel or topic, with how wrong such forecasts were.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { setParams, useParam } from "../../router"
import { asBody, FilterBar, type Scope, useScope } from "../../scope"
import { About, Card, Choice, Select, Theirs } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"
import { Backtest, Causes } from "./backtest"
import { Volume } from "./volume"

export type Series = Schemas["ForecastSeries"]
type Question = Schemas["ForecastQuestion"]

/** question is what is asked: the history is all that is used, whatever span other tabs look at. */
export function question(scope: Scope, more: Partial<Question> & Pick<Question, "grain" | "horizon">): Question {
  const { zone, filter } = asBody(scope)
  return { from: "", zone, filter, limit: 10, level: 0.9, recent: 0, ...more }
}

/** useForecast asks for a forecast. */
export function useForecast(body: Question) {
  return useLoad("forecast " + JSON.stringify(body), (signal) => api.POST("/v1/journeys/forecast", { body, signal }).then(answered))
}

/** keyOfSeries names a series in the URL. */
const keyOfSeries = (s: Series) => s.topic ?? s.channel ?? "all"

export function Forecast() {
  const { words, format } = useSpeech()
  const say = words.drivers.forecast
  const scope = useScope()
  const [by] = useParam("by", "channel")
  const [horizon, setHorizon] = useParam("ahead", "14")
  const [grain, setGrain] = useParam("grain", "day")
  const [level, setLevel] = useParam("level", "0.9")
  const days = Math.min(Math.max(Math.round(Number(horizon)) || 14, 1), 28)
  const hourly = grain === "hour"
  const load = useForecast(question(scope, {
    grain: hourly ? "hour" : "day", horizon: hourly ? days * 24 : days, recent: hourly ? 14 * 24 : 56,
    by: by === "topic" || by === "channel" ? [by] : [], level: [0.8, 0.9, 0.95].includes(Number(level)) ? Number(level) : 0.9,
  }))
  return (
    <>
      <FilterBar without={["time"]} />
      <section class="filters" aria-label={say.controls}>
        <div class="field"><span>{say.by}</span>
          <Choice label={say.by} value={by} onChange={(v) => setParams({ by: v === "channel" ? "" : v, series: "" })} options={[{ value: "all", label: say.all }, { value: "channel", label: say.channel }, { value: "topic", label: say.topic }]} />
        </div>
        <div class="field"><span>{say.grain}</span>
          <Choice label={say.grain} value={grain} onChange={setGrain} options={[{ value: "day", label: say.day }, { value: "hour", label: say.hour }]} />
        </div>
        <Select label={say.horizon} value={String(days)} onChange={setHorizon} options={[...new Set([7, 14, 28, days])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: say.days(format.number(n)) }))} />
        <Select label={say.level} value={level} onChange={setLevel} options={["0.8", "0.9", "0.95"].map((l) => ({ value: l, label: format.percent(Number(l), 0) }))} />
      </section>
      <Loaded load={load} bones={12}>
        {(answer) => answer.series.length === 0
          ? <Empty title={say.empty}>{say.emptyHint}</Empty>
          : <Answered answer={answer} days={days} zone={scope.zone} />}
      </Loaded>
    </>
  )
}

function Answered({ answer, days, zone }: { answer: Schemas["Forecast"]; days: number; zone: string }) {
  const { words } = useSpeech()
  const say = words.drivers.forecast
  const [wanted] = useParam("series")
  const chosen = answer.series.find((s) => keyOfSeries(s) === wanted) ?? answer.series.find((s) => s.forecast) ?? answer.series[0]!
  return (
    <>
      <Card title={say.title(nameOf(chosen, say))}>
        {chosen.forecast ? <Volume key={keyOfSeries(chosen)} series={chosen} forecast={chosen.forecast} answer={answer} zone={zone} /> : <Empty title={say.refused}>{chosen.refused}</Empty>}
      </Card>
      {answer.series.length > 1 && <List answer={answer} chosen={chosen} days={days} />}
      {chosen.forecast && (
        <div class="split even">
          <Backtest forecast={chosen.forecast} zone={zone} />
          <Causes effects={chosen.forecast.causes} />
        </div>
      )}
    </>
  )
}

function nameOf(s: Series, say: { noTopic: string; everything: string }): string {
  return s.topic !== undefined ? s.topic || say.noTopic : s.channel !== undefined ? s.channel || "–" : say.everything
}

const total = (list: { contacts: number }[]) => list.reduce((n, p) => n + p.contacts, 0)
const comes = (s: Series) => s.forecast?.points.reduce((n, p) => n + p.mean, 0)

/** changeOf compares what comes with as long before. */
function changeOf(s: Series): number | undefined {
  const next = comes(s)
  const past = total((s.recent ?? []).slice(-(s.forecast?.points.length ?? 0)))
  return next === undefined || past === 0 ? undefined : next / past - 1
}

function List({ answer, chosen, days }: { answer: Schemas["Forecast"]; chosen: Series; days: number }) {
  const { words, format } = useSpeech()
  const say = words.drivers.forecast
  const saved = (s: Series) => s.forecast && s.forecast.backtest.naive_mae > 0 ? 1 - s.forecast.backtest.mae / s.forecast.backtest.naive_mae : undefined
  return (
    <Card flush>
      <Table label={say.series} rows={answer.series} keyOf={keyOfSeries} selected={keyOfSeries(chosen)} columns={[
        { title: say.series, cell: (s) => <button type="button" class="link" aria-pressed={s === chosen} onClick={() => setParams({ series: keyOfSeries(s) })}><Theirs>{nameOf(s, say)}</Theirs></button>, plain: (s) => nameOf(s, say) },
        { title: say.contacts, number: true, cell: (s) => format.number(s.contacts) },
        { title: say.ahead(format.number(days)), number: true, cell: (s) => (s.forecast ? format.number(comes(s)) : <span class="soft" title={s.refused}>{say.refused}</span>) },
        { title: <About word={say.change}>{say.changeHint}</About>, number: true, cell: (s) => { const c = changeOf(s); return c === undefined ? "–" : format.signed(c * 100, 0) + "%" } },
        { title: say.method, cell: (s) => (s.forecast ? <span class="keep">{wordOf(words.drivers.methods, s.forecast.method)}</span> : <span class="small soft">{s.refused}</span>) },
        { title: <About word={say.error}>{say.errorHint}</About>, number: true, cell: (s) => format.number(s.forecast?.backtest.mae, 2) },
        { title: say.naive, number: true, cell: (s) => format.number(s.forecast?.backtest.naive_mae, 2) },
        { title: say.saved, number: true, cell: (s) => format.percent(saved(s), 0) },
        { title: say.within, number: true, cell: (s) => format.percent(s.forecast?.backtest.coverage, 0) },
      ]} />
      {answer.left_out > 0 && <p class="small soft driver-inset">{say.leftOut(format.number(answer.left_out), format.number(answer.left_out_contacts))}</p>}
    </Card>
  )
}
