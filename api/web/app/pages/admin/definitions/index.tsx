// Segments and computed traits: what is declared, how many people are in it, what goes by what. The form and the document are
// two views of one draft; nothing holds before it is saved.
import { useEffect, useState } from "preact/hooks"
import { useSpeech } from "../../../i18n"
import { useLoad } from "../../../load"
import { setParams, useParam } from "../../../router"
import { Badge, Button, Choice, When } from "../../../ui/parts"
import { Loaded, Notice } from "../../../ui/states"
import { tell } from "../../../ui/toast"
import { DocumentText } from "./document"
import { type Drafting, type Read, readDefinitions, useDraft } from "./draft"
import { Item } from "./item"
import { Lists } from "./lists"
import { Review } from "./review"

export function Definitions() {
  const load = useLoad("admin definitions", readDefinitions)
  return <Loaded load={load} bones={12}>{(found) => <Drafted base={found} reload={load.reload} />}</Loaded>
}

function Drafted({ base, reload }: { base: Read; reload: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const drafting = useDraft(base)
  const [as, setAs] = useParam("as", "form")
  const [segment] = useParam("segment")
  const [trait] = useParam("trait")
  const [reviewing, setReviewing] = useState(false)
  const { draft } = drafting
  // What is being counted, or judged anew, is looked at again until it is done.
  const busy = base.judging || base.pending.length > 0 || base.segments.some((s) => !s.ready)
  useEffect(() => {
    if (!busy) return
    const timer = setTimeout(reload, 2000)
    return () => clearTimeout(timer)
  }, [busy, base])
  return (
    <div class="stack definitions">
      <div class="row apart">
        <Choice label={say.as} value={as} onChange={setAs} options={[{ value: "form", label: say.form.title }, { value: "document", label: say.document }]} />
        <span class="row small soft">{base.judging && <Badge kind="warn">{say.judging}</Badge>}{base.since && <span>{say.since} <When at={base.since} /></span>}</span>
      </div>
      {as === "document" ? <DocumentText drafting={drafting} />
        : !draft.doc ? <Unread drafting={drafting} />
        : !drafting.exact ? <p class="notice">{say.form.inexact}</p>
        : segment || trait ? <Item part={segment ? "segments" : "computed"} name={segment || trait} drafting={drafting} />
        : <Lists drafting={drafting} />}
      {drafting.changed && <Bar drafting={drafting} onReview={() => setReviewing(true)} />}
      {reviewing && <Review drafting={drafting} onClose={() => setReviewing(false)} onReload={reload} />}
    </div>
  )
}

/** Unread says why the form shows nothing: the document was written by hand, and the server cannot read it. */
function Unread({ drafting: { draft } }: { drafting: Drafting }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  if (!draft.checked) return <p class="soft" role="status">{say.form.checking}</p>
  if (draft.problem) return <Notice problem={draft.problem} />
  return (
    <div class="notice bad stack tight" role="alert">
      <span>{say.form.unread}</span>
      <ul class="small">{draft.faults.map((f, n) => <li key={n}><code>{f.field}</code> {f.reason}</li>)}</ul>
      <div><Button small onClick={() => setParams({ as: "document" })}>{say.document}</Button></div>
    </div>
  )
}

/** Bar stays in sight while there is something to lose. */
function Bar({ drafting, onReview }: { drafting: Drafting; onReview: () => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions.form
  const { draft } = drafting
  const giveUp = () => {
    const was = draft
    drafting.giveUp()
    setParams({ segment: "", trait: "" }, true)
    tell(say.gaveUp, () => drafting.restore(was))
  }
  const review = () => {
    const wrong = document.querySelector<HTMLElement>(".definitions [aria-invalid=true]")
    if (wrong) wrong.focus()
    else onReview()
  }
  return (
    <div class="definitions-bar row apart">
      <span role="status">{say.unsaved}{draft.checked && draft.faults.length > 0 && <> · <span class="bad">{say.faults(format.number(draft.faults.length), draft.faults.length)}</span></>}</span>
      <span class="row">
        <Button onClick={giveUp}>{say.giveUp}</Button>
        <Button kind="primary" disabled={!draft.checked} onClick={review}>{say.review}</Button>
      </span>
    </div>
  )
}
