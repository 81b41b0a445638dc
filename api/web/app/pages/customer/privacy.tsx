// What a customer may ask of us: everything that is kept of them, and that nothing is kept any more, with proof.
import { useEffect, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { setParams } from "../../router"
import { useMay } from "../../session"
import { Badge, Button, Card, CopyButton, Field, Modal, Theirs } from "../../ui/parts"
import { Empty, Failure, Loaded, Notice } from "../../ui/states"
import { Table } from "../../ui/table"
import type { Known } from "./customer"
import { short } from "./paths"

export function Privacy({ known }: { address: string; known: Known }) {
  const mayExport = useMay("privacy:export"), mayErase = useMay("privacy:write")
  const { words } = useSpeech()
  const say = words.customer.privacy
  return (
    <div class="stack">
      {mayExport ? <Export profile={known.profile} /> : <Denied title={say.export} scope="privacy:export" />}
      {mayErase ? <Erase known={known} /> : <Denied title={say.erase} scope="privacy:write" />}
    </div>
  )
}

function Denied({ title, scope }: { title: string; scope: string }) {
  const { words } = useSpeech()
  return <Card title={title}><p class="soft">{words.common.states.deniedHint(scope)}</p></Card>
}

/** useAgain asks again every so often, while something is under way. */
function useAgain(again: () => void, under: boolean, every = 3000) {
  useEffect(() => {
    if (!under) return
    const timer = setInterval(again, every)
    return () => clearInterval(timer)
  }, [under])
}

function Export({ profile }: { profile: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.privacy
  const [id, setId] = useState<string>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const load = useLoad(id ? `export ${id}` : "", (signal) => api.GET("/v1/privacy/exports/{id}", { params: { path: { id: id! } }, signal }).then(answered))
  useAgain(load.reload, load.data?.status === "running" || (!!id && !load.data))
  const make = () => {
    setBusy(true)
    setProblem(undefined)
    api.POST("/v1/privacy/exports", { body: { profile } }).then(answered)
      .then((made) => setId(made.id), (fault) => setProblem(problemOf(fault)))
      .finally(() => setBusy(false))
  }
  const made = load.data
  return (
    <Card title={say.export} aside={<Button disabled={busy || made?.status === "running"} onClick={make}>{say.makeExport}</Button>}>
      <p class="soft">{say.exportHint}</p>
      {problem && <Notice problem={problem} retry={make} />}
      {made && (
        <p class="row" role="status">
          <Badge kind={made.status === "ready" ? "good" : made.status === "failed" ? "bad" : "mark"}>{say.exportStates[made.status]}</Badge>
          {made.status === "ready" && <><a class="button" href={`/v1/privacy/exports/${made.id}/content`} download={`${made.id}.zip`}>{say.download}</a><span class="small soft">{say.bytes(format.compact(made.bytes))}{made.expires_at && <> · {say.until(format.time(made.expires_at))}</>}</span></>}
          {made.fault && <span>{made.fault}</span>}
        </p>
      )}
    </Card>
  )
}

function Erase({ known }: { known: Known }) {
  const { words } = useSpeech()
  const say = words.customer.privacy
  const [open, setOpen] = useState(false)
  return (
    <Card title={say.erase} aside={<Button kind="danger" onClick={() => setOpen(true)}>{say.eraseOpen}</Button>}>
      <p class="soft">{say.eraseHint}</p>
      {open && <Confirm known={known} onClose={() => setOpen(false)} />}
    </Card>
  )
}

/** Confirm says what would be erased, and asks for the beginning of the profile's id before it is. */
function Confirm({ known, onClose }: { known: Known; onClose: () => void }) {
  const { words, format } = useSpeech()
  const say = words.customer.privacy
  const types = words.customer.types
  const word = short(known.profile)
  const [typed, setTyped] = useState("")
  const [reason, setReason] = useState("")
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const body = { profile: known.profile, reason: reason || undefined }
  const load = useLoad(`erasure of ${known.profile}`, (signal) =>
    api.POST("/v1/privacy/erasures", { params: { query: { preview: true } }, body: { profile: known.profile }, signal }).then(answered))
  const erase = () => {
    setBusy(true)
    setProblem(undefined)
    api.POST("/v1/privacy/erasures", { body }).then(answered)
      .then((held) => { setParams({ erasure: held.id ?? "" }); location.reload() }, (fault) => setProblem(problemOf(fault)))
      .finally(() => setBusy(false))
  }
  return (
    <Modal title={say.erase} onClose={onClose}>
      <Loaded load={load}>
        {(p: Schemas["ErasurePreview"]) => (
          <>
            <dl class="facts">
              <div class="fact"><dt>{say.observations}</dt><dd>{format.number(p.observations)}</dd></div>
              {Object.entries(p.identifiers ?? {}).map(([t, n]) => <div class="fact" key={t}><dt><Theirs>{wordOf(types, t)}</Theirs></dt><dd>{format.number(n)}</dd></div>)}
              {p.unassigned > 0 && <div class="fact"><dt>{say.unassigned}</dt><dd>{format.number(p.unassigned)}</dd></div>}
            </dl>
            {(p.kept ?? []).length > 0 && <div><h3>{say.stays}</h3><ul class="small">{p.kept.map((k, n) => <li key={n}><Theirs>{wordOf(types, k.type)}</Theirs> × {format.number(k.count)}: {say.keptBecause[k.reason]}</li>)}</ul></div>}
            <details><summary>{say.stores}</summary>
              <Table label={say.stores} rows={p.stores ?? []} keyOf={(_, n) => n} tall="14rem" columns={[
                { title: say.store, cell: (s) => s.store }, { title: say.what, cell: (s) => s.what }, { title: say.count, number: true, cell: (s) => format.number(s.count) },
              ]} />
            </details>
            <p class="notice">{say.held(format.time(p.hold_until))}{p.suppressed && <> {say.suppressed}</>}</p>
            <Field label={say.reason} hint={say.reasonHint}><input value={reason} maxLength={500} onInput={(e) => setReason(e.currentTarget.value)} /></Field>
            <Field label={say.type(word)}><input value={typed} autocomplete="off" spellcheck={false} onInput={(e) => setTyped(e.currentTarget.value)} /></Field>
            {problem && <Notice problem={problem} />}
            <div class="row">
              <Button kind="primary danger" disabled={typed.trim() !== word || busy} onClick={erase}>{say.eraseNow}</Button>
              <Button onClick={onClose}>{words.common.actions.cancel}</Button>
            </div>
          </>
        )}
      </Loaded>
    </Modal>
  )
}

/** Erasure is how an erasure stands, once the customer is shown to nobody; at its end its certificate. */
export function Erasure({ id }: { id: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.privacy
  const mayRead = useMay("privacy:read"), mayWrite = useMay("privacy:write")
  const [problem, setProblem] = useState<Problem>()
  const load = useLoad(mayRead ? `erasure ${id}` : "", (signal) => api.GET("/v1/privacy/erasures/{id}", { params: { path: { id } }, signal }).then(answered))
  const status = load.data?.status
  useAgain(load.reload, status === "held" || status === "erasing", 5000)
  const cancel = () => void api.DELETE("/v1/privacy/erasures/{id}", { params: { path: { id } } })
    .then(() => { setParams({ erasure: "" }); location.reload() }, (fault) => setProblem(problemOf(fault)))
  if (!mayRead) return <Denied title={say.erasure} scope="privacy:read" />
  return (
    <Card title={say.erasure}>
      <Loaded load={load}>
        {(e) => (
          <>
            <p class="row"><Badge kind={e.status === "erased" ? "good" : e.status === "cancelled" ? undefined : "warn"}>{say.states[e.status]}</Badge>{e.status === "held" && <span>{say.held(format.time(e.hold_until))}</span>}</p>
            {e.status === "held" && mayWrite && <div><Button onClick={cancel}>{say.cancel}</Button></div>}
            {problem && <Notice problem={problem} />}
            {e.status === "erased" && <Certificate id={id} />}
          </>
        )}
      </Loaded>
    </Card>
  )
}

function Certificate({ id }: { id: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.privacy
  const load = useLoad(`certificate ${id}`, (signal) => api.GET("/v1/privacy/erasures/{id}/certificate", { params: { path: { id } }, signal }).then((r) => answered(r) as Schemas["Certificate"]))
  if (load.problem && !load.data) return <Failure problem={load.problem} retry={load.reload} />
  return (
    <Loaded load={load}>
      {(c) => (
        <section class="stack tight" aria-label={say.certificate}>
          <div class="row apart"><h3>{say.certificate}</h3><CopyButton text={JSON.stringify(c, null, 2)} /></div>
          <p>{say.certified(format.time(c.certified_at), format.number(c.events), format.number(c.observations))}</p>
          <Table label={say.certificate} rows={c.stores ?? []} keyOf={(_, n) => n} columns={[
            { title: say.store, cell: (s) => s.store }, { title: say.count, number: true, cell: (s) => format.number(s.removed) }, { title: say.proof, cell: (s) => s.proof }, { title: say.result, cell: (s) => s.result },
          ]} />
          {(c.waiting ?? []).map((w, n) => <p key={n} class="notice">{w.store}: {w.why}</p>)}
          {(c.backups ?? []).length > 0 ? <ul class="small">{c.backups.map((b, n) => <li key={n}>{b}</li>)}</ul> : <Empty title={say.noCopies} />}
          <p class="small soft">{say.sum} <code>{c.sum}</code></p>
        </section>
      )}
    </Loaded>
  )
}
