// What the workspace really has, to be offered where a name is asked for. Who may not read it types the names.
import { answered, api, type Schemas } from "../../../api"
import { useLoad } from "../../../load"
import { addDays, channels, dayOf } from "../../../scope"
import { type Doc, eachCondition } from "./model"

export interface Known { events: Schemas["EventKind"][]; names: string[]; sources: string[]; channels: string[]; traits: string[]; fields: string[]; computed: string[]; purposes: string[] }

const looksBack = 366 // days
const mostSources = 30

/** useKnown asks for the kinds of events and the traits that sources send. */
export function useKnown(doc: Doc): Known {
  const until = addDays(dayOf(new Date(), "UTC"), 1)
  const events = useLoad("definitions kinds " + until, (signal) =>
    api.POST("/v1/journeys/events", { body: { from: addDays(until, -looksBack), until, zone: "UTC", limit: 500 }, signal }).then(answered)).data?.events ?? []
  const paths = useLoad("definitions fields", fieldsOfAll).data ?? []
  const purposes = new Set(["marketing"])
  for (const s of doc.segments ?? []) eachCondition(s.when, (c) => { if (c.consent?.purpose) purposes.add(c.consent.purpose) })
  const under = (head: string) => [...new Set(paths.filter((p) => p.startsWith(head)).map((p) => p.slice(head.length).split(".")[0]!))].sort()
  return {
    events, channels: [...channels], names: [...new Set(events.map((e) => e.name || e.type))], sources: [...new Set(events.flatMap((e) => e.sources))].sort(),
    traits: under("traits."), fields: [...new Set([...named, ...paths])], computed: (doc.computed ?? []).map((t) => t.name), purposes: [...purposes],
  }
}

/** named are fields that every event may have; those of the sources are offered beside them. */
const named = ["cx.topic", "cx.amount", "cx.score", "cx.product", "cx.queue", "cx.team", "cx.language", "cx.wait_s", "event.name", "event.type", "event.channel", "event.source", "event.at"]

/** fieldsOfAll are the fields that sources send, as definitions name them. */
async function fieldsOfAll(signal: AbortSignal): Promise<string[]> {
  const { sources } = await api.GET("/v1/sources", { signal }).then(answered)
  // A source of which nothing was taken has no schema. One that fails leaves those of the others.
  const asked = await Promise.allSettled(sources.filter((s) => s.stored > 0).slice(0, mostSources).map((s) =>
    api.GET("/v1/sources/{source}/schema", { params: { path: { source: s.source } }, signal }).then(answered)))
  const schemas = asked.flatMap((a) => (a.status === "fulfilled" ? [a.value] : []))
  const found = schemas.flatMap((s) => s.events.flatMap((e) => e.fields.map((f) => (e.event === "$identify" ? "traits." : "properties.") + f.path)))
  return [...new Set(found.filter((p) => !p.includes("[]")))]
}
