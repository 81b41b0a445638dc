// What is not settled with a customer: open matters, promises, how they may be reached, what they think of us.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useMay } from "../../session"
import { Badge, Card, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import type { Known } from "./customer"
import { written } from "./record"

export function Open({ known, address }: { known: Known; address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.open
  const items = known.items ?? []
  const open = items.filter((i) => i.open)
  const computed = Object.entries(known.computed ?? {})
  const segments = known.segments ?? []
  return (
    <div class="stack beside">
      <Card title={say.matters} aside={<span class="small soft">{say.closed(format.number(items.length - open.length))}</span>}>
        {open.length ? <ul class="stack tight">{open.map((i) => <Matter key={i.kind + i.id} item={i} />)}</ul> : <Empty title={say.noMatters} />}
      </Card>
      <Promises address={address} />
      <Consent known={known} />
      {(known.satisfaction ?? []).length > 0 && (
        <Card title={say.satisfaction}>
          <dl class="facts">{known.satisfaction.map((s, n) => <div class="fact" key={n}><dt>{s.survey.toUpperCase()} <small>({s.scale})</small></dt><dd>{format.number(s.mean, 1)} <span class="soft">{say.answers(format.number(s.answers), s.answers)}</span></dd></div>)}</dl>
        </Card>
      )}
      {computed.length + segments.length > 0 && (
        <Card title={say.computed}>
          {segments.length > 0 && <p class="row">{segments.map((s) => <Badge key={s.segment} kind="mark"><Theirs>{s.segment}</Theirs></Badge>)}</p>}
          <dl class="facts">{computed.map(([name, c]) => <div class="fact" key={name}><dt><Theirs>{name}</Theirs></dt><dd><Theirs>{typeof c.value === "number" ? format.number(c.value, Number.isInteger(c.value) ? 0 : 2) : written(c.value)}</Theirs>{!c.exact && <> <span class="soft">{say.estimate}</span></>}</dd></div>)}</dl>
        </Card>
      )}
      {(known.accounts ?? []).some((a) => a.account) && (
        <Card title={say.accounts}>
          <ul class="stack tight">{known.accounts.filter((a) => a.account).map((a, n) => <li key={n} class="row"><Theirs>{a.account}</Theirs>{a.current === false && <span class="small soft">{say.formerly}</span>}</li>)}</ul>
        </Card>
      )}
    </div>
  )
}

function Matter({ item }: { item: Schemas["Item"] }) {
  const { words, format } = useSpeech()
  const say = words.customer.open
  const events = words.customer.events
  return (
    <li class="matter">
      <span class="row apart"><strong>{say.kinds[item.kind]}</strong>{item.human_requested && <Badge kind="warn">{say.human}</Badge>}{item.amount && <strong>{item.currency ? format.money(item.amount, item.currency) : item.amount}</strong>}</span>
      {item.topic && <Theirs>{item.topic.text}</Theirs>}
      <span class="small soft">{wordOf(events, item.status)} · <When at={item.changed_at} />{item.id && <> · <Theirs>{item.id}</Theirs></>}</span>
    </li>
  )
}

const promiseKind = { proposed: "warn", made: "mark", kept: "good", broken: "bad", withdrawn: undefined } as const

function Promises({ address }: { address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.open
  const load = useLoad(`promises ${address}`, (signal) =>
    api.GET("/v1/profiles/{address}/commitments", { params: { path: { address } }, signal }).then(answered))
  return (
    <Card title={say.promises}>
      <Loaded load={load} bones={2}>
        {({ commitments }) => (commitments ?? []).length === 0 ? <Empty title={say.noPromises} /> : (
          <ul class="stack tight">
            {commitments.map((p) => (
              <li key={p.id} class="matter">
                <span class="row apart"><strong>{say.promiseKinds[p.kind]}</strong><Badge kind={p.overdue ? "bad" : promiseKind[p.status]}>{p.overdue ? say.overdue : say.promiseStates[p.status]}</Badge></span>
                {p.text && <Theirs>{p.text}</Theirs>}
                <span class="small soft">{p.due_at ? <>{say.due} {format.date(p.due_at)}</> : <When at={p.made_at} />}{p.amount && p.currency && <> · {format.money(p.amount, p.currency)}</>}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  )
}

/** Consent is where and for what the customer may be reached: missing means no. */
function Consent({ known }: { known: Known }) {
  const { words, format } = useSpeech()
  const say = words.customer.open
  const channels = words.common.channels
  const may = useMay("profiles:read")
  const scopes = known.consent?.scopes ?? []
  if (!may || !known.consent) return null
  return (
    <Card title={say.consent}>
      {scopes.length === 0 ? <Empty title={say.noConsent}>{say.noConsentHint}</Empty> : (
        <ul class="stack tight">
          {scopes.map((s) => (
            <li key={s.channel + s.purpose} class="row apart">
              <span>{s.channel === "*" ? say.anyChannel : wordOf(channels, s.channel)} · <Theirs>{s.purpose}</Theirs></span>
              <Badge kind={s.allowed ? "good" : s.reason === "missing" || s.reason === "pending" ? undefined : "bad"} title={say.of(format.number(s.contact_points), format.number(s.of))}>{say.reasons[s.reason]}</Badge>
            </li>
          ))}
        </ul>
      )}
      {scopes.length > 0 && <p class="small soft">{say.otherwise}</p>}
    </Card>
  )
}
