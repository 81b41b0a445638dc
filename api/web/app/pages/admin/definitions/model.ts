// The document of definitions as the form sees it. Its grammar is the server's: types and lists come from the REST API's own
// document, and what is right is for the server to say.
import type { Schemas } from "../../../api"

export type Found = Schemas["Definitions"]
export type Doc = Schemas["DefinitionsDocument"]
export type Segment = Schemas["SegmentDefinition"]
export type Trait = Schemas["ComputedDefinition"]
export type Condition = Schemas["SegmentCondition"]
export type Where = Schemas["EventCondition"]
export type Fault = Schemas["FieldError"]

export type Group = "all" | "any" | "not"
export type Operator = "is" | "is_not" | "in" | "above" | "at_least" | "below" | "at_most" | "contains" | "exists"
export type Subject = Exclude<keyof Condition, Group | Operator>
export type Scalar = string | number | boolean

/** subjects, groups and operators are complete: a word of the grammar that is missing here does not build. */
const subject: Record<Subject, Condition> = {
  trait: { trait: "" }, attribute: { attribute: "city" }, computed: { computed: "" }, counter: { counter: { name: "" } }, open: { open: "case" },
  identifier: { identifier: "email" }, segment: { segment: "" }, consent: { consent: { channel: "email", purpose: "marketing" } },
  satisfaction: { satisfaction: { survey: "csat", scale: "1-5" } },
}
const operator: Record<Operator, true> = { is: true, is_not: true, in: true, above: true, at_least: true, below: true, at_most: true, contains: true, exists: true }

export const subjects = Object.keys(subject) as Subject[]
export const operators = Object.keys(operator) as Operator[]
export const groups: Group[] = ["all", "any", "not"]

/** counted are subjects that are a number, whatever is known. */
const counted: Subject[] = ["counter", "open", "identifier", "satisfaction"]

/** operatorsOf are those that say something of a subject. */
export function operatorsOf(of: Subject | undefined): Operator[] {
  if (of === "consent") return ["exists"]
  if (of === "segment") return []
  return operators.filter((o) => !of || !counted.includes(of) || o !== "contains")
}

export const isNumber = (of: Subject | undefined) => !!of && counted.includes(of)

export const groupOf = (c: Condition): Group | undefined => groups.find((g) => c[g] !== undefined)
export const subjectOf = (c: Condition): Subject | undefined => subjects.find((s) => c[s] !== undefined)

/** kidsOf are the conditions within a group. */
export function kidsOf(c: Condition): Condition[] {
  return c.not ? [c.not] : c.all ?? c.any ?? []
}

/** grouped makes a group of conditions; what is not to hold is one. */
export function grouped(group: Group, kids: Condition[]): Condition {
  if (group !== "not") return { [group]: kids }
  return { not: kids.length === 1 ? kids[0]! : { all: kids } }
}

/** anew is a condition on a subject of which nothing is said yet. */
export const anew = (of: Subject): Condition => structuredClone(subject[of])

/** newName is a name that nothing has: what is new is to be given one of its own. */
export function newName(stem: string, taken: { name: string }[], mark: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? stem : stem + mark + n
    if (!taken.some((t) => t.name === name)) return name
  }
}

/** eachCondition calls back for a condition and all within it. */
export function eachCondition(c: Condition, call: (c: Condition) => void): void {
  call(c)
  for (const kid of kidsOf(c)) eachCondition(kid, call)
}

/** usersOf are the segments that go by a computed trait or another segment. */
export function usersOf(doc: Doc, of: "computed" | "segment", name: string): string[] {
  return (doc.segments ?? []).filter((s) => {
    let uses = false
    eachCondition(s.when, (c) => { uses ||= c[of] === name })
    return uses
  }).map((s) => s.name)
}

/** usedBy are what a segment goes by: computed traits and segments. */
export function usedBy(s: Segment): string[] {
  const names = new Set<string>()
  eachCondition(s.when, (c) => { if (c.computed) names.add(c.computed); if (c.segment) names.add(c.segment) })
  return [...names]
}

/** renamed is a condition that calls something by its new name. */
export function renamed(c: Condition, of: "computed" | "segment", from: string, to: string): Condition {
  const group = groupOf(c)
  if (group) {
    const kids = kidsOf(c)
    const next = kids.map((k) => renamed(k, of, from, to))
    return next.every((k, n) => k === kids[n]) ? c : grouped(group, next)
  }
  return c[of] === from ? { ...c, [of]: to } : c
}

const order = ["name", "description", "of", "events", "types", "channels", "sources", "field", "where", "value", "currency", "window", "when", ...groups, ...subjects, "survey", "kind", "scale", "measure", "channel", "purpose", ...operators]

/** inOrder puts the members of every definition into the order in which people write them: JSON comes in that of the alphabet. */
export function inOrder<T>(value: T): T {
  if (Array.isArray(value)) return value.map(inOrder) as T
  if (!value || typeof value !== "object") return value
  const place = (name: string) => (order.indexOf(name) + 1 || order.length + 1)
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => place(a) - place(b)).map(([name, v]) => [name, inOrder(v)])) as T
}

/** same compares two values of JSON, in whatever order members stand. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))) : v))
}
