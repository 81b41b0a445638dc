// One rule, and what would change before anything is saved.
import { useState } from "preact/hooks"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { Badge, Button, Field, Modal, Select } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { Table } from "../../ui/table"
import type { Rule } from "./document"
import { useSend } from "./keydialogs"
import { type Edit, keyOfRule, putPolicy, type ReaderPolicy, type ReaderRule, RuleText } from "./policy"

const actions = ["show", "mask", "withhold"] as const

export function EditRule({ rule, where, onClose, onChange }: {
  rule: ReaderRule; where: { purpose: string; reader: string; class: string }; onClose: () => void; onChange: (edit: Edit) => void
}) {
  const { words } = useSpeech()
  const say = words.admin.policy
  const name = wordOf
  const [act, setAct] = useState<string>(rule.do)
  const [needs, setNeeds] = useState<string>(rule.needs ?? "")
  const [below, setBelow] = useState<string>(rule.below ?? "withhold")
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (field: string) => String(form.get(field) ?? "").trim()
    const made: Rule = { do: act }
    if (act !== "withhold") {
      if (needs) made.needs = needs
      if (needs && below !== "withhold") made.below = below
      if (text("max_age")) made.max_age = text("max_age")
      if (text("limit")) made.limit = Number(text("limit"))
      if (text("consent")) made.consent = text("consent")
    }
    onChange({ ...where, rule: made })
  }
  return (
    <Modal drawer title={name(words.admin.classes, where.class)} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="soft">{name(words.admin.readers, where.reader)} · {name(words.admin.purposes, where.purpose)}</p>
        <Select label={say.action} value={act} onChange={setAct} options={actions.map((value) => ({ value, label: say.does[value] }))} />
        {act !== "withhold" && (
          <>
            <Select label={say.needs} value={needs} onChange={setNeeds} options={["", "matched", "verified"].map((value) => ({ value, label: say.levels[value as ""] }))} />
            {needs && <Select label={say.below} value={below} onChange={setBelow} options={actions.slice(actions.indexOf(act as "show")).map((value) => ({ value, label: say.does[value] }))} />}
            <div class="grid">
              <Field label={say.maxAge} hint={say.maxAgeHint}><input name="max_age" defaultValue={rule.max_age ?? ""} pattern="[0-9]+d|([0-9]+(h|m|s))+" autocomplete="off" /></Field>
              <Field label={say.limit} hint={say.limitHint}><input name="limit" type="number" min={1} max={1000000} defaultValue={rule.limit ?? ""} /></Field>
              <Field label={say.consent} hint={say.consentHint}><input name="consent" defaultValue={rule.consent?.join(" ") ?? ""} pattern="[a-z0-9][a-z0-9_.\-]{0,63}" autocomplete="off" /></Field>
            </div>
          </>
        )}
        <div class="stack tight"><span class="soft small">{say.said}</span>{rule.from.map((path) => <code key={path}>{path}</code>)}</div>
        <div class="row end"><Button onClick={onClose}>{words.common.actions.cancel}</Button><Button kind="primary" type="submit">{words.common.actions.apply}</Button></div>
      </form>
    </Modal>
  )
}

/** sameRule compares what two rules do, wherever they stand. */
function sameRule(a: ReaderRule | undefined, b: ReaderRule): boolean {
  const of = (r: ReaderRule) => JSON.stringify([r.do, r.needs, r.below, r.max_age, r.limit, r.consent])
  return a !== undefined && of(a) === of(b)
}

/** Review asks the server what a document would come to, tells the difference, and puts it in force when told so. */
export function Review({ before, document, onClose, onSaved }: { before: ReaderPolicy; document: string; onClose: () => void; onSaved: (text: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.policy
  const { sending, problem, send } = useSend()
  const load = useLoad("admin policy would be " + document, () => putPolicy(document, true))
  const were = new Map(before.rules.map((r) => [keyOfRule(r), r]))
  const name = wordOf
  return (
    <Modal drawer title={say.review} onClose={onClose}>
      <Loaded load={load}>
        {(after) => {
          const rows = after.rules.filter((r) => !sameRule(were.get(keyOfRule(r)), r))
          return (
            <>
              {rows.length === 0 ? <Empty title={say.noDifference} /> : (
                <>
                  <p>{say.differences(format.number(rows.length), rows.length)}</p>
                  <Table label={say.review} rows={rows} keyOf={keyOfRule} columns={[
                    { title: say.class, cell: (r) => name(words.admin.classes, r.class) },
                    { title: say.reader, cell: (r) => name(words.admin.readers, r.reader) },
                    { title: words.admin.keys.purpose, cell: (r) => name(words.admin.purposes, r.purpose) },
                    { title: say.before, cell: (r) => { const b = were.get(keyOfRule(r)); return b ? <div class="cell-text"><RuleText rule={b} /></div> : "–" } },
                    { title: say.after, cell: (r) => <div class="cell-text"><Badge kind={loosened(were.get(keyOfRule(r)), r) ? "warn" : undefined}>{loosened(were.get(keyOfRule(r)), r) ? say.looser : say.stricter}</Badge> <RuleText rule={r} /></div> },
                  ]} />
                </>
              )}
              {before.own && before.document.includes("#") && <p class="notice">{say.comments}</p>}
              <details><summary>{say.document}</summary><pre class="document" tabIndex={0}>{document}</pre></details>
              {problem && <Notice problem={problem} />}
              <div class="row end">
                <Button onClick={onClose}>{words.common.actions.cancel}</Button>
                <Button kind="primary" disabled={sending || rows.length === 0 && document === before.document} onClick={() => send(async () => { await putPolicy(document, false); onSaved(say.saved) })}>{words.common.actions.save}</Button>
              </div>
            </>
          )
        }}
      </Loaded>
    </Modal>
  )
}

/** loosened says whether somebody may see more than before, in whatever way. */
function loosened(before: ReaderRule | undefined, after: ReaderRule): boolean {
  if (!before) return true
  const level = (r: ReaderRule) => ["", "matched", "verified"].indexOf(r.needs ?? "")
  const strict = (action: string) => actions.indexOf(action as "show")
  const under = (r: ReaderRule) => strict(r.needs ? r.below ?? "withhold" : r.do)
  const least = (r: ReaderRule) => r.limit ?? Infinity
  return strict(after.do) < strict(before.do) || level(after) < level(before) || under(after) < under(before) || least(after) > least(before) ||
    before.max_age !== undefined && after.max_age !== before.max_age || (before.consent ?? []).some((c) => !after.consent?.includes(c))
}
