// A condition as a tree: groups of conditions, and what is asked of one subject. Each part knows its path in the document, as
// the server names it in faults.
import { flow } from "../document"
import { useSpeech } from "../../../i18n"
import { href } from "../../../router"
import { Button, Select } from "../../../ui/parts"
import { faultAt } from "./fields"
import { anew, type Condition, type Fault, type Group, groupOf, grouped, groups, isNumber, kidsOf, operatorsOf, type Segment, type Subject, subjectOf, subjects } from "./model"
import type { Known } from "./known"
import { SubjectFields } from "./subject"
import { canShow, operatorsIn, Tests } from "./tests"

interface Props {
  value: Condition
  path: string
  faults: Fault[]
  known: Known
  others: Segment[]
  onChange: (value: Condition) => void
  /** onRemove leaves the condition out; undefined: it is the only one. */
  onRemove?: () => void
}

/** fresh is what a new condition asks first. */
const fresh = (): Condition => ({ ...anew("trait") })

export function ConditionEditor(props: Props) {
  return groupOf(props.value) ? <GroupEditor {...props} /> : <Leaf {...props} />
}

function GroupEditor({ value, path, onChange, onRemove, ...rest }: Props) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const group = groupOf(value)!
  const kids = kidsOf(value)
  const at = (n: number) => (group === "not" ? `${path}.not` : `${path}.${group}[${n}]`)
  const set = (next: Condition[]) => onChange(grouped(group, next))
  const own = rest.faults.filter((f) => f.field === path || f.field === `${path}.${group}` && group !== "not").map((f) => f.reason).join("; ")
  const many = group !== "not"
  return (
    <fieldset class="group">
      <legend class="unseen">{say.groups[group]}</legend>
      <div class="row apart">
        <Select bare label={say.group} value={group} onChange={(g) => onChange(grouped(g as Group, kids))} options={groups.map((g) => ({ value: g, label: say.groups[g] }))} />
        {onRemove && <Button small kind="plain" onClick={onRemove}>{say.removeGroup}</Button>}
      </div>
      {own && <p class="fault" role="alert">{own}</p>}
      {kids.map((kid, n) => (
        <ConditionEditor key={n} {...rest} value={kid} path={at(n)} onChange={(next) => set(kids.map((k, m) => (m === n ? next : k)))}
          onRemove={many ? (kids.length > 1 ? () => set(kids.filter((_, m) => m !== n)) : onRemove) : onRemove} />
      ))}
      {many && (
        <div class="row">
          <Button small onClick={() => set([...kids, fresh()])}>{say.addCondition}</Button>
          <Button small onClick={() => set([...kids, { [group === "all" ? "any" : "all"]: [fresh()] }])}>{say.addGroup}</Button>
        </div>
      )}
    </fieldset>
  )
}

function Leaf({ value, path, faults, known, others, onChange, onRemove }: Props) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const subject = subjectOf(value)
  // Faults of an operator stand at its value, those of the subject at its field; here what is said of the condition itself.
  const shown = [...operatorsIn(value).map((o) => `${path}.${o}`), ...(subject ? [`${path}.${subject}`] : [])]
  const here = faults.filter((f) => f.field === path || f.field.startsWith(path + ".") && !shown.some((s) => f.field.startsWith(s)))
  const tools = (
    <div class="row end tools">
      <Button small kind="plain" onClick={() => onChange({ all: [value, fresh()] })}>{say.andAnother}</Button>
      <Button small kind="plain" onClick={() => onChange({ not: value })}>{say.negate}</Button>
      {onRemove && <Button small kind="plain" onClick={onRemove}>{words.common.actions.remove}</Button>}
    </div>
  )
  if (!subject || !canShow(value as Record<string, unknown>)) {
    return <div class="leaf"><p class="soft small">{say.documentOnly} <a href={href("/admin/definitions", { as: "document" })}>{words.admin.definitions.document}</a></p><code class="when">{flow(value)}</code>{tools}</div>
  }
  const offered = operatorsOf(subject)
  return (
    <div class="leaf" role="group" aria-label={say.subjects[subject]}>
      <div class="asks">
        <Select label={say.subject} value={subject} onChange={(s) => onChange(anew(s as Subject))} options={subjects.map((s) => ({ value: s, label: say.subjects[s] }))} />
        <SubjectFields value={value} fault={(part) => faultAt(faults, part ? `${path}.${subject}.${part}` : `${path}.${subject}`)} known={known} others={others} onChange={onChange} />
        {offered.length > 0 && <Tests value={value as Record<string, unknown>} path={path} faults={faults} offered={offered} number={isNumber(subject)} bare consent={subject === "consent"} onChange={onChange as (v: Record<string, unknown>) => void} />}
      </div>
      {here.length > 0 && <p class="fault" role="alert">{here.map((f) => f.reason).join("; ")}</p>}
      {tools}
    </div>
  )
}
