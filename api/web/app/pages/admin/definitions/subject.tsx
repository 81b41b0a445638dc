// What a condition asks about: each subject has its own fields.
import { useSpeech, wordOf } from "../../../i18n"
import { Field, Select } from "../../../ui/parts"
import { NameField } from "./fields"
import type { Known } from "./known"
import { type Condition, type Segment, subjectOf } from "./model"

interface Props { value: Condition; fault: (part?: string) => string | undefined; known: Known; others: Segment[]; onChange: (value: Condition) => void }

const identifiers = ["email", "phone", "user_id", "anonymous_id", "device_id", "account_id"]
const surveys = ["csat", "nps", "ces"]

export function SubjectFields({ value, fault, known, others, onChange }: Props) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const set = (part: Condition) => onChange({ ...value, ...part })
  const subject = subjectOf(value)
  switch (subject) {
    case "trait": return <NameField label={words.admin.definitions.name} value={value.trait!} offered={known.traits} fault={fault()} onChange={(trait) => set({ trait })} />
    case "computed": return <NameField label={words.admin.definitions.name} value={value.computed!} offered={known.computed} fault={fault()} onChange={(computed) => set({ computed })} />
    case "identifier": return <NameField label={say.type} value={value.identifier!} offered={identifiers} fault={fault()} onChange={(identifier) => set({ identifier })} />
    case "attribute": return <OneOf label={words.admin.definitions.name} value={value.attribute!} table={say.attributes} fault={fault()} onChange={(attribute) => set({ attribute })} />
    case "open": return <OneOf label={words.admin.definitions.name} value={value.open!} table={say.open} fault={fault()} onChange={(open) => set({ open })} />
    case "segment": return <Another value={value.segment!} others={others} fault={fault()} onChange={(segment) => set({ segment })} />
    case "counter": return <Counter value={value.counter!} fault={fault} known={known} onChange={(counter) => set({ counter })} />
    case "consent": return <Consent value={value.consent!} fault={fault} known={known} onChange={(consent) => set({ consent })} />
    case "satisfaction": return <Satisfaction value={value.satisfaction!} fault={fault} onChange={(satisfaction) => set({ satisfaction })} />
    default: return null
  }
}

/** OneOf chooses one of the names that the grammar has. */
function OneOf<T extends string>({ label, value, table, fault, onChange }: { label: string; value: T; table: Record<T, string>; fault?: string; onChange: (value: T) => void }) {
  const names = Object.keys(table) as T[]
  return (
    <Field label={label} fault={fault}>
      <select value={value} aria-invalid={!!fault} onChange={(e) => onChange(e.currentTarget.value as T)}>
        {[...names, ...(names.includes(value) ? [] : [value])].map((n) => <option key={n} value={n}>{wordOf(table, n)}</option>)}
      </select>
    </Field>
  )
}

function Another({ value, others, fault, onChange }: { value: string; others: Segment[]; fault?: string; onChange: (value: string) => void }) {
  const { words } = useSpeech()
  const names = others.map((s) => s.name)
  return (
    <Field label={words.admin.definitions.name} fault={fault}>
      <select value={value} aria-invalid={!!fault} onChange={(e) => onChange(e.currentTarget.value)}>
        {[...(names.includes(value) ? [] : [value]), ...names].map((n) => <option key={n} value={n}>{n || words.admin.definitions.form.choose}</option>)}
      </select>
    </Field>
  )
}

type Part<T> = { value: T; fault: Props["fault"]; onChange: (value: T) => void }

function Counter({ value, fault, known, onChange }: Part<NonNullable<Condition["counter"]>> & { known: Known }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const set = (channel: string) => { const { channel: _, ...rest } = value; onChange(channel ? { ...rest, channel } : rest) }
  return (
    <>
      <NameField label={say.event} value={value.name} offered={known.names} fault={fault("name")} onChange={(name) => onChange({ ...value, name })} />
      <NameField label={words.common.filters.channel} value={value.channel ?? ""} offered={known.channels} hint={say.anyChannel} fault={fault("channel")} onChange={set} />
    </>
  )
}

function Consent({ value, fault, known, onChange }: Part<NonNullable<Condition["consent"]>> & { known: Known }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  return (
    <>
      <NameField label={words.common.filters.channel} value={value.channel} offered={known.channels} fault={fault("channel")} onChange={(channel) => onChange({ ...value, channel })} />
      <NameField label={say.purpose} value={value.purpose} offered={known.purposes} fault={fault("purpose")} onChange={(purpose) => onChange({ ...value, purpose })} />
    </>
  )
}

function Satisfaction({ value, fault, onChange }: Part<NonNullable<Condition["satisfaction"]>>) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const { kind, measure, ...rest } = value
  const set = (k: string, m: string) => onChange({ ...rest, ...(k ? { kind: k } : {}), ...(m ? { measure: m as "mean" } : {}) })
  return (
    <>
      <NameField label={say.survey} value={value.survey} offered={surveys} fault={fault("survey")} onChange={(survey) => onChange({ ...value, survey })} />
      <NameField label={say.scale} value={value.scale} offered={["1-5", "0-10", "1-7"]} fault={fault("scale")} onChange={(scale) => onChange({ ...value, scale })} />
      <NameField label={say.surveyKind} value={kind ?? ""} offered={["relationship", "transactional"]} hint={say.anyKind} fault={fault("kind")} onChange={(k) => set(k, measure ?? "")} />
      <Select label={say.measure} value={measure ?? "mean"} onChange={(m) => set(kind ?? "", m === "mean" ? "" : m)} options={(["mean", "answers"] as const).map((m) => ({ value: m, label: say.measures[m] }))} />
    </>
  )
}
