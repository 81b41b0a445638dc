// A document as a tree, and as the YAML that a person reads.
export type Tree = { [name: string]: unknown }

/** Rule is a rule as the document says it: a word, or a mapping. */
export interface Rule { do: string; needs?: string; below?: string; max_age?: string; limit?: number; consent?: string }

const plainWord = /^[A-Za-z][\w-]*$/
const notPlain = /^(?:true|false|yes|no|on|off|null|y|n)$/i

function scalar(value: unknown): string {
  return typeof value === "string" && plainWord.test(value) && !notPlain.test(value) ? value : JSON.stringify(value)
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** flow writes a value on one line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return "[" + value.map(flow).join(", ") + "]"
  if (isTree(value)) return "{" + Object.entries(value).map(([name, v]) => `${scalar(name)}: ${flow(v)}`).join(", ") + "}"
  return scalar(value)
}

/** yaml writes mappings one member a line down to a depth, and what is deeper on one line. */
export function yaml(tree: Tree, depth = 3, indent = ""): string {
  return Object.entries(tree).map(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0 && depth > 0
      ? `${indent}${scalar(name)}:\n${yaml(value, depth - 1, indent + "  ")}`
      : `${indent}${scalar(name)}: ${flow(value)}\n`).join("")
}

/** withRule is the document with another rule for one purpose, reader and class. */
export function withRule(document: Tree, purpose: string, reader: string, of: string, rule: Rule): Tree {
  const rules = { ...(document.rules as Tree | undefined) }
  const forPurpose = { ...(rules[purpose] as Tree | undefined) }
  const forReader = { ...(forPurpose[reader] as Tree | undefined) }
  forReader[of] = Object.keys(rule).length === 1 ? rule.do : rule
  forPurpose[reader] = forReader
  rules[purpose] = forPurpose
  return { ...document, rules }
}
