// What a steward may decide about a customer: with whom they are one or never, which observations are another person's, and
// which identifiers join nobody. Each is asked for here, and shown and confirmed in a dialog.
import { useEffect, useState } from "preact/hooks"
import { useSpeech, wordOf } from "../../i18n"
import type { Proposal } from "../../identity/decide"
import { Badge, Button, Card, Theirs, When } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { type Column, Table } from "../../ui/table"
import { type Explanation, type Standing, standings } from "./graph"
import { short } from "./paths"

/** Asked is what a dialog is open for: a proposal, or one whose other side is still to be found. */
export type Asked = Proposal | { find: "merge" | "never_merge" }
/** Ask opens that dialog. There is none for a key that may not decide. */
export type Ask = (asked: Asked) => void

/** Decide offers what is about another customer, or says which scope it takes. */
export function Decide({ onAsk }: { onAsk?: Ask }) {
  const { words } = useSpeech()
  const say = words.customer.identity.decide
  if (!onAsk) return <p class="notice quiet" role="note">{say.denied} {words.common.states.deniedHint("identity:write")}</p>
  return (
    <div class="row apart">
      <span class="small soft">{say.hint}</span>
      <span class="row">
        <Button onClick={() => onAsk({ find: "merge" })}>{say.merge}</Button>
        <Button onClick={() => onAsk({ find: "never_merge" })}>{say.never}</Button>
      </span>
    </div>
  )
}

type Statement = Explanation["observations"][number]

/** Observations are what the profile is made of. Those that are somebody else's are chosen here. */
export function Observations({ e, onAsk }: { e: Explanation; onAsk?: Ask }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const types = words.customer.types as Record<string, string>
  const rows = e.observations ?? []
  const [chosen, setChosen] = useState<Set<string>>(new Set())
  // After a decision some may be of another profile.
  useEffect(() => setChosen((all) => new Set([...all].filter((id) => rows.some((o) => o.id === id)))), [e.identity_version])
  const choose = (id: string, yes: boolean) => setChosen((all) => { const next = new Set(all); if (yes) next.add(id); else next.delete(id); return next })
  const name = (o: Statement) => <span class="row"><code>{short(o.id)}</code>{o.id === rows[0]?.id && <Badge kind="mark">{say.graph.founder}</Badge>}</span>
  const columns: Column<Statement>[] = [
    {
      title: say.observation, cell: (o) => (
        <span class="customer-observation">
          {onAsk && rows.length > 1 ? <label class="check"><input type="checkbox" checked={chosen.has(o.id)} onChange={(x) => choose(o.id, x.currentTarget.checked)} />{name(o)}</label> : name(o)}
          <span class="small soft"><Theirs>{o.source}</Theirs>, <When at={o.first_received} /></span>
        </span>
      ),
    },
    {
      title: say.says, cell: (o) => (
        <span class="customer-says">
          {(o.identifiers ?? []).map((i) => <span key={i.type + i.value}><span class="soft"><Theirs>{wordOf(types, i.type)}</Theirs></span> <Theirs>{i.value}</Theirs></span>)}
          {(o.attributes ?? []).map((a) => <span key={a.name + a.value}><span class="soft"><Theirs>{wordOf(types, a.name)}</Theirs></span> <Theirs>{a.value}</Theirs></span>)}
        </span>
      ),
    },
  ]
  const all = chosen.size === e.observations_total
  return (
    <Card flush title={say.observations} aside={onAsk && rows.length > 1 && (
      <span class="row">
        <span class="small soft" role="status">{all ? say.decide.leaveOne : chosen.size ? say.decide.chosen(format.number(chosen.size)) : say.decide.choose}</span>
        <Button small disabled={chosen.size === 0 || all} onClick={() => onAsk({ kind: "split", profile: e.profile, observations: [...chosen] })}>{say.decide.split}</Button>
      </span>
    )}>
      <Table label={say.observations} columns={columns} rows={rows} keyOf={(o) => o.id} tall="26rem" />
      {e.observations_total > rows.length && <p class="small soft pad">{say.cut(format.number(rows.length), format.number(e.observations_total))}</p>}
    </Card>
  )
}

/** Identifiers are those of the profile with what they tell, the ones that tell nobody apart first; each may be blocked. */
export function Identifiers({ e, onAsk }: { e: Explanation; onAsk?: Ask }) {
  const { words, format } = useSpeech()
  const say = words.customer.identity
  const types = words.customer.types as Record<string, string>
  const rows = standings(e)
  // A value that is not told in full cannot be named to the server either.
  const named = !e.masked.some((path) => path.includes("identifier"))
  const offer = (v: Standing) => {
    if (!onAsk || !named) return undefined
    const kind = v.state !== "blocked" ? "block" : v.byPerson ? "unblock" : undefined
    return kind && <Button small onClick={() => onAsk({ kind, identifier: { type: v.type, value: v.value } })}>{words.review.actions[kind]} …<span class="unseen"> {v.value}</span></Button>
  }
  return (
    <Card title={say.values}>
      {rows.length === 0 ? <Empty title={words.customer.record.noIdentifiers} /> : (
        <ul class="stack tight customer-identifiers" tabIndex={0} aria-label={say.values}>
          {rows.map((v) => (
            <li key={v.type + v.value} class="matter">
              <span class="row apart"><Theirs>{v.value}</Theirs>{offer(v)}</span>
              <span class="small soft row">
                <Theirs>{wordOf(types, v.type)}</Theirs>
                {v.state !== "personal" && v.state !== "unknown" && <Badge kind={v.state === "shared" ? "warn" : "bad"}>{v.kind ? words.customer.record.shared[v.kind] : say.states[v.state]}</Badge>}
                {v.profiles > 1 && say.heldBy(format.number(v.profiles), v.profiles)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
