// Tables. A long one draws the rows that are in sight alone: 100,000 of them scroll as ten do.
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { useSpeech } from "../i18n"

export interface Column<Row> {
  title: ComponentChildren
  cell: (row: Row) => ComponentChildren
  /** number sets figures to the end of the column. */
  number?: boolean
  /** plain is the cell as text, for the CSV file. Without it the column is not in the file. */
  plain?: (row: Row) => string | number | null | undefined
}

/** longer is the number of rows from which a table is drawn in parts. */
const longer = 200
const rowHeight = 36

export function Table<Row>({ label, columns, rows, keyOf, selected, total = rows.length, tall = "32rem" }: {
  label: string; columns: Column<Row>[]; rows: Row[]; keyOf: (row: Row, n: number) => string | number; selected?: string | number
  /** total is how many rows there are, where not all of them are here yet. */
  total?: number
  /** tall is how high the table grows before it scrolls by itself. */
  tall?: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const [from, setFrom] = useState(0)
  const [height, setHeight] = useState(600)
  const long = rows.length > longer
  useEffect(() => {
    if (box.current) setHeight(box.current.clientHeight || 600)
  }, [long])
  const first = long ? Math.max(0, Math.min(Math.floor(from / rowHeight) - 10, rows.length - 1)) : 0
  const last = long ? Math.min(rows.length, first + Math.ceil(height / rowHeight) + 20) : rows.length
  const spacer = (count: number) => count > 0 && <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: `${count * rowHeight}px`, padding: 0, border: 0 }} /></tr>
  return (
    <div ref={box} class={long ? "table fixed" : "table"} style={{ "--tall": tall }} tabIndex={0} role="region" aria-label={label}
      onScroll={long ? (e) => setFrom(e.currentTarget.scrollTop) : undefined}>
      <table aria-rowcount={Math.max(total, rows.length) + 1}>
        <caption class="unseen">{label}</caption>
        <thead><tr>{columns.map((c, n) => <th key={n} scope="col" class={c.number ? "number" : undefined}>{c.title}</th>)}</tr></thead>
        <tbody>
          {spacer(first)}
          {rows.slice(first, last).map((row, n) => {
            const key = keyOf(row, first + n)
            return (
              <tr key={key} aria-rowindex={first + n + 2} aria-selected={selected === undefined ? undefined : key === selected}>
                {columns.map((c, m) => <td key={m} class={c.number ? "number" : undefined}>{c.cell(row)}</td>)}
              </tr>
            )
          })}
          {spacer(rows.length - last)}
        </tbody>
      </table>
    </div>
  )
}

/** csv is the file of a table (RFC 4180). A value that a spreadsheet would take for a formula is given a quote before it. */
export function csv<Row>(columns: Column<Row>[], rows: Row[]): string {
  const used = columns.filter((c) => c.plain)
  const quote = (value: unknown) => {
    let text = value === null || value === undefined ? "" : String(value)
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const title = (c: Column<Row>) => (typeof c.title === "string" ? c.title : "")
  return [used.map((c) => quote(title(c))), ...rows.map((row) => used.map((c) => quote(c.plain!(row))))].map((cells) => cells.join(",") + "\r\n").join("")
}

/** DownloadCSV saves a table as a file. */
export function DownloadCSV<Row>({ name, columns, rows }: { name: string; columns: Column<Row>[]; rows: Row[] }) {
  const { words } = useSpeech()
  const save = () => {
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob(["\ufeff", csv(columns, rows)], { type: "text/csv" }))
    link.download = name + ".csv"
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  return <button type="button" class="button plain small" onClick={save}>{words.common.actions.download}</button>
}
