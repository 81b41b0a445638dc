// A condition in a sentence, for lists.
import type { Words } from "../../../i18n"
import { type Condition, groupOf, kidsOf, operators, subjectOf } from "./model"

type Say = Words["admin"]["definitions"]["form"]

/** said is a condition in words; within another, a group stands in brackets. */
export function said(c: Condition, say: Say, within = false): string {
  const group = groupOf(c)
  if (group === "not") return `${say.not} (${said(c.not!, say)})`
  if (!group) return leaf(c, say)
  const all = kidsOf(c).map((k) => said(k, say, true)).join(group === "all" ? say.and : say.or)
  return within && kidsOf(c).length > 1 ? `(${all})` : all
}

function leaf(c: Condition, say: Say): string {
  const subject = subjectOf(c)
  if (!subject) return "?"
  const [there, missing] = subject === "consent" ? [say.given, say.notGiven] : [say.operators.exists, say.missing]
  const asked = operators.filter((o) => c[o] !== undefined).map((o) =>
    (o === "exists" ? (c.exists ? there : missing) : `${say.operators[o]} ${[c[o]].flat().join(", ")}`))
  return [say.subjects[subject], named(c, say), asked.length || subject === "segment" ? asked.join(say.and) : there].filter(Boolean).join(" ")
}

function named(c: Condition, say: Say): string {
  if (c.attribute) return say.attributes[c.attribute]
  if (c.open) return say.open[c.open]
  if (c.counter) return [c.counter.name, c.counter.channel].filter(Boolean).join(", ")
  if (c.consent) return `${c.consent.channel}, ${c.consent.purpose}`
  if (c.satisfaction) return [c.satisfaction.survey, c.satisfaction.kind, c.satisfaction.scale, c.satisfaction.measure && say.measures[c.satisfaction.measure]].filter(Boolean).join(", ")
  return c.trait ?? c.computed ?? c.identifier ?? c.segment ?? ""
}
