// A computed trait: of which events it is made, what is made of them, and how far back it looks.
import { useSpeech } from "../../../i18n"
import { Button, Field, Select } from "../../../ui/parts"
import { Written } from "../../../ui/written"
import { faultAt, NameField, Names } from "./fields"
import type { Known } from "./known"
import { type Fault, operators, type Trait, type Where } from "./model"
import { canShow, Tests } from "./tests"
import { flow } from "../document"

const windows = ["24h", "7d", "30d", "90d", "365d"]
type List = "events" | "types" | "channels" | "sources"

export function TraitForm({ value, path, faults, known, onChange }: { value: Trait; path: string; faults: Fault[]; known: Known; onChange: (value: Trait) => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const fault = (part: string) => faultAt(faults, `${path}.${part}`)
  /** set changes a part; what is empty is left out of the document. */
  const set = (part: keyof Trait, of: unknown) => {
    const { [part]: _, ...rest } = value
    onChange((of === "" || Array.isArray(of) && !of.length ? rest : { ...value, [part]: of }) as Trait)
  }
  const offered: Record<List, string[]> = { events: known.events.filter((e) => e.name).map((e) => e.name), types: Object.keys(say.types), channels: known.channels, sources: known.sources }
  const amount = value.value === "cx.amount"
  return (
    <>
      <div class="grid">
        <Select label={words.admin.definitions.of} value={value.of} onChange={(of) => set("of", of)} options={(Object.keys(say.functions) as Trait["of"][]).map((f) => ({ value: f, label: say.functions[f] }))} />
        <NameField label={say.field} value={value.value ?? ""} offered={known.fields} hint={value.of === "count" || value.of === "exists" ? say.fieldMay : say.fieldHint} fault={fault("value")}
          onChange={(v) => { const { value: _, currency: __, ...rest } = value; onChange(v ? { ...rest, value: v, ...(v === "cx.amount" && value.currency ? { currency: value.currency } : {}) } : rest) }} />
        {(amount || value.currency !== undefined) && <NameField label={say.currency} value={value.currency ?? ""} offered={["EUR", "USD", "GBP", "CNY"]} fault={fault("currency")} onChange={(v) => set("currency", v)} />}
        <NameField label={words.admin.definitions.window} value={value.window ?? ""} offered={windows} hint={say.windowHint} fault={fault("window")} onChange={(v) => set("window", v)} />
      </div>
      <h3>{say.which}</h3>
      <div class="grid">
        {(["events", "types", "channels", "sources"] as const).map((l) => (
          <Names key={l} label={say.lists[l]} values={value[l] ?? []} offered={offered[l]} fault={fault(l)} onChange={(v) => set(l, v)} />
        ))}
      </div>
      {(value.where ?? []).map((w, n) => (
        <WhereForm key={n} value={w} path={`${path}.where[${n}]`} faults={faults} known={known} onChange={(next) => set("where", value.where!.map((o, m) => (m === n ? next : o)))}
          onRemove={() => set("where", value.where!.filter((_, m) => m !== n))} />
      ))}
      <div><Button small onClick={() => set("where", [...(value.where ?? []), { field: "", exists: true }])}>{say.addCondition}</Button></div>
    </>
  )
}

function WhereForm({ value, path, faults, known, onChange, onRemove }: { value: Where; path: string; faults: Fault[]; known: Known; onChange: (value: Where) => void; onRemove: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const own = faults.find((f) => f.field === path)?.reason
  return (
    <div class="leaf" role="group" aria-label={say.eventCondition}>
      {canShow(value as Record<string, unknown>) ? (
        <div class="asks">
          <NameField label={say.field} value={value.field} offered={known.fields} fault={faultAt(faults, path + ".field")} onChange={(field) => onChange({ ...value, field })} />
          <Tests value={value as unknown as Record<string, unknown>} path={path} faults={faults} offered={operators} number={false} bare={false} onChange={onChange as unknown as (v: Record<string, unknown>) => void} />
        </div>
      ) : <><p class="soft small">{say.documentOnly}</p><code class="when">{flow(value)}</code></>}
      {own && <p class="fault" role="alert">{own}</p>}
      <div class="row end tools"><Button small kind="plain" onClick={onRemove}>{words.common.actions.remove}</Button></div>
    </div>
  )
}

/** NamePart is the name and what it is for: the same of segments and traits. */
export function NamePart({ name, hint, fault, onName }: { name: string; hint: string; fault?: string; onName: (name: string) => void }) {
  const { words } = useSpeech()
  return (
    <Field label={words.admin.definitions.name} hint={hint} fault={fault}>
      <Written value={name} maxLength={64} spellcheck={false} autocomplete="off" aria-invalid={!!fault} onWritten={(text) => onName(text.trim())} />
    </Field>
  )
}
