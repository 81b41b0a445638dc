// The reader policy as its document.
import { useState } from "preact/hooks"
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { Button, CopyButton, Field, Modal } from "../../ui/parts"
import { Notice } from "../../ui/states"
import { useSend } from "./keydialogs"
import type { ReaderPolicy } from "./policy"
import { putPolicy } from "./policy"
import { Review } from "./policydialogs"

export function PolicyText({ policy, onSaved }: { policy: ReaderPolicy; onSaved: (text: string) => void }) {
  const { words } = useSpeech()
  const say = words.admin.policy
  const [text, setText] = useState(policy.document)
  const [asking, set] = useState<"review" | "builtIn">()
  const [good, setGood] = useState(false)
  const { sending, problem, send, clear } = useSend()
  const check = (then: () => void) => send(async () => { await putPolicy(text, true); then() })
  return (
    <>
      <Field label={say.document}>
        <textarea class="document" rows={28} spellcheck={false} value={text} aria-invalid={!!problem} onInput={(e) => { setText(e.currentTarget.value); setGood(false); clear() }} />
      </Field>
      {problem && <Notice problem={problem} />}
      {good && <p class="notice good" role="status">{say.valid}</p>}
      <div class="row">
        <Button disabled={sending || !text.trim()} onClick={() => check(() => setGood(true))}>{words.admin.check}</Button>
        <Button kind="primary" disabled={sending || text === policy.document || !text.trim()} onClick={() => check(() => set("review"))}>{say.review}</Button>
        <CopyButton text={text} />
        {policy.own && <Button kind="danger" onClick={() => set("builtIn")}>{say.toBuiltIn}</Button>}
      </div>
      {asking === "review" && <Review before={{ ...policy, own: false }} document={text} onClose={() => set(undefined)} onSaved={(told) => { set(undefined); onSaved(told) }} />}
      {asking === "builtIn" && <ToBuiltIn onClose={() => set(undefined)} onDone={() => { set(undefined); onSaved(say.saved) }} />}
    </>
  )
}

function ToBuiltIn({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.policy
  const { sending, problem, send } = useSend()
  return (
    <Modal title={say.toBuiltIn} onClose={onClose}>
      <p>{say.toBuiltInHint}</p>
      {problem && <Notice problem={problem} />}
      <div class="row end">
        <Button onClick={onClose}>{words.common.actions.cancel}</Button>
        <Button kind="primary danger" disabled={sending} onClick={() => send(async () => { await api.DELETE("/v1/policy").then(answered); onDone() })}>{say.toBuiltIn}</Button>
      </div>
    </Modal>
  )
}
