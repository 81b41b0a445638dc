// Paths as a Sankey diagram: a person is in one node of each column.
import { useMemo } from "preact/hooks"
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { Chart, type Colours } from "../../ui/chart"
import { Button, Theirs } from "../../ui/parts"
import type { Column } from "../../ui/table"

type Answer = Schemas["Paths"]
type Place = Schemas["PathPlace"]

interface Row { source: number; target?: number; people: number }

/** Sankey draws paths. onPick is told whose people are asked for: those of a node, or of a link. */
export function Sankey({ answer, onPick }: { answer: Answer; onPick?: (at: Place[], title: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.paths
  const { nodes, links } = answer
  const own = useMemo(() => [...new Set(nodes.filter((n) => !n.other).map((n) => n.name))], [answer])
  const nameOf = (n: number) => (nodes[n]!.other ? say.other : nodes[n]!.name.replace(/ \(none\)$/, ""))
  const placeOf = (n: number): Place => ({ position: nodes[n]!.position, ...(nodes[n]!.other ? { none_of: own } : { name: nodes[n]!.name }) })
  const pickNode = (n: number, ends = false) => onPick?.([{ ...placeOf(n), ...(ends ? { ends } : {}) }], ends ? say.endsAt(nameOf(n)) : nameOf(n))
  const pickLink = (r: Row) => (r.target === undefined ? pickNode(r.source, true) : onPick?.([placeOf(r.source), placeOf(r.target)], `${nameOf(r.source)} → ${nameOf(r.target)}`))
  const rows: Row[] = [...links.map((l) => ({ ...l })), ...nodes.flatMap((n, i) => (n.ends ? [{ source: i, people: n.ends }] : []))]
  const columns: Column<Row>[] = [
    { title: say.position, number: true, cell: (r) => format.number(nodes[r.source]!.position), plain: (r) => nodes[r.source]!.position },
    { title: say.fromNode, cell: (r) => <Theirs>{nameOf(r.source)}</Theirs>, plain: (r) => nameOf(r.source) },
    { title: say.toNode, cell: (r) => (r.target === undefined ? <span class="soft">{say.end}</span> : <Theirs>{nameOf(r.target)}</Theirs>), plain: (r) => (r.target === undefined ? say.end : nameOf(r.target)) },
    { title: words.journeys.people.title, number: true, cell: (r) => format.number(r.people), plain: (r) => r.people },
    ...(onPick ? [{ title: "", cell: (r: Row) => <Button small kind="plain" onClick={() => pickLink(r)}>{words.journeys.people.open}</Button> }] : []),
  ]
  const option = useMemo(() => (c: Colours) => {
    const first = Math.min(...nodes.map((n) => n.position))
    const columnCount = Math.max(...nodes.map((n) => n.position)) - first + 1
    const colour = (n: number) => (nodes[n]!.other ? c.edge : c.series[own.indexOf(nodes[n]!.name) % c.series.length])
    return {
      tooltip: {
        trigger: "item",
        formatter: ({ data, dataType }: { data: { at: number; row?: Row }; dataType: string }) => dataType === "edge"
          ? `${nameOf(data.row!.source)} → ${nameOf(data.row!.target!)}\n${words.common.people(format.number(data.row!.people), data.row!.people)}`
          : [nameOf(data.at), words.common.people(format.number(nodes[data.at]!.people), nodes[data.at]!.people), nodes[data.at]!.ends ? say.endHere(format.number(nodes[data.at]!.ends)) : ""].filter(Boolean).join("\n"),
      },
      series: [{
        type: "sankey", left: 4, right: 190, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 8, nodeAlign: "left", draggable: false, layoutIterations: 32, emphasis: { focus: "adjacency" },
        data: nodes.map((n, i) => ({ name: String(i), at: i, depth: n.position - first, value: n.people, itemStyle: { color: colour(i), borderWidth: 0 }, ...(n.position - first === columnCount - 1 ? { label: { width: 180 } } : {}) })),
        links: links.map((l) => ({ source: String(l.source), target: String(l.target), value: l.people, row: l })),
        lineStyle: { color: "source", opacity: .28, curveness: .5 },
        label: { color: c.text, fontSize: 12, width: Math.max(90, Math.min(160, 640 / columnCount)), overflow: "truncate", formatter: ({ data }: { data: { at: number } }) => `${nameOf(data.at)}  ${format.compact(nodes[data.at]!.people)}` },
      }],
    }
  }, [answer, format])
  return (
    <div class="wide">
      <Chart label={say.result} option={option} columns={columns} rows={rows} height="34rem" file="paths"
        onPick={({ data, dataType }) => { const d = data as { at: number; row?: Row }; if (dataType === "edge") pickLink(d.row!); else pickNode(d.at) }} />
      {onPick && <p class="small soft">{say.hint}</p>}
    </div>
  )
}
