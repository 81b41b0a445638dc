// The small fields of the form: a name with what there is to choose from, a list of names, and a value with its type.
import { useId, useState } from "preact/hooks"
import { useSpeech } from "../../../i18n"
import { Field, Select, Theirs } from "../../../ui/parts"
import type { Fault, Scalar } from "./model"

/** faultAt is what is wrong with a place of the document, or with what is within it. */
export function faultAt(faults: Fault[], path: string): string | undefined {
  return faults.filter((f) => f.field === path || f.field.startsWith(path + "[") || f.field.startsWith(path + ".")).map((f) => f.reason).join("; ") || undefined
}

/** NameField is a text with names to choose from. */
export function NameField({ label, value, offered, fault, hint, onChange }: {
  label: string; value: string; offered: string[]; fault?: string; hint?: string; onChange: (value: string) => void
}) {
  const list = useId()
  return (
    <Field label={label} hint={hint} fault={fault}>
      <input list={list} value={value} maxLength={1024} spellcheck={false} autocomplete="off" aria-invalid={!!fault} onInput={(e) => onChange(e.currentTarget.value)} />
      <datalist id={list}>{offered.map((o) => <option key={o} value={o} />)}</datalist>
    </Field>
  )
}

/** Names is a list of names: each can be left out, and another added. */
export function Names({ label, values, offered, fault, onChange }: { label: string; values: string[]; offered: string[]; fault?: string; onChange: (values: string[]) => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const list = useId()
  const add = (input: HTMLInputElement) => {
    const name = input.value.trim()
    input.value = ""
    if (name && !values.includes(name)) onChange([...values, name])
  }
  return (
    <div class="field" role="group" aria-label={label}>
      <span aria-hidden="true">{label}</span>
      {values.length > 0 && (
        <div class="row">
          {values.map((v) => (
            <span key={v} class="badge mark chip"><Theirs>{v}</Theirs>
              <button type="button" aria-label={say.leaveOut(v)} onClick={() => onChange(values.filter((o) => o !== v))}>×</button>
            </span>
          ))}
        </div>
      )}
      <input list={list} aria-label={say.addTo(label)} placeholder={values.length ? say.another : say.any} maxLength={256} spellcheck={false} autocomplete="off" aria-invalid={!!fault}
        onChange={(e) => add(e.currentTarget)} />
      <datalist id={list}>{offered.filter((o) => !values.includes(o)).map((o) => <option key={o} value={o} />)}</datalist>
      {fault && <span class="fault" role="alert">{fault}</span>}
    </div>
  )
}

export type Kind = "text" | "number" | "truth"
export const kindOf = (v: Scalar | undefined): Kind => (typeof v === "number" ? "number" : typeof v === "boolean" ? "truth" : "text")

const decimal = /^-?\d{1,15}(\.\d{1,8})?$/

/** numberOf is the number that a text says; undefined: none that a browser keeps to the digit. */
export const numberOf = (text: string): number | undefined => (decimal.test(text) && text.replace(/\D/g, "").length <= 15 ? Number(text) : undefined)

/** Value is one value of a type. A text that is no number is not taken, and the field says so. */
export function Value({ kind, value, fault, onChange }: { kind: Kind; value: Scalar | undefined; fault?: string; onChange: (value: Scalar) => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const [wrong, setWrong] = useState<string>()
  if (kind === "truth") {
    return <Select label={say.value} value={String(value)} onChange={(v) => onChange(v === "true")} options={[{ value: "true", label: words.common.yes }, { value: "false", label: words.common.no }]} />
  }
  const enter = (text: string) => {
    const number = numberOf(text.trim())
    setWrong(kind === "number" && number === undefined ? text : undefined)
    if (kind === "text") onChange(text)
    else if (number !== undefined) onChange(number)
  }
  const told = wrong === undefined ? fault : say.noNumber
  return (
    <Field label={say.value} fault={told}>
      <input value={wrong ?? String(value ?? "")} inputMode={kind === "number" ? "decimal" : undefined} maxLength={1024} spellcheck={false} aria-invalid={!!told} onInput={(e) => enter(e.currentTarget.value)} />
    </Field>
  )
}

/** ValueType chooses what a value is. */
export function ValueType({ kind, onChange, without }: { kind: Kind; onChange: (kind: Kind) => void; without?: Kind }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const kinds = (["text", "number", "truth"] as const).filter((k) => k !== without || k === kind)
  return <Select label={say.type} value={kind} onChange={(k) => onChange(k as Kind)} options={kinds.map((k) => ({ value: k, label: say.kinds[k] }))} />
}
