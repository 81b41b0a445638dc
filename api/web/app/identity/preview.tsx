// What would come of a decision, and the button that makes it so.
import { useRef, useState } from "preact/hooks"
import { answered, api, onceKey, Problem, problemOf } from "../api"
import { useSpeech } from "../i18n"
import { useLoad } from "../load"
import { Badge, Button, Field, Modal } from "../ui/parts"
import { Loaded, Notice } from "../ui/states"
import { tell } from "../ui/toast"
import { type Decision, decide, type Forecast, foresee, type Proposal, undo } from "./decide"
import { Evidence } from "./evidence"
import { Sides } from "./sides"
import { standing } from "./standing"

/** DecisionDialog shows what a decision would change, has it confirmed, and tells it with a way back. */
export function DecisionDialog({ proposal, compare, onBack, onClose, onDone }: {
  proposal: Proposal; onClose: () => void
  /** compare are two profiles that are shown side by side first. */
  compare?: [string, string]
  /** onBack leads back to where the others were chosen. */
  onBack?: () => void
  /** onDone is called with what was decided. That it was undone later tells useDecided. */
  onDone?: (decision: Decision) => void
}) {
  const { words } = useSpeech()
  const say = words.review
  const [note, setNote] = useState("")
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const key = useRef(onceKey())
  const load = useLoad(`foresee ${JSON.stringify(proposal)}`, (signal) => foresee(proposal, signal))
  const kind = proposal.kind
  const carry = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const decision = await decide({ ...proposal, ...(note && { note }) }, key.current)
      tell(say.done[kind], () => void undo(decision.id).then(() => tell(say.undone), (fault) => tell(fault instanceof Problem ? fault.title : say.failed)))
      onDone?.(decision)
      onClose()
    } catch (fault) {
      setProblem(problemOf(fault))
      setBusy(false)
    }
  }
  return (
    <Modal wide={!!compare} title={say.titles[kind]} onClose={onClose}>
      <p class="soft">{say.hints[kind]}</p>
      {compare && <Beside one={compare[0]} other={compare[1]} />}
      <Loaded load={load} bones={6}>{(f) => <Effect forecast={f} />}</Loaded>
      {problem && <Notice problem={problem} />}
      <Field label={say.note} hint={say.noteHint}><input value={note} maxLength={1000} onInput={(e) => { setNote(e.currentTarget.value); key.current = onceKey() }} /></Field>
      <div class="row end review-decide">
        {onBack && <Button kind="plain" onClick={onBack}>{say.find.other}</Button>}
        <Button onClick={onClose}>{words.common.actions.cancel}</Button>
        <Button kind={kind === "merge" || kind === "undo" || kind === "unblock" ? "primary" : "primary danger"} disabled={busy || load.loading || !load.data?.achieved} onClick={() => void carry()}>{say.actions[kind]}</Button>
      </div>
    </Modal>
  )
}

/** Beside shows two profiles next to each other, and what speaks for one person. */
function Beside({ one, other }: { one: string; other: string }) {
  const { words } = useSpeech()
  const load = useLoad(`pair ${one} ${other}`, (signal) => api.GET("/v1/identity/pairs/{a}/{b}", { params: { path: { a: one, b: other } }, signal }).then(answered))
  return (
    <Loaded load={load} bones={8}>
      {(p) => <><Sides one={p.one} other={p.other} /><details><summary>{words.review.evidence}</summary><Evidence pair={p.pair} /></details></>}
    </Loaded>
  )
}

/** Effect tells a forecast: profiles before and after, what moves, and the figures of reports. */
export function Effect({ forecast: f }: { forecast: Forecast }) {
  const { words, format } = useSpeech()
  const say = words.review
  const whole = (w: Forecast["before"][number]) => (
    <li key={w.profile}><code>{w.profile.slice(0, 8)}</code> {say.whole(format.number(w.observations), format.number(w.events), format.number(w.conversations))}{!w.identified && <> <Badge>{say.anonymous}</Badge></>}</li>
  )
  const metric = (name: string, value: number) => name.endsWith("_share") ? format.percent(value) : format.number(value, name === "profiles" ? 0 : 1)
  return (
    <div class="stack tight">
      {!f.achieved && <p class="notice bad" role="alert">{say.contradicted}</p>}
      {f.moved === 0 && f.achieved && <p class="notice">{say.nothingMoves}</p>}
      {f.moved > 0 && <p>{say.moves(format.number(f.moved), format.number(f.events_moved))}</p>}
      {(f.before_total > 0 || f.after_total > 0) && (
        <div class="split">
          <section><h3>{say.before(format.number(f.before_total))}</h3><ul>{f.before.map(whole)}</ul></section>
          <section><h3>{say.after(format.number(f.after_total))}</h3><ul>{f.after.map(whole)}</ul></section>
        </div>
      )}
      {f.before_total > 0 && (
        <div class="table"><table>
          <caption class="small soft">{say.metricsHint}</caption>
          <thead><tr><th scope="col">{say.metric}</th><th scope="col" class="number">{say.was}</th><th scope="col" class="number">{say.will}</th></tr></thead>
          <tbody>{f.metrics.map((m) => <tr key={m.name}><th scope="row">{say.metrics[m.name]}</th><td class="number">{metric(m.name, m.before)}</td><td class="number">{metric(m.name, m.after)}</td></tr>)}</tbody>
        </table></div>
      )}
      {standing(f) !== "settled" && <p class="small soft">{standing(f) === "pending" ? say.unsettled : say.outdatedHint}</p>}
    </div>
  )
}
