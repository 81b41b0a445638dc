// How events are chosen: by kind, and narrowed by channel, source and what they say.
import type { ComponentChildren } from "preact"
import { useId, useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { channels, type Scope } from "../../scope"
import { Button, Field, Select, Theirs } from "../../ui/parts"
import { Written } from "../../ui/written"
import { kinds, kindsOf, type Selection, tidy, typeName } from "./state"

export type Kind = Schemas["EventKind"]

/** useKinds are the kinds of events of the span, whatever the filters: a step may be on another channel. */
export function useKinds(scope: Scope): Kind[] {
  const { from, until, zone } = scope
  return useLoad(`kinds ${from} ${until} ${zone}`, (signal) => api.POST("/v1/journeys/events", { body: { from, until, zone, limit: 500 }, signal }).then(answered)).data?.events ?? []
}

/** useKindName says a kind of events in words: its own name, or what a type is called. */
function useKindName(): (kind: string) => string {
  const { types } = useSpeech().words.journeys.selection
  return (kind) => { const type = typeName(kind); return type ? wordOf(types, type) : kind }
}

/** useTitle says a selection in words. */
export function useTitle(): (s: Selection) => string {
  const { words, format } = useSpeech()
  const say = words.journeys.selection
  const nameOf = useKindName()
  return (s) => {
    const what = kindsOf(s).map(nameOf).join(` ${say.or} `) || say.any
    const narrowed = [...(s.channels ?? []).map((c) => wordOf(words.common.channels, c)), ...(s.sources ?? []), ...(s.where?.length ? [say.conditions(format.number(s.where.length), s.where.length)] : [])]
    return narrowed.length ? `${what} (${narrowed.join(", ")})` : what
  }
}

interface Props {
  label: string
  value: Selection
  events: Kind[]
  onChange: (s: Selection) => void
  /** empty says in words what no choice means, where that is one. */
  empty?: string
  children?: ComponentChildren
}

export function SelectionEditor({ label, value, events, onChange, empty, children }: Props) {
  const { words, format } = useSpeech()
  const say = words.journeys.selection
  const narrowing = (value.channels?.length ?? 0) + (value.sources?.length ?? 0) + (value.where?.length ?? 0)
  const [open, setOpen] = useState(narrowing > 0)
  const list = useId()
  const names = kindsOf(value)
  const set = (all: string[]) => onChange(tidy({ ...value, events: undefined, types: undefined, ...kinds(all) }))
  const typed = names.some((n) => typeName(n))
  const nameOf = useKindName()
  const offered = events.filter((e) => e.name && !names.includes(e.name))
  return (
    <div class="selection" role="group" aria-label={label}>
      <div class="row apart">
        <span class="small soft">{label}</span>
        <span class="row tools">
          <Button small kind="plain" aria-expanded={open} onClick={() => setOpen(!open)}>{narrowing ? say.narrowed(format.number(narrowing)) : say.narrow}</Button>
          {children}
        </span>
      </div>
      <div class="row">
        {names.map((n) => (
          <span key={n} class="badge mark chip">
            {typeName(n) ? nameOf(n) : <Theirs>{n}</Theirs>}
            <button type="button" aria-label={say.drop(nameOf(n))} onClick={() => set(names.filter((o) => o !== n))}>×</button>
          </span>
        ))}
        <form class="grow" onSubmit={(e) => { e.preventDefault(); add(e.currentTarget.querySelector("input")!) }}>
          <input list={list} aria-label={names.length ? say.or : say.event} placeholder={names.length ? say.orAnother : empty ?? say.event} autocomplete="off" spellcheck={false} maxLength={256}
            onChange={(e) => add(e.currentTarget)} />
          <datalist id={list}>
            {(typed || !names.length) && (["page", "screen", "track"] as const).map((t) => !names.includes("type:" + t) && <option key={t} value={say.types[t]} />)}
            {!typed && offered.map((e) => <option key={e.type + e.name} value={e.name}>{say.offered(format.number(e.events), format.number(e.people))}</option>)}
          </datalist>
        </form>
      </div>
      {open && <Narrow value={value} events={events} onChange={onChange} />}
    </div>
  )

  function add(input: HTMLInputElement): void {
    const text = input.value.trim()
    if (!text) return
    const type = (Object.keys(say.types) as (keyof typeof say.types)[]).find((t) => say.types[t] === text)
    input.value = ""
    const kind = type ? "type:" + type : text
    // A selection is of names or of types: an event has to be in both where both are given.
    if (!names.includes(kind)) set([...names.filter((n) => !typeName(n) === !type), kind])
  }
}

function Narrow({ value, events, onChange }: Pick<Props, "value" | "events" | "onChange">) {
  const { words } = useSpeech()
  const say = words.journeys.selection
  const sources = [...new Set([...events.flatMap((e) => e.sources), ...(value.sources ?? [])])].sort()
  const where = value.where ?? []
  const change = (n: number, c?: Condition) => onChange(tidy({ ...value, where: c ? Object.assign([...where], { [n]: c }) : where.filter((_, m) => m !== n) }))
  const one = (name: "channels" | "sources", chosen: string) => onChange(tidy({ ...value, [name]: chosen ? [chosen] : [] }))
  const all = { value: "", label: words.common.filters.all }
  return (
    <div class="narrow">
      <div class="row">
        <Select label={words.common.filters.channel} value={value.channels?.[0] ?? ""} onChange={(c) => one("channels", c)} options={[all, ...channels.map((c) => ({ value: c, label: words.common.channels[c] }))]} />
        <Select label={words.common.filters.source} value={value.sources?.[0] ?? ""} onChange={(s) => one("sources", s)} options={[all, ...sources.map((s) => ({ value: s, label: s }))]} />
      </div>
      {where.map((c, n) => <ConditionEditor key={n} value={c} onChange={(next) => change(n, next)} onRemove={() => change(n)} />)}
      <Button small onClick={() => change(where.length, { field: "cx.topic", is: "" })}>{say.addCondition}</Button>
    </div>
  )
}

type Condition = Schemas["EventCondition"]
const operators = ["is", "is_not", "contains", "above", "below", "exists"] as const
const fields = ["cx.topic", "cx.queue", "cx.team", "cx.direction", "cx.author_role", "cx.resolution", "cx.disposition", "cx.score", "cx.amount", "cx.language", "cx.product", "properties."]

function ConditionEditor({ value, onChange, onRemove }: { value: Condition; onChange: (c: Condition) => void; onRemove: () => void }) {
  const { words } = useSpeech()
  const say = words.journeys.selection
  const list = useId()
  const operator = operators.find((o) => value[o] !== undefined) ?? "is"
  const of = (field: string, o: (typeof operators)[number], text: string): Condition => ({ field, [o]: valueOf(o, text) })
  const text = operator === "exists" ? String(value.exists) : String(value[operator] ?? "")
  return (
    <div class="row condition">
      <Field label={say.field}>
        <Written list={list} value={value.field} maxLength={256} spellcheck={false} onWritten={(field) => onChange(of(field.trim(), operator, text))} />
        <datalist id={list}>{fields.map((f) => <option key={f} value={f} />)}</datalist>
      </Field>
      <Select label={say.comparison} value={operator} onChange={(o) => onChange(of(value.field, o as "is", o === "exists" ? "true" : operator === "exists" ? "" : text))} options={operators.map((o) => ({ value: o, label: say.operators[o] }))} />
      {operator !== "exists" && <Field label={say.value}><Written value={text} maxLength={256} onWritten={(said) => onChange(of(value.field, operator, said.trim()))} /></Field>}
      <Button small kind="plain" onClick={onRemove}>{words.common.actions.remove}</Button>
    </div>
  )
}

/** valueOf is a number or a truth value where the text looks like one; what is compared by size is a number. */
function valueOf(operator: (typeof operators)[number], text: string): string | number | boolean {
  if (operator === "exists") return text !== "false"
  if (operator === "contains") return text
  if (/^-?\d+(\.\d+)?$/.test(text) && text.length < 16) return Number(text)
  return text === "true" || text === "false" ? text === "true" : text
}
