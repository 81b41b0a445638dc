// A history and its forecast in one picture, the prediction interval as a band.
import type { EChartsCoreOption } from "echarts/core"
import { useCallback, useMemo } from "preact/hooks"
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { axis, Chart, type Colours } from "../../ui/chart"
import type { Series } from "./forecast"

interface Point { at: string; contacts?: number; mean?: number; lower?: number; upper?: number }

export function Volume({ series, forecast, answer, zone }: { series: Series; forecast: Schemas["VolumeForecast"]; answer: Schemas["Forecast"]; zone: string }) {
  const { words, format } = useSpeech()
  const say = words.drivers.forecast
  const rows = useMemo<Point[]>(() => [...(series.recent ?? []), ...forecast.points], [series, forecast])
  const past = series.recent?.length ?? 0
  const hourly = answer.grain === "hour"
  const write = (at: string) => (hourly ? format.time(at, zone) : format.date(at, zone))
  const band = say.band(format.percent(answer.level, 0))
  const option = useCallback((c: Colours): EChartsCoreOption => ({
    legend: { data: [say.history, say.mean, band] },
    tooltip: {
      trigger: "axis",
      formatter: (list: { dataIndex: number }[]) => {
        const p = rows[list[0]?.dataIndex ?? 0]
        if (!p) return ""
        return write(p.at) + "\n" + (p.mean === undefined ? `${say.history}: ${format.number(p.contacts)}`
          : `${say.mean}: ${format.number(p.mean, 1)}\n${band}: ${format.number(p.lower)} – ${format.number(p.upper)}`)
      },
    },
    xAxis: axis(c, { type: "category", boundaryGap: false, data: rows.map((p) => format.day(p.at, zone)), axisLabel: { color: c.soft, hideOverlap: true, interval: hourly ? 23 : "auto" } }),
    yAxis: axis(c, { type: "value", min: 0, minInterval: 1, axisLine: { show: false } }),
    series: [
      // The band is a line at its lower end that is not drawn, and its height filled on top of it.
      { name: "lower", type: "line", stack: "band", data: rows.map((p) => p.lower ?? null), lineStyle: { opacity: 0 }, symbol: "none", silent: true, tooltip: { show: false } },
      { name: band, type: "line", stack: "band", data: rows.map((p) => (p.upper === undefined ? null : p.upper - p.lower!)), lineStyle: { opacity: 0 }, areaStyle: { color: c.mark, opacity: 0.18 }, itemStyle: { color: c.mark, opacity: 0.35 }, symbol: "none", silent: true },
      {
        name: say.history, type: "line", data: rows.map((p) => p.contacts ?? null), symbol: "none", lineStyle: { width: 1.5, color: c.soft }, itemStyle: { color: c.soft },
        markLine: { silent: true, symbol: "none", label: { formatter: say.today, color: c.soft }, lineStyle: { color: c.edge, type: "solid", width: 1 }, data: [{ xAxis: past }] },
      },
      { name: say.mean, type: "line", data: rows.map((p) => p.mean ?? null), symbol: "none", lineStyle: { width: 2, color: c.mark }, itemStyle: { color: c.mark } },
    ],
  }), [rows, past, band, format, zone, hourly])
  return (
    <Chart label={say.title(series.topic ?? series.channel ?? say.everything)} option={option} rows={rows} height="18rem" file="forecast" columns={[
      { title: say.at, cell: (p) => write(p.at), plain: (p) => p.at },
      { title: say.history, number: true, cell: (p) => format.number(p.contacts), plain: (p) => p.contacts },
      { title: say.mean, number: true, cell: (p) => format.number(p.mean, 1), plain: (p) => p.mean },
      { title: say.lower, number: true, cell: (p) => format.number(p.lower), plain: (p) => p.lower },
      { title: say.upper, number: true, cell: (p) => format.number(p.upper), plain: (p) => p.upper },
    ]} />
  )
}
