// Why somebody is who they are: what they are made of, each link in words and in bits, and who is apart although something connects them.
import { useCallback, useMemo, useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useDecided } from "../../identity/decide"
import { Decisions } from "../../identity/decisions"
import { FindDialog } from "../../identity/find"
import { DecisionDialog } from "../../identity/preview"
import { standing } from "../../identity/standing"
import { useLoad } from "../../load"
import { useMay } from "../../session"
import { Chart, type Colours } from "../../ui/chart"
import { Badge, Button, Card, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import type { Column } from "../../ui/table"
import { type Ask, type Asked, Decide, Identifiers, Observations } from "./deciding"
import { type Explanation, type Held, heldBy, pictureOf } from "./graph"
import { linkTo, short } from "./paths"

export function Identity({ address }: { address: string }) {
  const load = useLoad(`identity ${address}`, (signal) =>
    api.GET("/v1/profiles/{address}/identity", { params: { path: { address } }, signal }).then(answered))
  useDecided(load.reload)
  return <Loaded load={load} bones={12}>{(e) => <Made e={e} />}</Loaded>
}

/** Made is the explanation, and what may be decided about it. */
function Made({ e }: { e: Explanation }) {
  const { words } = useSpeech()
  const may = useMay("identity:write")
  const [asked, ask] = useState<Asked>()
  const onAsk = may ? ask : undefined
  return (
    <>
      <Decide onAsk={onAsk} />
      <Picture e={e} />
      <Observations e={e} onAsk={onAsk} />
      <Links e={e} />
      <div class="split"><Near e={e} onAsk={onAsk} /><Identifiers e={e} onAsk={onAsk} /></div>
      {may && <Decisions of={`profile:${e.profile}`} title={words.customer.identity.decisions} />}
      {asked && ("find" in asked
        ? <FindDialog kind={asked.find} profile={e.profile} onClose={() => ask(undefined)} />
        : <DecisionDialog proposal={asked} compare={asked.a && asked.b ? [asked.a, asked.b] : undefined} onClose={() => ask(undefined)} />)}
    </>
  )
}

function Picture({ e }: { e: Explanation }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const types = words.customer.types
  const held = useMemo(() => heldBy(e), [e])
  const option = useCallback((c: Colours) => pictureOf(e, held, say.graph, c), [e, held, say])
  const columns: Column<Held>[] = [
    { title: say.observation, cell: (h) => <><code>{short(h.observation)}</code> {h.founder && <Badge kind="mark">{say.graph.founder}</Badge>}</>, plain: (h) => h.observation },
    { title: say.source, cell: (h) => <Theirs>{h.source}</Theirs>, plain: (h) => h.source },
    { title: say.type, cell: (h) => <Theirs>{wordOf(types, h.type)}</Theirs>, plain: (h) => h.type },
    { title: say.value, cell: (h) => <Theirs>{h.value}</Theirs>, plain: (h) => h.value },
    { title: say.state, cell: (h) => <Badge kind={h.state === "shared" ? "warn" : h.state === "blocked" || h.state === "generic" ? "bad" : undefined}>{say.states[h.state]}</Badge>, plain: (h) => h.state },
  ]
  return (
    <Card title={say.title} aside={<span class="small soft">{say[standing(e)]} · {say.version(format.number(e.identity_version))}</span>}>
      <Chart key={e.identity_version} label={say.picture} option={option} columns={columns} rows={held} height="32rem" file="identity" />
      {e.observations_total > (e.observations ?? []).length && <p class="small soft">{say.cut(format.number((e.observations ?? []).length), format.number(e.observations_total))}</p>}
    </Card>
  )
}

function Links({ e }: { e: Explanation }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const source = new Map((e.observations ?? []).map((o) => [o.id, o.source]))
  const links = e.links ?? []
  return (
    <Card title={say.why} aside={<span class="small soft">{say.thresholds(format.signed(e.thresholds.merge), format.signed(e.thresholds.review))}</span>}>
      {links.length === 0 ? <Empty title={say.alone}>{say.aloneHint}</Empty> : (
        <ul class="links" tabIndex={0} aria-label={say.why}>
          {links.map((l) => (
            <li key={l.a + l.b}>
              <span class="row small soft"><Theirs>{source.get(l.a) ?? short(l.a)}</Theirs> – <Theirs>{source.get(l.b) ?? short(l.b)}</Theirs> <code>{l.rule}</code>{l.at && <When at={l.at} />}</span>
              <Sentence said={l.said} />
              {l.decision && <Badge kind="mark">{say.decided}</Badge>}
              {l.weighing && <Bits weighing={l.weighing} merge={e.thresholds.merge} />}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** Sentence is ours, and what stands in it of others beside it. */
function Sentence({ said }: { said: Schemas["Said"] }) {
  return (
    <p>
      {said.text}{" "}
      {(said.quotes ?? []).map((q, n) => <span key={n} class="quote"><Theirs>{q.text}</Theirs></span>)}
    </p>
  )
}

/** Bits is a score taken apart: each part a bar to the right where it speaks for one person, to the left where against. */
function Bits({ weighing: w, merge }: { weighing: Schemas["Weighing"]; merge: number }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const types = words.customer.types
  const rows = [
    { name: say.prior, bits: w.prior }, ...w.fields.map((f) => ({ name: `${wordOf(types, f.field)} · ${f.level}`, bits: f.bits })),
    ...(w.overlap ? [{ name: say.overlap, bits: w.overlap }] : []), ...(w.household ? [{ name: say.household, bits: w.household }] : []),
  ]
  const most = Math.max(1, ...rows.map((r) => Math.abs(r.bits)))
  return (
    <details class="bits">
      <summary class="small">{say.score(format.signed(w.score), format.signed(merge))}</summary>
      <table>
        <caption class="unseen">{say.bits}</caption>
        <tbody>
          {rows.map((r, n) => (
            <tr key={n}>
              <th scope="row"><Theirs>{r.name}</Theirs></th>
              <td class="number">{format.signed(r.bits)}</td>
              <td class="bar" aria-hidden="true"><i class={r.bits < 0 ? "against" : "for"} style={{ "--share": Math.abs(r.bits) / most }} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {w.contradiction && <p class="small bad">{say.contradiction}</p>}
    </details>
  )
}

/** Near are those whom something connects with the customer, and who are somebody else. */
function Near({ e, onAsk }: { e: Explanation; onAsk?: Ask }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const kinds = ["merge", "never_merge"] as const
  const apart = e.apart ?? []
  return (
    <Card title={say.apart} aside={e.apart_total > apart.length ? <span class="small soft">{say.cut(format.number(apart.length), format.number(e.apart_total))}</span> : undefined}>
      {apart.length === 0 ? <Empty title={say.noApart} /> : (
        <ul class="links">
          {apart.map((x, n) => (
            <li key={n}>
              <span class="row small"><a href={linkTo(`profile:${x.profile}`)}><code>{short(x.profile)}</code></a>{x.asked && <Badge kind="warn">{say.asked}</Badge>}{x.decision && <Badge kind="mark">{say.decided}</Badge>}</span>
              <Sentence said={x.said} />
              {x.weighing && <Bits weighing={x.weighing} merge={e.thresholds.merge} />}
              {onAsk && <span class="row">{kinds.map((kind) => !(kind === "never_merge" && x.decision) && <Button key={kind} small onClick={() => onAsk({ kind, a: x.a, b: x.b })}>{words.review.actions[kind]} …</Button>)}</span>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
