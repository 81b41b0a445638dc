// A chart is a picture of a table, and the table is one click away: for who cannot see it, and who wants the numbers.
import type { EChartsCoreOption, EChartsType } from "echarts/core"
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { useSpeech } from "../i18n"
import { type Column, DownloadCSV, Table } from "./table"

/** Colours are those of the theme, as a canvas takes them. */
export interface Colours {
  text: string; soft: string; card: string; line: string; edge: string; mark: string; wash: string; good: string; warn: string; bad: string; sunk: string
  series: string[]
}

const names = ["text", "soft", "card", "line", "edge", "mark", "wash", "good", "warn", "bad", "sunk"] as const

/** colours reads the tokens. A canvas knows no light-dark(), so that the browser resolves them on an element. */
export function colours(): Colours {
  const probe = document.body.appendChild(document.createElement("i"))
  const read = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const all = Object.fromEntries(names.map((n) => [n, read(n)])) as unknown as Colours
  all.series = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => read(`series-${n}`))
  probe.remove()
  return all
}

/** onTheme calls back when the theme changes. */
function onTheme(changed: () => void): () => void {
  const media = matchMedia("(prefers-color-scheme: dark)")
  media.addEventListener("change", changed)
  const watch = new MutationObserver(changed)
  watch.observe(document.documentElement, { attributeFilter: ["data-theme"] })
  return () => { media.removeEventListener("change", changed); watch.disconnect() }
}

/** axes are the defaults of every chart: thin, quiet, and no text that is markup. */
function defaults(c: Colours): EChartsCoreOption {
  return {
    color: c.series,
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: c.soft, fontSize: 12 },
    // "richText" draws the tooltip on the canvas. As HTML it would be markup made of names that customers chose.
    tooltip: { renderMode: "richText", backgroundColor: c.card, borderColor: c.line, textStyle: { color: c.text, fontSize: 12 }, confine: true },
    legend: { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 4, textStyle: { color: c.soft } },
    grid: { left: 8, right: 12, top: 28, bottom: 4, containLabel: true },
  }
}

/** axis styles an axis: lines of the theme, labels in its soft colour. */
export function axis(c: Colours, more: object = {}): object {
  return {
    axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false }, axisLabel: { color: c.soft, hideOverlap: true },
    splitLine: { lineStyle: { color: c.line, width: .5 } }, ...more,
  }
}

/** fetchCharts has the script that draws charts come while what they show is asked for. */
export function fetchCharts(): void {
  void import("./echarts").catch(() => {}) // who draws one asks again
}

export interface ChartProps<Row> {
  /** label says in words what the chart shows. */
  label: string
  option: (c: Colours) => EChartsCoreOption
  columns: Column<Row>[]
  rows: Row[]
  height?: string
  /** file is the name of the CSV file. */
  file?: string
  /** onPick is called with what was clicked: ECharts' name, series and place in the data. The table should offer the same. */
  onPick?: (picked: { name: string; seriesName?: string; seriesIndex?: number; dataIndex: number; data: unknown; dataType?: string }) => void
  tools?: ComponentChildren
}

export function Chart<Row>({ label, option, columns, rows, height, file, onPick, tools }: ChartProps<Row>) {
  const { words, language } = useSpeech()
  const [asTable, setAsTable] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | undefined>(undefined)
  const picking = useRef(onPick)
  picking.current = onPick
  const making = useRef(option)
  making.current = option

  useEffect(() => {
    if (asTable) return
    let gone = false
    let stop = () => {}
    void import("./echarts").then(({ init }) => {
      if (gone || !box.current) return
      const made = init(box.current, null, { renderer: "canvas" })
      chart.current = made
      const draw = () => {
        const c = colours()
        const base = defaults(c)
        const own = making.current(c)
        const merged: Record<string, unknown> = { ...base, ...own }
        for (const part of ["tooltip", "grid", "legend"]) {
          const given = (own as Record<string, unknown>)[part]
          merged[part] = Array.isArray(given) ? given : { ...(base as Record<string, object>)[part], ...(given as object | undefined) }
        }
        made.setOption(merged, { notMerge: true })
      }
      made.on("click", (event) => picking.current?.(event as never))
      // A chart that has just been taken off the page has no size, and ECharts cannot draw on none.
      const size = new ResizeObserver(() => { if (box.current?.clientWidth && box.current.clientHeight) made.resize() })
      size.observe(box.current)
      const off = onTheme(draw)
      redraw.current = draw
      draw()
      stop = () => { size.disconnect(); off(); made.dispose(); chart.current = undefined; redraw.current = undefined }
    })
    return () => { gone = true; stop() }
  }, [asTable])
  const redraw = useRef<(() => void) | undefined>(undefined)
  useEffect(() => redraw.current?.(), [rows, language, option])

  return (
    <figure class="chart" aria-label={label}>
      <div class="tools">
        {tools}
        {asTable && <DownloadCSV name={file ?? "tributary"} columns={columns} rows={rows} />}
        <button type="button" class="button plain small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? words.common.actions.chart : words.common.actions.table}
        </button>
      </div>
      {asTable
        ? <Table label={label} columns={columns} rows={rows} keyOf={(_, n) => n} tall={height ?? "16rem"} />
        : <div ref={box} class="canvas" role="img" aria-label={label} style={height ? { "--height": height } : undefined} />}
    </figure>
  )
}
