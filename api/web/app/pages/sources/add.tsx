// Adding a source: a key for what sends by itself, or what to put into the configuration for a system that is known or
// described by a mapping; and a try-out with a payload before anything is set up.
import { useState } from "preact/hooks"
import { answered, api, Problem, type Schemas, unreachable } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { useMay } from "../../session"
import { Badge, Button, Card, CopyButton, Field, Select, Theirs } from "../../ui/parts"
import { Loaded, Notice } from "../../ui/states"
import { Trial } from "./trial"

type Way = "key" | "connector" | "yaml"

/** validName is event.ValidSource. */
export const validName = /^[a-z0-9][a-z0-9_-]{0,63}$/

export function Add() {
  const { words } = useSpeech()
  const say = words.sources.add
  const [way, setWay] = useParam("way", "key")
  const ways: { value: Way; label: string; hint: string }[] = [
    { value: "key", label: say.key, hint: say.keyHint }, { value: "connector", label: say.connector, hint: say.connectorHint }, { value: "yaml", label: say.yaml, hint: say.yamlHint },
  ]
  return (
    <>
      <fieldset class="ways">
        <legend>{say.how}</legend>
        {ways.map((w) => (
          <label key={w.value} class={way === w.value ? "way chosen" : "way"}>
            <input type="radio" name="way" checked={way === w.value} onChange={() => setWay(w.value)} />
            <span><strong>{w.label}</strong><small class="soft">{w.hint}</small></span>
          </label>
        ))}
      </fieldset>
      {way === "connector" ? <Known /> : way === "yaml" ? <Trial /> : <ByKey />}
    </>
  )
}

/** NameField is the name of a source, said at once if it is none. */
export function NameField({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const { words } = useSpeech()
  const say = words.sources.add
  const fault = name !== "" && !validName.test(name) ? say.nameFault : undefined
  return (
    <Field label={say.name} hint={say.nameHint} fault={fault}>
      <input value={name} aria-invalid={fault !== undefined} autocomplete="off" spellcheck={false} onInput={(e) => onChange(e.currentTarget.value)} />
    </Field>
  )
}

/** Snippet is what somebody has to put somewhere, exactly as it is. */
export function Snippet({ label, text }: { label: string; text: string }) {
  return (
    <figure class="snippet" aria-label={label}>
      <figcaption class="row apart"><span>{label}</span><CopyButton text={text} /></figcaption>
      <pre tabIndex={0}>{text}</pre>
    </figure>
  )
}

function ByKey() {
  const { words } = useSpeech()
  const say = words.sources.add
  const may = useMay("admin")
  const [name, setName] = useState("")
  const [origins, setOrigins] = useState("")
  const [made, setMade] = useState<Schemas["MadeKey"]>()
  const [problem, setProblem] = useState<Problem>()
  const [sending, setSending] = useState(false)
  const make = (e: Event) => {
    e.preventDefault()
    setProblem(undefined)
    setSending(true)
    const list = origins.split(/\s+/).filter(Boolean)
    api.POST("/v1/keys", { body: { kind: "write", source: name, ...(list.length ? { origins: list } : {}) } as Schemas["NewKey"] }).then(answered)
      .then(setMade, (f: unknown) => setProblem(f instanceof Problem ? f : unreachable()))
      .finally(() => setSending(false))
  }
  return (
    <Card>
      <form class="stack source-form" onSubmit={make}>
        <NameField name={name} onChange={(n) => { setName(n); setMade(undefined) }} />
        <Field label={say.origins} hint={say.originsHint}>
          <textarea class="short" rows={2} value={origins} spellcheck={false} onInput={(e) => setOrigins(e.currentTarget.value)} />
        </Field>
        {problem && <Notice problem={problem} />}
        {!may && <p class="notice">{say.needsAdmin}</p>}
        {!made && <div class="row"><Button type="submit" kind="primary" disabled={!may || sending || !validName.test(name)}>{say.makeKey}</Button></div>}
      </form>
      {made && (
        <div class="stack" role="status">
          <p class="notice good">{say.made}</p>
          <Snippet label={say.makeKey} text={made.secret} />
          <Snippet label={say.send} text={`curl -u ${made.secret}: ${location.origin}/v1/track \\\n  -H 'Content-Type: application/json' \\\n  -d '{"userId":"u-1","event":"Signed Up"}'`} />
        </div>
      )}
    </Card>
  )
}

function Known() {
  const load = useLoad("connectors", (signal) => api.GET("/v1/connectors", { signal }).then(answered))
  return <Loaded load={load} bones={8}>{({ connectors }) => <Choose connectors={connectors} />}</Loaded>
}

function Choose({ connectors }: { connectors: Schemas["Connector"][] }) {
  const { words } = useSpeech()
  const say = words.sources.add
  const [system, setSystem] = useParam("system", connectors[0]?.name)
  const [source, setSource] = useParam("name")
  const name = validName.test(source) ? source : system
  const load = useLoad(`connector ${system} ${name}`, (signal) => api.GET("/v1/connectors/{name}", { params: { path: { name: system }, query: { source: name } }, signal }).then(answered))
  return (
    <>
      <Card>
        <div class="grid form">
          <Select label={say.system} value={system} onChange={setSystem} options={connectors.map((c) => ({ value: c.name, label: c.title }))} />
          <NameField name={source} onChange={setSource} />
        </div>
        <Loaded load={load} bones={6}>{(c) => <Described connector={c} />}</Loaded>
      </Card>
      <Trial key={system} connector={system} source={name} />
    </>
  )
}

/** Described is what a connector needs, and what to put where. */
export function Described({ connector: c, file }: { connector: Schemas["Connector"]; file?: boolean }) {
  const { words, format } = useSpeech()
  const say = words.sources.add
  return (
    <div class="stack">
      <p>{c.summary}</p>
      {file && <p class="soft">{say.file}</p>}
      <Snippet label={say.where} text={c.config} />
      <p class="soft small">{say.whereHint}</p>
      {c.webhook && <Snippet label={say.webhookAt} text={location.origin + c.webhook} />}
      {c.ways.includes("pull") && <p class="soft">{say.pulls}</p>}
      {c.settings.length > 0 && (
        <dl class="facts settings">
          {c.settings.map((s) => <>
            <dt><code>{s.name}</code> {s.required ? <Badge kind="mark">{say.needed}</Badge> : <small>{s.default ? say.otherwise(s.default) : say.optional}</small>}</dt>
            <dd><Theirs>{s.summary}</Theirs></dd>
          </>)}
        </dl>
      )}
      {c.makes.length > 0 && <p class="soft">{say.makes}: {format.list(c.makes)} {say.free}.</p>}
      {c.docs.length > 0 && <p class="soft">{say.docs}: {c.docs.filter((d) => d.startsWith("https://")).map((d, n) => <span key={d}>{n > 0 && " · "}<a href={d} target="_blank" rel="noreferrer noopener">{d.replace("https://", "")}</a></span>)}</p>}
    </div>
  )
}
