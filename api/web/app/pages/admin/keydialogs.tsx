// What is asked before a key is replaced or taken back, and what is told once.
import { useState } from "preact/hooks"
import { answered, api, Problem, problemOf } from "../../api"
import { useSpeech } from "../../i18n"
import { Button, CopyButton, Modal, Select, Theirs } from "../../ui/parts"
import { Notice } from "../../ui/states"
import type { Key } from "./keys"

/** useSend sends once at a time, and keeps what went wrong. */
export function useSend(): { sending: boolean; problem: Problem | undefined; send: (ask: () => Promise<void>) => Promise<void>; clear: () => void } {
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const send = async (ask: () => Promise<void>) => {
    if (sending) return
    setSending(true)
    setProblem(undefined)
    try {
      await ask()
    } catch (fault) {
      setProblem(problemOf(fault))
    } finally {
      setSending(false)
    }
  }
  return { sending, problem, send, clear: () => setProblem(undefined) }
}

export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.keys
  return (
    <Modal title={say.secret} onClose={onClose}>
      <p>{say.secretHint}</p>
      <div class="row"><code class="command grow" data-secret>{secret}</code><CopyButton text={secret} /></div>
      <div class="row end"><Button kind="primary" onClick={onClose}>{say.kept}</Button></div>
    </Modal>
  )
}

export function Rotate({ of, onClose, onMade }: { of: Key; onClose: () => void; onMade: (secret: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.keys
  const [grace, setGrace] = useState("24h")
  const { sending, problem, send } = useSend()
  const rotate = () => send(async () => {
    const made = await api.POST("/v1/keys/{id}/rotate", { params: { path: { id: of.id } }, body: { grace } }).then(answered)
    onMade(made.secret)
  })
  return (
    <Modal title={say.rotateTitle} onClose={onClose}>
      <p><Theirs>{of.note || of.id}</Theirs></p>
      <p>{say.rotateHint}</p>
      <Select label={say.grace} value={grace} onChange={setGrace} options={[1, 24, 168, 720].map((h) => ({ value: `${h}h`, label: format.duration(h * 3600) }))} />
      {problem && <Notice problem={problem} />}
      <div class="row end"><Button onClick={onClose}>{words.common.actions.cancel}</Button><Button kind="primary" disabled={sending} onClick={rotate}>{say.rotate}</Button></div>
    </Modal>
  )
}

export function Revoke({ of, onClose, onDone }: { of: Key; onClose: () => void; onDone: () => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.keys
  const { sending, problem, send } = useSend()
  const revoke = () => send(async () => {
    await api.DELETE("/v1/keys/{id}", { params: { path: { id: of.id } } })
    onDone()
  })
  return (
    <Modal title={say.revokeTitle} onClose={onClose}>
      <p><Theirs>{of.note || of.id}</Theirs></p>
      <p>{say.revokeHint} {of.last_used ? say.usedLast(format.ago(of.last_used)) : say.usedNever}</p>
      {problem && <Notice problem={problem} />}
      <div class="row end"><Button onClick={onClose}>{words.common.actions.cancel}</Button><Button kind="primary danger" disabled={sending} onClick={revoke}>{say.revoke}</Button></div>
    </Modal>
  )
}
