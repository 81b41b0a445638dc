// Paths: what people do after an event, before one, or between two. What repeats itself is told once, so that loops are single nodes.
import { useMemo } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { setParams, useParam, usePlace } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { useMay } from "../../session"
import { Choice, Select } from "../../ui/parts"
import { Builder } from "./builder"
import { Moments, People } from "./people"
import { Sankey } from "./sankey"
import { SelectionEditor, useKinds } from "./selection"
import { chosen, numberOf, oneOf, readSelection, type Selection, useBehind, writeSelection } from "./state"
import { WindowSelect } from "./window"

const ways = ["to", "from", "between"] as const
const nodesBy = ["name", "name_channel", "channel"] as const
type Way = (typeof ways)[number]
/** Behind is the nodes of a path that people are asked for, and what they are called. */
interface Behind { at: Schemas["PathPlace"][]; title: string }

/** what is asked first: what customers do before they make contact. */
const firstEnd = "conversation.started"

export function Paths() {
  const { words, format } = useSpeech()
  const say = words.journeys.paths
  const scope = useScope()
  const events = useKinds(scope)
  const { query } = usePlace()
  const way = oneOf<Way>(query.get("way") ?? "", ways)
  const starts = readSelection(query.get("starts") ?? ""), ends = readSelection(query.get("ends") ?? firstEnd), nodes = readSelection(query.get("nodes") ?? "")
  const [byText, setBy] = useParam("by", "name")
  const by = oneOf(byText, nodesBy)
  const [depthText, setDepth] = useParam("depth", "4")
  const [topText, setTop] = useParam("top", "16")
  const depth = numberOf(depthText, 4, 1, 20), top = numberOf(topText, 16, 1, 50)
  const [window, setWindow] = useParam("window", "7d")
  const [behind, setBehind] = useBehind<Behind>()
  const choose = (name: string) => (s: Selection) => setParams({ [name]: writeSelection(s), behind: "" })
  const ready = (way === "to" || chosen(starts)) && (way === "from" || chosen(ends))
  const question = useMemo(() => ({
    ...asBody(scope), starts: way === "to" ? undefined : starts, ends: way === "from" ? undefined : ends, nodes: chosen(nodes) ? nodes : undefined, by, depth, top, window,
  } as Schemas["PathsQuestion"]), [keyOf(scope), query.toString()])
  const load = useLoad(ready ? `paths ${JSON.stringify(question)}` : "", (signal) => api.POST("/v1/journeys/paths", { body: question, signal }).then(answered))
  const may = useMay("profiles:read")
  return (
    <>
      <Builder say={say} ready={ready} load={load} bones={10} isNone={(answer) => answer.nodes.length === 0} none={say.noneHint} parts={<>
        <div class="row"><Choice label={say.way} value={way} onChange={(w) => setParams({ way: w === "to" ? "" : w, behind: "" })} options={ways.map((w) => ({ value: w, label: say.ways[w] }))} /></div>
        <div class="selections">
          {way !== "to" && <SelectionEditor label={say.starts} value={starts} events={events} onChange={choose("starts")} />}
          {way !== "from" && <SelectionEditor label={say.ends} value={ends} events={events} onChange={choose("ends")} />}
          <SelectionEditor label={say.nodes} value={nodes} events={events} onChange={choose("nodes")} empty={say.allNodes} />
        </div>
        <div class="row options">
          <Select label={say.by} value={by} onChange={setBy} options={nodesBy.map((b) => ({ value: b, label: say.nodesBy[b] }))} />
          <Select label={say.depth} value={String(depth)} onChange={setDepth} options={counts([2, 3, 4, 5, 6, 8, 10], depth, format)} />
          <Select label={say.top} value={String(top)} onChange={setTop} options={counts([8, 12, 16, 24, 50], top, format)} />
          <WindowSelect value={window} onChange={setWindow} />
        </div>
      </>}>
        {(answer) => <Sankey answer={answer} onPick={may ? (at, title) => setBehind({ at, title }) : undefined} />}
      </Builder>
      {ready && behind?.at && (
        <People of={["paths", question, behind]} title={behind.title} onClose={() => setBehind(undefined)}
          ask={(after, signal) => api.POST("/v1/journeys/paths/people", { body: { ...question, at: behind.at, after, limit: 50 } as Schemas["PathsPeopleQuestion"], signal }).then(answered).then((a) => ({ people: a.people, next: a.next_after }))}
          tell={(p) => <Moments at={way === "to" ? [...p.at].reverse() : p.at} zone={scope.zone} />} />
      )}
    </>
  )
}

/** counts are the choices of a number, with the one that is chosen. */
export function counts(of: number[], now: number, format: { number: (n: number) => string }): { value: string; label: string }[] {
  return [...new Set([...of, now])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: format.number(n) }))
}
