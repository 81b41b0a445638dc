// What hangs together with what: the observations of a profile and the identifiers that they hold, as a picture and as rows.
import type { EChartsCoreOption } from "echarts/core"
import type { Schemas } from "../../api"
import type { Colours } from "../../ui/chart"
import { short } from "./paths"

export type Explanation = Schemas["Identity"] & Schemas["Reading"]
export type State = Schemas["ValueStanding"]["state"]

/** Held is one identifier that one observation holds. */
export interface Held { observation: string; source: string; founder: boolean; type: string; value: string; state: State }

/** heldBy lists what each observation holds; one that holds nothing stands for itself. */
export function heldBy(e: Explanation): Held[] {
  const state = new Map((e.values ?? []).map((v) => [keyOf(v.identifier.type, v.identifier.value), v.state]))
  return (e.observations ?? []).flatMap((o, n) => {
    const ids = o.identifiers ?? []
    const one = { observation: o.id, source: o.source, founder: n === 0 }
    if (ids.length === 0) return [{ ...one, type: "", value: "", state: "personal" as State }]
    return ids.map((i) => ({ ...one, type: i.type, value: i.value, state: state.get(keyOf(i.type, i.value)) ?? ("personal" as State) }))
  })
}

/** Standing is an identifier of the profile, and what it tells. */
export interface Standing { type: string; value: string; state: State; kind?: Schemas["ValueStanding"]["kind"]; profiles: number; byPerson: boolean }

/** standings lists the identifiers of a profile once each: those that are shared, generic or blocked first. */
export function standings(e: Explanation): Standing[] {
  const all = new Map<string, Standing>()
  for (const v of e.values ?? []) {
    const { type, value } = v.identifier
    all.set(keyOf(type, value), { type, value, state: v.state, kind: v.kind, profiles: v.profiles_total, byPerson: !!v.blocked })
  }
  for (const { type, value, state } of heldBy(e)) {
    if (type && !all.has(keyOf(type, value))) all.set(keyOf(type, value), { type, value, state, profiles: 1, byPerson: false })
  }
  return [...all.values()]
}

const keyOf = (type: string, value: string) => `${type}:${value}`

export interface GraphWords { founder: string; observation: string; personal: string; shared: string; generic: string; blocked: string; weighed: string }

/** pictureOf draws observations as rounds, identifiers as diamonds, and those that others hold too apart from them. */
export function pictureOf(e: Explanation, held: Held[], say: GraphWords, c: Colours): EChartsCoreOption {
  const categories = [
    { name: say.founder, symbol: "circle", itemStyle: { color: c.mark } },
    { name: say.observation, symbol: "circle", itemStyle: { color: c.series[5] } },
    { name: say.personal, symbol: "diamond", itemStyle: { color: c.series[7] } },
    { name: say.shared, symbol: "triangle", itemStyle: { color: c.series[1] } },
    { name: say.blocked, symbol: "rect", itemStyle: { color: c.edge } },
  ]
  const kind = { personal: 2, unknown: 2, shared: 3, generic: 4, blocked: 4 } as const
  const observations = new Map<string, object>()
  const identifiers = new Map<string, object>()
  const links: object[] = []
  for (const h of held) {
    if (!observations.has(h.observation)) {
      observations.set(h.observation, { id: h.observation, name: h.source, detail: short(h.observation), category: h.founder ? 0 : 1, symbolSize: h.founder ? 26 : 18 })
    }
    if (!h.type) continue
    const id = keyOf(h.type, h.value)
    identifiers.set(id, { id, name: h.value, detail: h.type, category: kind[h.state], symbolSize: 14 })
    links.push({ source: h.observation, target: id, lineStyle: { type: kind[h.state] === 2 ? "solid" : "dashed" } })
  }
  for (const l of e.links ?? []) {
    if (!l.weighing || !observations.has(l.a) || !observations.has(l.b)) continue
    links.push({ source: l.a, target: l.b, detail: say.weighed, lineStyle: { color: c.mark, width: 2, curveness: .15 } })
  }
  const data = [...observations.values(), ...identifiers.values()]
  return {
    legend: { data: categories.map((x) => ({ name: x.name, icon: x.symbol === "circle" ? "circle" : x.symbol })), itemHeight: 10 },
    tooltip: { formatter: ({ data: d }: { data: { name?: string; detail?: string } }) => [d.name, d.detail].filter(Boolean).join("\n") },
    series: [{
      type: "graph", layout: "force", zoom: .8, roam: true, draggable: true, categories, data, links, top: 36, bottom: 8,
      force: { repulsion: data.length > 60 ? 60 : 160, edgeLength: [40, 110], gravity: .12, friction: .25, layoutAnimation: false },
      label: { show: data.length <= 45, position: "right", color: c.text, fontSize: 11, overflow: "truncate", width: 150, formatter: "{b}" },
      labelLayout: { hideOverlap: true },
      lineStyle: { color: c.edge, opacity: .7, width: 1 },
      emphasis: { focus: "adjacency", label: { show: true } },
    }],
  }
}
