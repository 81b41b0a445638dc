// What stands in the URL: the question of each tab, and whom one looks at. A view is its address.
import type { Schemas } from "../../api"
import { setParams, usePlace } from "../../router"

export type Selection = Schemas["EventSelection"]

/** kindOf is how the types of events that have no name of their own are written: "type:page" is any page. */
const typed = "type:"

/** readSelection reads a selection of the URL: the name of a kind of events, or JSON. */
export function readSelection(text: string): Selection {
  if (!text.startsWith("{")) return kinds([text])
  try {
    const read = JSON.parse(text) as Selection
    const list = <T>(value: unknown): T[] | undefined => (Array.isArray(value) && value.length ? (value as T[]) : undefined)
    return tidy({ events: list(read.events), types: list(read.types), channels: list(read.channels), sources: list(read.sources), where: list(read.where) })
  } catch {
    return {}
  }
}

/** writeSelection is the shortest text that readSelection reads; nothing chosen is "{}". */
export function writeSelection(s: Selection): string {
  const names = kindsOf(s)
  const plain = names.length === 1 && !names[0]!.startsWith("{") && !s.channels?.length && !s.sources?.length && !s.where?.length
  return plain ? names[0]! : JSON.stringify(tidy(s))
}

/** kinds makes a selection of names and "type:…"; all of one sort, since an event has to be in every list that is given. */
export function kinds(names: string[]): Selection {
  const types = names.filter((n) => n.startsWith(typed)).map((n) => n.slice(typed.length))
  const events = names.filter((n) => n && !n.startsWith(typed))
  return tidy({ events, types: types as Selection["types"] })
}

/** kindsOf are the names and "type:…" of a selection. */
export function kindsOf(s: Selection): string[] {
  return [...(s.events ?? []), ...(s.types ?? []).map((t) => typed + t)]
}

export const typeName = (kind: string) => (kind.startsWith(typed) ? kind.slice(typed.length) : undefined)

/** tidy leaves out what is empty, so that equal selections are equal texts. */
export function tidy(s: Selection): Selection {
  return Object.fromEntries(Object.entries(s).filter(([, v]) => Array.isArray(v) && v.length)) as Selection
}

/** chosen says whether a selection selects anything: conditions alone do not. */
export function chosen(s: Selection): boolean {
  return [s.events, s.types, s.channels, s.sources].some((l) => l?.length)
}

/** useSelection is one selection of the URL. */
export function useSelection(name: string, otherwise: string): [Selection, (s: Selection) => void] {
  const { query } = usePlace()
  return [readSelection(query.get(name) ?? otherwise), (s) => setParams({ [name]: writeSelection(s) })]
}

/** useSelections is a list of them; a URL that has none has those of otherwise. */
export function useSelections(name: string, otherwise: string[]): [Selection[], (all: Selection[], more?: Record<string, string | string[]>) => void] {
  const { query } = usePlace()
  const texts = query.getAll(name)
  return [(texts.length ? texts : otherwise).map(readSelection), (all, more) => setParams({ [name]: all.map(writeSelection), ...more })]
}

/** useBehind is the part of an answer whose people are looked at, as its request says it; undefined: nobody is. */
export function useBehind<T extends object>(): [T | undefined, (of: T | undefined) => void] {
  const { query } = usePlace()
  let of: T | undefined
  try { of = JSON.parse(query.get("behind") ?? "null") ?? undefined } catch { /* no part of anything */ }
  return [typeof of === "object" ? of : undefined, (next) => setParams({ behind: next ? JSON.stringify(next) : "" })]
}

/** oneOf is a text of the URL if it is one of a list, else the first of them. */
export function oneOf<T extends string>(text: string, list: readonly T[]): T {
  return list.includes(text as T) ? (text as T) : list[0]!
}

/** numberOf is a whole number of the URL within bounds, else the default. */
export function numberOf(text: string, otherwise: number, least: number, most: number): number {
  const n = Number(text)
  return text && Number.isInteger(n) && n >= least && n <= most ? n : otherwise
}
