// A new key: what it may do, for whom, and until when.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useSession } from "../../session"
import { Button, Choice, Field, Modal, Select } from "../../ui/parts"
import { Notice } from "../../ui/states"
import { faultOf } from "./keys"
import { useSend } from "./keydialogs"

type Kind = Schemas["NewKey"]["kind"]

/** scopesOf are those that a kind may have; an administrator's may have any. */
const scopesOf: Record<Exclude<Kind, "admin">, string[]> = {
  read: ["profiles:read", "context:read", "timeline:read", "sources:read", "consent:read", "stream:read", "journeys:read", "query:run"],
  agent: ["profiles:read", "context:read", "timeline:read", "sources:read", "consent:read", "stream:read", "agent:write"],
  write: ["ingest:write", "consent:write"],
}
const purposes = ["support", "billing", "sales", "marketing", "analytics", "operations"]
const readers = ["human", "own_ai", "third_party_ai", "system"]
const lives = ["30", "90", "365", ""]

export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.keys
  const session = useSession()
  const [kind, setKind] = useState<Kind>("read")
  const [purpose, setPurpose] = useState("support")
  const [reader, setReader] = useState("human")
  const [lane, setLane] = useState("live")
  const [days, setDays] = useState("90")
  const [left, setLeft] = useState<string[]>([])
  const { sending, problem, send } = useSend()
  const scopes = kind === "admin" ? session.scopes : scopesOf[kind]
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string) => String(form.get(name) ?? "").trim()
    const chosen = scopes.filter((s) => !left.includes(s))
    const origins = text("origins").split(/[\s,]+/).filter(Boolean)
    void send(async () => {
      const body = {
        kind, scopes: chosen, note: text("note"),
        ...(kind === "write" ? { source: text("source"), lane, ...(origins.length ? { origins } : {}) } : { purpose, reader }),
        ...(days ? { expires: new Date(Date.now() + Number(days) * 86_400_000).toISOString() } : {}),
      }
      const made = await api.POST("/v1/keys", { body: body as Schemas["NewKey"] }).then(answered)
      onMade(made.secret)
    })
  }
  const options = (list: string[], names: Record<string, string>) => list.map((value) => ({ value, label: wordOf(names, value) }))
  return (
    <Modal title={say.create} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={say.note} hint={say.noteHint} fault={faultOf(problem, "note")}><input name="note" autocomplete="off" maxLength={200} required /></Field>
        <div class="stack tight">
          <Choice label={say.kind} value={kind} onChange={(k) => { setKind(k); setLeft([]) }} options={(["read", "agent", "write", "admin"] as Kind[]).map((value) => ({ value, label: say.kinds[value] }))} />
          <p class="soft small">{say.kindHints[kind]}</p>
        </div>
        {kind === "write" ? (
          <div class="grid">
            <Field label={words.common.filters.source} hint={say.sourceHint} fault={faultOf(problem, "source")}><input name="source" autocomplete="off" spellcheck={false} required /></Field>
            <Select label={say.lane} value={lane} onChange={setLane} options={[{ value: "live", label: say.live }, { value: "bulk", label: say.bulk }]} />
            <Field label={say.origins} hint={say.originsHint} fault={faultOf(problem, "origins")}><input name="origins" autocomplete="off" spellcheck={false} placeholder="https://www.example.com" /></Field>
          </div>
        ) : (
          <div class="grid">
            <Select label={say.purpose} value={purpose} onChange={setPurpose} options={options(purposes, words.admin.purposes)} />
            <Select label={say.reader} value={reader} onChange={setReader} options={options(readers, words.admin.readers)} />
          </div>
        )}
        <fieldset class="scopes">
          <legend>{say.scopes}</legend>
          {scopes.map((s) => (
            <label key={s} class="check"><input type="checkbox" checked={!left.includes(s)} onChange={(e) => setLeft(e.currentTarget.checked ? left.filter((x) => x !== s) : [...left, s])} /><code>{s}</code></label>
          ))}
          {faultOf(problem, "scopes") && <span class="fault" role="alert">{faultOf(problem, "scopes")}</span>}
        </fieldset>
        <div class="field"><span>{say.expires}</span>
          <Choice label={say.expires} value={days} onChange={setDays} options={lives.map((value) => ({ value, label: value ? format.duration(Number(value) * 86400) : say.never }))} />
        </div>
        {problem && <Notice problem={problem} />}
        <div class="row end"><Button onClick={onClose}>{words.common.actions.cancel}</Button><Button kind="primary" type="submit" disabled={sending}>{say.create}</Button></div>
      </form>
    </Modal>
  )
}
