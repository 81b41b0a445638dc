// How wrong forecasts of the past were, by method, and what upstream made them better.
import type { Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { About, Badge, Card } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { Table } from "../../ui/table"

export function Backtest({ forecast, zone }: { forecast: Schemas["VolumeForecast"]; zone: string }) {
  const { words, format } = useSpeech()
  const say = words.drivers.forecast.backtest
  const { mae, naive_mae: naive, coverage, nominal, folds, since } = forecast.backtest
  const [error, last] = [format.number(mae, 2), format.number(naive, 2)]
  return (
    <Card title={<About word={say.title}>{say.chosen}</About>}>
      <div class="stack tight">
        <p>{mae < naive ? say.less(error, last, format.percent(1 - mae / naive, 0)) : say.more(error, last)} {say.band(format.percent(coverage, 0), format.percent(nominal, 0))}</p>
        <Table label={say.title} rows={forecast.methods} keyOf={(m) => m.method} columns={[
          { title: words.drivers.forecast.method, cell: (m) => <>{wordOf(words.drivers.methods, m.method)} {m.method === forecast.method && <Badge kind="mark">{say.used}</Badge>}</> },
          { title: say.mae, number: true, cell: (m) => format.number(m.mae, 2) },
          { title: say.rmse, number: true, cell: (m) => format.number(m.rmse, 2) },
        ]} />
        <p class="small soft">{say.folds(format.number(folds), format.date(since, zone))}</p>
      </div>
    </Card>
  )
}

export function Causes({ effects }: { effects: Schemas["ForecastEffect"][] }) {
  const { words, format } = useSpeech()
  const say = words.drivers.forecast.upstream
  return (
    <Card title={<About word={say.title}>{say.hint}</About>}>
      {effects.length === 0 ? <Empty title={say.none}>{say.noneHint}</Empty> : (
        <Table label={say.title} rows={effects} keyOf={(e) => e.cause + e.lag} columns={[
          { title: say.cause, cell: (e) => wordOf(words.drivers.causes, e.cause) },
          { title: say.lag, cell: (e) => e.lag },
          { title: say.factor, number: true, cell: (e) => say.times(format.number(e.factor_at_largest, 2)) },
          { title: say.gain, number: true, cell: (e) => format.percent(e.gain, 1) },
        ]} />
      )}
    </Card>
  )
}
