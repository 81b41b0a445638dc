// Hours of days as a table whose cells are the darker the more there is; or every figure of every hour.
import { useState } from "preact/hooks"
import type { Schemas } from "../../api"
import { type Format, useSpeech } from "../../i18n"
import { dayOf } from "../../scope"
import { About } from "../../ui/parts"
import { DownloadCSV, Table, type Column } from "../../ui/table"

type Hour = Schemas["StaffingHour"]

/** measures are what a cell may show. */
export const measures = ["agents", "agents_paid", "agents_at_upper", "occupancy", "mean_speed_of_answer_s", "abandoned", "service_level"] as const
export type Measure = (typeof measures)[number]

const counts = (m: Measure) => m.startsWith("agents")

function write(hour: Hour, measure: Measure, format: Format): string {
  const value = hour[measure]
  if (hour.agents === 0 && !counts(measure)) return ""
  if (counts(measure)) return value ? format.number(value) : "·"
  return measure === "mean_speed_of_answer_s" ? format.number(value) : value === null ? "–" : format.number(value * 100)
}

export function Heat({ hours, points, measure, zone }: { hours: Hour[]; points: Schemas["ForecastPoint"][]; measure: Measure; zone: string }) {
  const { words, format, language } = useSpeech()
  const say = words.drivers.staffing
  const [asTable, setAsTable] = useState(false)
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" })
  const weekday = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en", { timeZone: zone, weekday: "short" })
  const days = new Map<string, (Hour | undefined)[]>()
  for (const h of hours) {
    const day = dayOf(new Date(h.at), zone)
    if (!days.has(day)) days.set(day, Array.from({ length: 24 }, () => undefined))
    days.get(day)![Number(clock.format(new Date(h.at)))] = h
  }
  const most = Math.max(...hours.map((h) => h[measure] ?? 0), 1e-9)
  const mean = new Map(points.map((p) => [p.at, p.mean]))
  const about = (h: Hour) => `${format.time(h.at, zone)}: ${say.measures.agents} ${h.agents}, ${say.measures.occupancy} ${format.percent(h.occupancy, 0)}, ${say.measures.service_level} ${format.percent(h.service_level, 0)}, ${say.measures.mean_speed_of_answer_s} ${format.duration(h.mean_speed_of_answer_s)}`
  const columns: Column<Hour>[] = [
    { title: words.drivers.forecast.at, cell: (h) => format.time(h.at, zone), plain: (h) => h.at },
    { title: say.forecast, number: true, cell: (h) => format.number(mean.get(h.at), 1), plain: (h) => mean.get(h.at) },
    { title: say.load, number: true, cell: (h) => format.number(h.load_erlangs, 2), plain: (h) => h.load_erlangs },
    { title: say.measures.agents, number: true, cell: (h) => format.number(h.agents), plain: (h) => h.agents },
    { title: say.measures.agents_paid, number: true, cell: (h) => format.number(h.agents_paid), plain: (h) => h.agents_paid },
    { title: say.measures.agents_at_upper, number: true, cell: (h) => format.number(h.agents_at_upper), plain: (h) => h.agents_at_upper },
    { title: say.measures.occupancy, number: true, cell: (h) => format.percent(h.occupancy, 0), plain: (h) => h.occupancy },
    { title: say.wait, number: true, cell: (h) => format.percent(h.p_wait, 0), plain: (h) => h.p_wait },
    { title: say.measures.mean_speed_of_answer_s, number: true, cell: (h) => format.duration(h.mean_speed_of_answer_s), plain: (h) => h.mean_speed_of_answer_s },
    { title: say.measures.abandoned, number: true, cell: (h) => format.percent(h.abandoned), plain: (h) => h.abandoned },
    { title: say.measures.service_level, number: true, cell: (h) => format.percent(h.service_level, 0), plain: (h) => h.service_level },
  ]
  return (
    <figure class="chart">
      <div class="tools">
        {asTable && <DownloadCSV name="staffing" columns={columns} rows={hours} />}
        <button type="button" class="button plain small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{asTable ? words.common.actions.chart : words.common.actions.table}</button>
      </div>
      {asTable ? <Table label={say.title} columns={columns} rows={hours} keyOf={(h) => h.at} tall="26rem" /> : (
        <div class="table driver-heat" tabIndex={0} role="region" aria-label={say.title}>
          <table>
            <caption class="unseen">{say.hints[measure]}</caption>
            <thead><tr><th scope="col">{say.day}</th>{Array.from({ length: 24 }, (_, h) => <th key={h} scope="col" class="number">{h}</th>)}{counts(measure) && <th scope="col" class="number"><About word={say.sum}>{say.sumHint}</About></th>}</tr></thead>
            <tbody>
              {[...days].map(([day, list]) => (
                <tr key={day}>
                  <th scope="row">{weekday.format(new Date(list.find(Boolean)!.at))} <span class="soft">{format.day(list.find(Boolean)!.at, zone)}</span></th>
                  {list.map((h, n) => <td key={n} class="number" title={h && about(h)} style={h ? { "--heat": `${Math.round(((h[measure] ?? 0) / most) * 45)}%` } : undefined}>{h && write(h, measure, format)}</td>)}
                  {counts(measure) && <td class="number sum">{format.number(list.reduce((n, h) => n + (h?.[measure] ?? 0), 0))}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </figure>
  )
}
