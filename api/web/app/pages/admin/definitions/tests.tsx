// What is asked of a subject or a field: an operator and its value, or several of them, which must all hold.
import { useState } from "preact/hooks"
import { useSpeech } from "../../../i18n"
import { Button, Field, Select } from "../../../ui/parts"
import { faultAt, type Kind, kindOf, numberOf, Value, ValueType } from "./fields"
import { type Fault, type Operator, operators, type Scalar } from "./model"

type Asked = Partial<Record<Operator, unknown>>

/** operatorsIn are those that a condition says, in the order of the grammar. */
export const operatorsIn = (of: Asked): Operator[] => operators.filter((o) => of[o] !== undefined)

const line = (v: unknown) => typeof v !== "string" || v === v.trim() && !/[\r\n]/.test(v)

/** canShow says whether the form can show what is asked without changing it. */
export function canShow(of: Asked): boolean {
  const list = of.in as Scalar[] | undefined
  return (!list || list.every((v) => kindOf(v) === kindOf(list[0]) && line(v) && v !== "")) && operatorsIn(of).every((o) => o === "in" || !/[\r\n]/.test(String(of[o])))
}

/** put is a condition that says one thing in another way, at the same place; undefined leaves it out. */
function put<T extends Asked>(of: T, was: Operator | undefined, now?: Operator, value?: unknown): T {
  const entries = Object.entries(of).filter(([name]) => name === was || name !== now)
  const next = entries.flatMap(([name, v]) => (name === was ? (now ? [[now, value]] : []) : [[name, v]]))
  if (was === undefined && now) next.push([now, value])
  return Object.fromEntries(next as [string, unknown][]) as T
}

/** begins is the first value of an operator, after that of another. */
function begins(operator: Operator, number: boolean, was: unknown): unknown {
  const one = Array.isArray(was) ? was[0] : was
  if (operator === "exists") return true
  if (operator === "in") return one === undefined || typeof one === "boolean" ? [] : [one]
  if (operator === "contains") return typeof one === "string" ? one : ""
  return one === undefined || typeof one === "boolean" ? (number ? 1 : "") : one
}

export function Tests<T extends Asked>({ value, path, faults, offered, number, bare, consent, onChange }: {
  value: T; path: string; faults: Fault[]; offered: Operator[]
  /** number: the subject is always one. */
  number: boolean
  /** bare: without an operator it is asked whether the subject is there. */
  bare: boolean
  /** consent is given or not, where other things are there or not. */
  consent?: boolean
  onChange: (value: T) => void
}) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const asked = operatorsIn(value)
  const [there, missing] = consent ? [say.given, say.notGiven] : [say.operators.exists, say.missing]
  const rows: (Operator | undefined)[] = asked.length || !bare ? asked : [undefined]
  const left = offered.filter((o) => !asked.includes(o))
  return (
    <>
      {rows.map((o) => (
        <div key={o ?? ""} class="asked">
          <Select label={say.comparison} value={o === undefined ? "exists" : o === "exists" && value.exists === false ? "missing" : o}
            onChange={(next) => onChange(next === "missing" ? put(value, o, "exists", false) : put(value, o, next as Operator, begins(next as Operator, number, o && value[o])))}
            options={operators.filter((x) => x === o || left.includes(x)).flatMap((x) => (x === "exists" ? [{ value: "exists", label: there }, { value: "missing", label: missing }] : [{ value: x as string, label: say.operators[x] }]))} />
          {o && o !== "exists" && <Operand operator={o} value={value[o]} number={number} fault={faultAt(faults, `${path}.${o}`)} onChange={(v) => onChange(put(value, o, o, v))} />}
          {rows.length > 1 && <Button small kind="plain" aria-label={`${words.common.actions.remove}: ${say.operators[o!]}`} onClick={() => onChange(put(value, o))}>{words.common.actions.remove}</Button>}
        </div>
      ))}
      {asked.length > 0 && left.length > 1 && <Button small kind="plain" onClick={() => onChange(put(value, undefined, left[0], begins(left[0]!, number, undefined)))}>{say.also}</Button>}
    </>
  )
}

function Operand({ operator, value, number, fault, onChange }: { operator: Operator; value: unknown; number: boolean; fault?: string; onChange: (value: unknown) => void }) {
  const list = operator === "in"
  const all = (list ? value : [value]) as Scalar[]
  const kind = number ? "number" : kindOf(all[0])
  const become = (k: Kind) => (v: Scalar): Scalar => (k === "truth" ? true : k === "number" ? numberOf(String(v)) ?? 0 : String(v))
  return (
    <>
      {!number && operator !== "contains" && <ValueType kind={kind} without={list || !["is", "is_not"].includes(operator) ? "truth" : undefined} onChange={(k) => onChange(list ? all.map(become(k)) : become(k)(all[0]!))} />}
      {list ? <Several key={kind} kind={kind} values={all} fault={fault} onChange={onChange} /> : <Value key={kind} kind={kind} value={all[0]} fault={fault} onChange={onChange} />}
    </>
  )
}

/** Several are values, one a line. */
function Several({ kind, values, fault, onChange }: { kind: Kind; values: Scalar[]; fault?: string; onChange: (values: Scalar[]) => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const [wrong, setWrong] = useState(false)
  const enter = (text: string) => {
    const lines = text.split("\n").map((l) => l.trim()).filter(Boolean)
    const read = kind === "number" ? lines.map(numberOf) : lines
    const good = read.every((v) => v !== undefined)
    setWrong(!good)
    if (good) onChange(read as Scalar[])
  }
  const told = wrong ? say.noNumber : fault
  return (
    <Field label={say.values} hint={say.valuesHint} fault={told}>
      <textarea rows={3} class="few" spellcheck={false} aria-invalid={!!told} defaultValue={values.map(String).join("\n")} onInput={(e) => enter(e.currentTarget.value)} />
    </Field>
  )
}
