// Why somebody is who they are: what they are made of, each link in words and in bits, and who is apart although something connects them.
import { useCallback, useMemo } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { Chart, type Colours } from "../../ui/chart"
import { Badge, Card, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import type { Column } from "../../ui/table"
import { type Explanation, type Held, heldBy, pictureOf } from "./graph"
import { linkTo, short } from "./paths"

export function Identity({ address }: { address: string }) {
  const load = useLoad(`identity ${address}`, (signal) =>
    api.GET("/v1/profiles/{address}/identity", { params: { path: { address } }, signal }).then(answered))
  return <Loaded load={load} bones={12}>{(e) => <><Picture e={e} /><Links e={e} /><Others e={e} /></>}</Loaded>
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
    <Card title={say.title} aside={<span class="small soft">{e.identity_settled ? say.settled : say.pending} · {say.version(format.number(e.identity_version))}</span>}>
      <Chart label={say.picture} option={option} columns={columns} rows={held} height="32rem" file="identity" />
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

function Others({ e }: { e: Explanation }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const apart = e.apart ?? [], values = e.values ?? []
  return (
    <div class="split">
      <Card title={say.apart} aside={e.apart_total > apart.length ? <span class="small soft">{say.cut(format.number(apart.length), format.number(e.apart_total))}</span> : undefined}>
        {apart.length === 0 ? <Empty title={say.noApart} /> : (
          <ul class="links">
            {apart.map((x, n) => (
              <li key={n}>
                <span class="row small"><a href={linkTo(`profile:${x.profile}`)}><code>{short(x.profile)}</code></a>{x.asked && <Badge kind="warn">{say.asked}</Badge>}{x.decision && <Badge kind="mark">{say.decided}</Badge>}</span>
                <Sentence said={x.said} />
                {x.weighing && <Bits weighing={x.weighing} merge={e.thresholds.merge} />}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title={say.values}>
        {values.length === 0 ? <Empty title={say.noValues} /> : (
          <ul class="stack tight">
            {values.map((v, n) => (
              <li key={n} class="matter">
                <span class="row apart"><Theirs>{v.identifier.value ?? v.identifier.type}</Theirs><Badge kind={v.state === "shared" ? "warn" : "bad"}>{v.kind ? words.customer.record.shared[v.kind] : say.states[v.state]}</Badge></span>
                <span class="small soft">{say.heldBy(format.number(v.profiles_total), v.profiles_total)}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  )
}
