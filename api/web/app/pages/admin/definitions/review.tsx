// What changes before it does: which definitions, and who would come and go. Then it is put in the place of what was read.
import { useSpeech } from "../../../i18n"
import { useLoad } from "../../../load"
import { setParams } from "../../../router"
import { Badge, Button, CopyButton, Modal } from "../../../ui/parts"
import { Bones, Notice } from "../../../ui/states"
import { tell } from "../../../ui/toast"
import { useSend } from "../keydialogs"
import { type Drafting, putDefinitions } from "./draft"
import { Figures, previewOf } from "./foreseen"
import { type Doc, same } from "./model"

type Kind = "added" | "changed" | "removed"
interface Change { part: "segments" | "computed" | "other"; name: string; kind: Kind }

/** changesOf lists what two documents say differently. */
export function changesOf(before: Doc, after: Doc): Change[] {
  const parts = (["segments", "computed"] as const).flatMap((part): Change[] => {
    const was = new Map<string, unknown>((before[part] ?? []).map((o) => [o.name, o]))
    const now = new Map<string, unknown>((after[part] ?? []).map((o) => [o.name, o]))
    return [
      ...[...now].filter(([name, o]) => !was.has(name) || !same(was.get(name), o)).map(([name]): Change => ({ part, name, kind: was.has(name) ? "changed" : "added" })),
      ...[...was.keys()].filter((name) => !now.has(name)).map((name): Change => ({ part, name, kind: "removed" })),
    ]
  })
  const rest = (d: Doc) => Object.fromEntries(Object.entries(d).filter(([name]) => name !== "segments" && name !== "computed"))
  return same(rest(before), rest(after)) ? parts : [...parts, { part: "other", name: "survivorship", kind: "changed" }]
}

export function Review({ drafting, onClose, onReload }: { drafting: Drafting; onClose: () => void; onReload: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const { draft } = drafting
  const doc = draft.doc
  const { sending, problem, send } = useSend()
  const changes = doc ? changesOf((draft.base.parsed ?? {}) as Doc, doc) : []
  const first = doc?.segments?.[0]?.name
  const load = useLoad(first && !draft.faults.length ? "definitions review " + draft.text : "", (signal) => previewOf(doc!, first!, signal))
  const save = () => send(async () => {
    await putDefinitions(draft.text, draft.base.version)
    drafting.saved()
    tell(words.admin.definitions.saved)
    onClose()
    onReload()
  })
  const theirs = () => {
    drafting.giveUp()
    setParams({ segment: "", trait: "" }, true)
    onClose()
    onReload()
  }
  return (
    <Modal drawer title={say.review} onClose={onClose}>
      {!changes.length && <p class="soft">{say.onlyText}</p>}
      <ul class="stack definitions-changes">
        {changes.map((c) => (
          <li key={c.part + c.name} class="stack tight">
            <span class="row"><Badge kind={c.kind === "removed" ? "warn" : "mark"}>{say.changes[c.kind]}</Badge> <strong>{c.name}</strong> <span class="soft small">{say.parts[c.part]}</span></span>
            {c.part === "segments" && c.kind !== "removed" && (load.data ? <Figures preview={load.data} segment={c.name} /> : load.problem ? null : <Bones lines={1} />)}
          </li>
        ))}
      </ul>
      {load.problem && <Notice problem={load.problem} retry={load.reload} />}
      {draft.lost && <p class="notice">{say.lost}</p>}
      {draft.problem && <Notice problem={draft.problem} />}
      {draft.faults.length > 0 && <ul class="notice bad small" role="alert">{draft.faults.map((f, n) => <li key={n}><code>{f.field}</code> {f.reason}</li>)}</ul>}
      <details><summary>{words.admin.definitions.document}</summary><pre class="document" tabIndex={0}>{draft.text}</pre></details>
      {problem && <Notice problem={problem} />}
      {problem?.status === 412 && <div class="notice stack tight"><span>{say.theirs}</span><span class="row"><CopyButton text={draft.text} label={say.copyMine} /><Button small onClick={theirs}>{say.takeTheirs}</Button></span></div>}
      <div class="row end">
        <Button onClick={onClose}>{words.common.actions.cancel}</Button>
        <Button kind="primary" disabled={sending || !draft.checked || draft.faults.length > 0 || problem?.status === 412} onClick={save}>{words.common.actions.save}</Button>
      </div>
    </Modal>
  )
}
