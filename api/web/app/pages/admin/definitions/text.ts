// What the form changes is written into the document where it stands: what nobody touched stays as it was written, comments
// and all. Whether the document then says what the form says is for the server to tell (draft.ts).
import { flow, type Tree } from "../document"
import type { Doc } from "./model"

export type Part = "computed" | "segments"
const parts: Part[] = ["computed", "segments"]

/** longest is how long a value on one line may be. */
const longest = 100

/** block writes a value over lines, each begun with an indent; what is short is on one. */
function block(value: unknown, indent: string): string[] {
  const short = flow(value)
  if (short.length <= longest - indent.length || typeof value !== "object" || value === null) return [indent + short]
  if (Array.isArray(value)) return value.flatMap((v) => item(v, indent))
  return Object.entries(value).flatMap(([name, v]) => member(name, v, indent))
}

function member(name: string, value: unknown, indent: string): string[] {
  const lines = block(value, indent + "  ")
  return lines.length === 1 ? [`${indent}${flow(name)}: ${lines[0]!.trimStart()}`] : [`${indent}${flow(name)}:`, ...lines]
}

function item(value: unknown, indent: string): string[] {
  const lines = block(value, indent + "  ")
  return [`${indent}- ${lines[0]!.slice(indent.length + 2)}`, ...lines.slice(1)]
}

/** definition writes a trait on one line where it is short, and a segment over several. */
function definition(value: object, indent: string): string[] {
  const short = flow(value)
  if (short.length <= longest) return [`${indent}- ${short}`]
  const lines = Object.entries(value).flatMap(([name, v]) => member(name, v, indent + "  "))
  return [`${indent}- ${lines[0]!.slice(indent.length + 2)}`, ...lines.slice(1)]
}

/** Item is a definition of the text: the comments before it, and its own lines. */
interface Item { lead: string[]; lines: string[] }
interface Section { from: number; to: number; indent: string; items: Item[]; rest: string[] }

const passed = (line: string) => /^\s*(#.*)?$/.test(line)
const within = (line: string, indent: string) => line.startsWith(indent + " ")

/** sectionOf finds the definitions of a part, one to a list item; undefined: they are written in another way. */
function sectionOf(lines: string[], part: Part): Section | undefined {
  const head = lines.findIndex((l) => new RegExp(`^${part}:\\s*(#.*)?$`).test(l))
  if (head < 0) return undefined
  const found: Section = { from: head + 1, to: lines.length, indent: "  ", items: [], rest: [] }
  let lead: string[] = []
  for (let n = head + 1; n < lines.length; n++) {
    const line = lines[n]!
    const last = found.items.at(-1)
    if (passed(line) && !(last && line.trim() && within(line, found.indent + " "))) {
      lead.push(line)
      continue
    }
    const begun = line.match(/^( *)- /)
    if (begun && (!last || begun[1] === found.indent)) {
      found.indent = begun[1]!
      found.items.push({ lead, lines: [line] })
    } else if (last && within(line, found.indent)) {
      last.lines.push(...lead, line)
    } else if (/^\S/.test(line)) {
      found.to = n
      break
    } else return undefined
    lead = []
  }
  found.rest = lead
  return found
}

/** Written is a document with what changed in it. */
export interface Written {
  text: string
  /** lost says that comments stood in what was written anew. */
  lost: boolean
}

/** written is the text of a document after a change. What was not changed is the same object as before. */
export function written(text: string, before: Doc, after: Doc): Written {
  let now: Written = { text, lost: false }
  for (const part of parts) {
    if (before[part] === after[part]) continue
    const next = replaced(now.text, part, before[part] ?? [], after[part] ?? [])
    if (!next) return whole(text, after)
    now = { text: next.text, lost: now.lost || next.lost }
  }
  return now
}

/** whole writes the document anew, from beginning to end. */
export function whole(text: string, doc: Doc): Written {
  const lines = Object.entries(doc).flatMap(([name, v]) => (
    (name === "computed" || name === "segments") && Array.isArray(v) && v.length
      ? [`${name}:`, ...(v as object[]).flatMap((d) => definition(d, "  "))]
      : Array.isArray(v) && !v.length ? [] : member(name, v as Tree, "")))
  return { text: lines.length ? lines.join("\n") + "\n" : "", lost: /(^|\s)#/m.test(text) }
}

function replaced(text: string, part: Part, before: object[], after: object[]): Written | undefined {
  const lines = text.split("\n")
  const at = sectionOf(lines, part)
  if (!at) {
    if (before.length || new RegExp(`^${part}\\s*:`, "m").test(text) || /^\s*[{[]/.test(text)) return undefined
    const end = text && !text.endsWith("\n") ? text + "\n" : text
    return { text: end + [`${part}:`, ...after.flatMap((d) => definition(d, "  ")), ""].join("\n"), lost: false }
  }
  if (at.items.length !== before.length) return undefined
  let lost = false
  const items = after.map((d, n): Item => {
    const kept = before.indexOf(d)
    if (kept >= 0) return at.items[kept]!
    const old = before[n] && !after.includes(before[n]!) ? at.items[n] : undefined
    lost ||= !!old?.lines.some((l) => /(^|\s)#/.test(l))
    return { lead: old?.lead ?? [], lines: definition(d, at.indent) }
  })
  const from = items.length ? at.from : at.from - 1 // a part that declares nothing is left out
  const next = [...lines.slice(0, from), ...items.flatMap((i) => [...i.lead, ...i.lines]), ...at.rest, ...lines.slice(at.to)]
  return { text: next.join("\n"), lost }
}

/** exact says whether the numbers of a text are those that a browser reads: it keeps fifteen digits. */
export function exact(text: string): boolean {
  return !/(?<![\w"'])-?\d[\d.]{15,}|\d[eE][+-]?\d/.test(text)
}
