// What a report is about: the span, the zone, and of whom. It stands in the URL, the same on every page of reports.
import { useEffect, useState } from "preact/hooks"
import { api, answered } from "./api"
import { useSpeech, wordOf } from "./i18n"
import { type Load, useLoad } from "./load"
import { useMay } from "./session"
import { setParams, usePlace } from "./router"
import { Button, Field, Select } from "./ui/parts"
import { Bones, Notice } from "./ui/states"
import { Written } from "./ui/written"

export interface Scope {
  /** from and until are days of the zone, until exclusive, as YYYY-MM-DD. */
  from: string
  until: string
  zone: string
  channel: string[]
  source: string[]
  segment?: string
  agent_kind: ("ai" | "human")[]
}

/** scopeWords are the words of the query that make the scope, for links that carry it on. */
export const scopeWords = ["days", "from", "until", "zone", "channel", "source", "segment", "agent_kind"]

/** defaultDays is the span shown where the URL names none. */
const defaultDays = 28

/** localZone is where the reader is. */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"

/** dayOf is the day of a time in a zone, as YYYY-MM-DD. */
export function dayOf(at: Date, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
  return parts.format(at)
}

/** addDays counts from a day to another. */
export function addDays(day: string, n: number): string {
  const date = new Date(day + "T00:00:00Z")
  date.setUTCDate(date.getUTCDate() + n)
  return date.toISOString().slice(0, 10)
}

/** daysOf is how many days a span has. */
export function daysOf(scope: Pick<Scope, "from" | "until">): number {
  return Math.round((Date.parse(scope.until) - Date.parse(scope.from)) / 86_400_000)
}

const isDay = (text: string | null): text is string => /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(Date.parse(text!))

/** scopeOf reads the scope of a query. What makes no sense there is as if it were not there. */
export function scopeOf(query: URLSearchParams): Scope {
  let zone = query.get("zone") ?? localZone
  try { dayOf(new Date(), zone) } catch { zone = "UTC" }
  const tomorrow = addDays(dayOf(new Date(), zone), 1)
  const days = Math.min(Math.max(Number(query.get("days")) || defaultDays, 1), 730)
  let [from, until] = [query.get("from"), query.get("until")]
  if (!isDay(from) || !isDay(until) || from >= until) [from, until] = [addDays(tomorrow, -days), tomorrow]
  return {
    from, until, zone, channel: query.getAll("channel"), source: query.getAll("source"), segment: query.get("segment") ?? undefined,
    agent_kind: query.getAll("agent_kind").filter((k): k is "ai" | "human" => k === "ai" || k === "human"),
  }
}

/** useScope is the scope of the page. */
export function useScope(): Scope {
  return scopeOf(usePlace().query)
}

/** asBody is a scope as POST /v1/journeys/… takes it. */
export function asBody(scope: Scope) {
  const filter = {
    channels: scope.channel.length ? scope.channel : undefined, sources: scope.source.length ? scope.source : undefined,
    segment: scope.segment, agent_kinds: scope.agent_kind.length ? scope.agent_kind : undefined,
  }
  return { from: scope.from, until: scope.until, zone: scope.zone, filter }
}

/** asQuery is a scope as the metrics' routes take it. */
export function asQuery(scope: Scope) {
  return {
    from: scope.from, until: scope.until, zone: scope.zone, segment: scope.segment,
    channel: scope.channel.length ? scope.channel : undefined,
    source: scope.source.length ? scope.source : undefined,
    agent_kind: scope.agent_kind.length ? scope.agent_kind : undefined,
  }
}

/** keyOf names a scope, for useLoad. */
export function keyOf(scope: Scope): string {
  return JSON.stringify(asQuery(scope))
}

const spans = [7, 28, 90, 365]

/** channels are those that events name (ingest/event); words.common.channels says what they are called. */
export const channels = ["web", "app", "email", "chat", "voice", "sms", "rcs", "whatsapp", "social", "store", "mail"] as const
export type Channel = (typeof channels)[number]

/** FilterBar lets the reader change the scope. without leaves out what a report has no use for. */
export function FilterBar({ without = [] }: { without?: ("time" | "channel" | "source" | "segment" | "agent_kind")[] }) {
  const { words } = useSpeech()
  const say = words.common.filters
  const { query } = usePlace()
  const scope = scopeOf(query)
  const own = isDay(query.get("from"))
  const [choosing, setChoosing] = useState(own)
  useEffect(() => setChoosing(own), [own])
  const mayRead = useMay("profiles:read")
  const maySources = useMay("sources:read")
  const segments = useLoad(mayRead && !without.includes("segment") ? "segments" : "", (signal) => api.GET("/v1/segments", { signal }).then(answered))
  // The account of sources costs the store as much as a report: it is asked for when somebody wants to choose of them.
  const [wanted, setWanted] = useState(false)
  const sources = useLoad(wanted ? "sources" : "", (signal) => api.GET("/v1/sources", { signal }).then(answered))
  const days = daysOf(scope)
  const filtered = scope.channel.length + scope.source.length + scope.agent_kind.length + (scope.segment ? 1 : 0) > 0
  return (
    <section class="filters" aria-label={say.label}>
      {!without.includes("time") && <>
        <Select label={say.time} value={choosing ? "custom" : String(days)}
          options={[...spans.concat(spans.includes(days) || choosing ? [] : [days]).sort((a, b) => a - b).map((n) => ({ value: String(n), label: say.days(n) })), { value: "custom", label: say.custom }]}
          onChange={(v) => (v === "custom" ? setChoosing(true) : setParams({ days: v === String(defaultDays) ? "" : v, from: "", until: "" }))} />
        {choosing && <>
          <Field label={say.from}><Written type="date" value={scope.from} max={addDays(scope.until, -1)} onWritten={(from) => from && setParams({ from, until: scope.until, days: "" })} /></Field>
          <Field label={say.until}><Written type="date" value={addDays(scope.until, -1)} min={scope.from} onWritten={(last) => last && setParams({ from: scope.from, until: addDays(last, 1), days: "" })} /></Field>
        </>}
      </>}
      <Select label={say.zone} value={scope.zone} onChange={(v) => setParams({ zone: v === localZone ? "" : v })}
        options={[...new Set([scope.zone, localZone, "UTC"])].map((z) => ({ value: z, label: z }))} />
      {!without.includes("channel") && <Several label={say.channel} name="channel" chosen={scope.channel} options={channels} called={words.common.channels} />}
      {!without.includes("source") && maySources && <Several label={say.source} name="source" chosen={scope.source} options={sources.data?.sources.map((s) => s.source)} load={sources} onOpen={() => setWanted(true)} />}
      {segments.problem && !segments.data && <Field label={say.segment}><Button onClick={segments.reload}>{words.common.states.retry}</Button></Field>}
      {!without.includes("segment") && segments.data && <Select label={say.segment} value={scope.segment ?? ""} onChange={(v) => setParams({ segment: v })}
        options={[{ value: "", label: say.all }, ...segments.data.segments.map((s) => ({ value: s.name, label: s.name }))]} />}
      {!without.includes("agent_kind") && <Select label={say.agentKind} value={scope.agent_kind.length === 1 ? scope.agent_kind[0]! : ""} onChange={(v) => setParams({ agent_kind: v })}
        options={[{ value: "", label: say.all }, { value: "ai", label: say.ai }, { value: "human", label: say.human }]} />}
      {filtered && <Button kind="plain" onClick={() => setParams({ channel: "", source: "", segment: "", agent_kind: "" })}>{say.clear}</Button>}
    </section>
  )
}

/** Several chooses any of a list that may be long, and that may come once it is opened. called are the words for those options that have one. */
function Several({ label, name, chosen, options, called = {}, load, onOpen }: {
  label: string; name: string; chosen: string[]; options?: readonly string[]; called?: Record<string, string>; load?: Load<unknown>; onOpen?: () => void
}) {
  const { words, format } = useSpeech()
  const toggle = (option: string) => setParams({ [name]: chosen.includes(option) ? chosen.filter((c) => c !== option) : [...chosen, option] })
  return (
    <div class="field">
      <span id={`filter-${name}`}>{label}</span>
      <details onToggle={(e) => e.currentTarget.open && onOpen?.()} onKeyDown={(e) => {
        if (e.key !== "Escape" || !e.currentTarget.open) return
        e.currentTarget.open = false
        e.currentTarget.querySelector("summary")!.focus() // what had the focus may be out of sight now
      }}>
        <summary class="button" aria-labelledby={`filter-${name} filter-${name}-now`}>
          <span id={`filter-${name}-now`}>{chosen.length === 0 ? words.common.filters.all : chosen.length < 3 ? chosen.map((c) => wordOf(called, c)).join(", ") : format.number(chosen.length)}</span>
        </summary>
        <div class="menu">
          {load?.problem ? <Notice problem={load.problem} retry={load.reload} /> : !options && load?.loading && <Bones lines={3} />}
          {[...new Set([...options ?? [], ...chosen])].map((o) => (
            <label key={o} class="check"><input type="checkbox" checked={chosen.includes(o)} onChange={() => toggle(o)} /><bdi>{wordOf(called, o)}</bdi></label>
          ))}
        </div>
      </details>
    </div>
  )
}
