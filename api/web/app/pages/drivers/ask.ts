// What the page asks: which conversations a number counts, and of which span.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { type Load, useLoad } from "../../load"
import { useParam, useParams } from "../../router"
import { asBody, dayOf, type Scope, useScope } from "../../scope"

export type Drivers = Schemas["Drivers"]
export type Topic = Schemas["DriverTopic"]
export type Group = Schemas["DriverGroup"]

/** Span is a scope as reports take it. It ends at the last full hour where its last day is not over, for the spans before are whole. */
export type Span = ReturnType<typeof asBody>

const hour = 3_600_000

/** lastHour is the end of all that has happened, told to the hour, so that asking twice is asking the same. */
const lastHour = () => new Date(Math.floor(Date.now() / hour) * hour)

/** spanOf is the scope of the page. */
export function spanOf(scope: Scope): Span {
  const body = asBody(scope)
  return scope.until > dayOf(new Date(), scope.zone) ? { ...body, until: lastHour().toISOString() } : body
}

/** weekOf is the last seven days, under the filters of the page. */
export function weekOf(scope: Scope): Span {
  const until = lastHour()
  return { ...asBody(scope), from: new Date(until.getTime() - 7 * 24 * hour).toISOString(), until: until.toISOString() }
}

/** useDrivers asks for the report of a span. */
export function useDrivers(span: Span): Load<Drivers> {
  return useLoad("drivers " + JSON.stringify(span), (signal) => api.POST("/v1/journeys/drivers", { body: span, signal }).then(answered))
}

/** useTaxonomy is the list of topics, and how many labels each has. */
export function useTaxonomy(): Load<Schemas["Topics"]> {
  return useLoad("topics", (signal) => api.GET("/v1/journeys/topics", { signal }).then(answered))
}

/** useTopicName names a topic of the taxonomy: inside its group with short, else with the group. */
export function useTopicName(): (id: string, short?: boolean) => string {
  const { words } = useSpeech()
  const names = words.drivers.topics
  return (id, short) => {
    const [group = ""] = id.split("/")
    const name = wordOf(names, id)
    return short || group === id || name === id ? name : `${wordOf(names, group)}: ${name}`
  }
}

const members = ["topic", "by", "word", "told", "step", "above"] as const
export type Member = (typeof members)[number]

/** partsOf writes a group as the URL has it: of=topic:billing/refund&of=word:refund. */
export function partsOf(group: Group): string[] {
  const values: Record<Member, string | undefined> = {
    topic: group.topic, by: group.by, word: group.word, told: group.told_topic, step: group.step, above: group.handle_above_s?.toString(),
  }
  return members.flatMap((m) => (values[m] === undefined ? [] : [`${m}:${values[m]}`]))
}

/** groupOf reads what partsOf wrote; undefined: nothing is chosen. */
export function groupOf(parts: string[]): Group | undefined {
  const value = (m: Member) => parts.find((p) => p.startsWith(m + ":"))?.slice(m.length + 1)
  const above = Number(value("above"))
  const group: Group = {
    topic: value("topic"), by: value("by") as Group["by"], word: value("word"), told_topic: value("told"), step: value("step"),
    handle_above_s: above >= 0 && value("above") ? above : undefined,
  }
  return Object.values(group).some((v) => v !== undefined) ? group : undefined
}

/** useBehind is which number is looked behind, and of which span: the page's, or the last week. */
export function useBehind(): { group?: Group; week: boolean; span: Span } {
  const scope = useScope()
  const [parts] = useParams("of")
  const [week] = useParam("week")
  return { group: groupOf(parts), week: week === "1", span: week === "1" ? weekOf(scope) : spanOf(scope) }
}
