// One segment or computed trait in the form. What is changed here is changed in the draft, at once.
import { useRef, useState } from "preact/hooks"
import { useSpeech } from "../../../i18n"
import { href, setParams } from "../../../router"
import { Button, Card, Field } from "../../../ui/parts"
import { Empty } from "../../../ui/states"
import { ConditionEditor } from "./condition"
import type { Drafting } from "./draft"
import { Foreseen } from "./foreseen"
import { type Known, useKnown } from "./known"
import { type Doc, type Fault, renamed, type Segment, type Trait, usersOf } from "./model"
import { Remove } from "./remove"
import { NamePart, TraitForm } from "./trait"

type Part = "segments" | "computed"

export function Item({ part, name, drafting }: { part: Part; name: string; drafting: Drafting }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const doc = drafting.draft.doc!
  const known = useKnown(doc)
  const [removing, setRemoving] = useState(false)
  const all = (doc[part] ?? []) as (Segment | Trait)[]
  // Of two that have the same name for a while, the one that is open stays open.
  const open = useRef(-1)
  if (all[open.current]?.name !== name) open.current = all.findIndex((o) => o.name === name)
  const at = open.current
  const value = all[at]
  const back = <a href={href("/admin/definitions")}>{say.form.back}</a>
  if (!value) return <Card title={name} aside={back}><Empty title={say.form.gone}>{say.form.goneHint}</Empty></Card>
  const set = (next: Segment | Trait) => drafting.change(put(doc, part, at, next))
  const rename = (to: string) => {
    if (!to || to === value.name) return
    const taken = all.some((o, n) => n !== at && o.name === to)
    drafting.change(taken ? put(doc, part, at, { ...value, name: to }) : follow(put(doc, part, at, { ...value, name: to }), part, value.name, to))
    setParams({ [part === "segments" ? "segment" : "trait"]: to }, true)
  }
  const path = `${part}[${at}]`
  const { faults } = drafting.draft
  const users = usersOf(doc, part === "segments" ? "segment" : "computed", value.name)
  return (
    <Card title={part === "segments" ? say.form.segment : say.form.trait} aside={back}>
      <div class="stack" key={at}>
        <NamePart key={value.name} name={value.name} hint={part === "segments" ? say.form.segmentNameHint : say.form.traitNameHint} fault={faults.find((f) => f.field === path + ".name")?.reason} onName={rename} />
        {part === "segments" ? <SegmentForm value={value as Segment} path={path} faults={faults} known={known} doc={doc} onChange={set} /> : <TraitForm value={value as Trait} path={path} faults={faults} known={known} onChange={set} />}
        <Elsewhere faults={faults} path={path} />
        {users.length > 0 && <p class="soft small">{say.form.usedBy}: {users.join(", ")}</p>}
        {part === "segments" && <Foreseen drafting={drafting} segment={value.name} />}
        <div><Button kind="danger" onClick={() => setRemoving(true)}>{words.common.actions.remove}</Button></div>
      </div>
      {removing && <Remove drafting={drafting} part={part} value={value} onClose={() => setRemoving(false)} />}
    </Card>
  )
}

function put(doc: Doc, part: Part, at: number, value: Segment | Trait): Doc {
  return { ...doc, [part]: (doc[part] as object[]).map((o, n) => (n === at ? value : o)) }
}

/** follow has segments call a thing by its new name. */
function follow(doc: Doc, part: Part, from: string, to: string): Doc {
  const of = part === "segments" ? "segment" : "computed"
  const segments = doc.segments?.map((s) => { const when = renamed(s.when, of, from, to); return when === s.when ? s : { ...s, when } })
  return segments?.some((s, n) => s !== doc.segments![n]) ? { ...doc, segments } : doc
}

function SegmentForm({ value, path, faults, known, doc, onChange }: { value: Segment; path: string; faults: Fault[]; known: Known; doc: Doc; onChange: (value: Segment) => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const describe = (text: string) => { const { description: _, ...rest } = value; onChange(text ? { name: rest.name, description: text, when: rest.when } : rest) }
  return (
    <>
      <Field label={say.form.description} fault={faults.find((f) => f.field === path + ".description")?.reason}>
        <textarea class="few prose" rows={2} maxLength={1024} value={value.description ?? ""} onInput={(e) => describe(e.currentTarget.value)} />
      </Field>
      <h3>{say.when}</h3>
      <ConditionEditor value={value.when} path={path + ".when"} faults={faults} known={known} others={(doc.segments ?? []).filter((s) => s !== value)} onChange={(when) => onChange({ ...value, when })} />
    </>
  )
}

/** Elsewhere tells of faults that have no field here: of the definition as a whole, and of others. */
function Elsewhere({ faults, path }: { faults: Fault[]; path: string }) {
  const { words } = useSpeech()
  const here = faults.filter((f) => f.field === path)
  const others = faults.filter((f) => f.field !== path && !f.field.startsWith(path + "."))
  if (!here.length && !others.length) return null
  return (
    <div class="notice bad stack tight" role="alert">
      {here.map((f, n) => <span key={n}>{f.reason}</span>)}
      {others.length > 0 && <span>{words.admin.definitions.form.elsewhere}</span>}
      {others.length > 0 && <ul class="small">{others.map((f, n) => <li key={n}><code>{f.field}</code> {f.reason}</li>)}</ul>}
    </div>
  )
}
