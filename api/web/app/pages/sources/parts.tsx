// The small parts of this page: signs, rates, and the equation of what became of everything.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { About, Badge } from "../../ui/parts"

export type Health = Schemas["HealthOfSource"]
type Account = Pick<Health, "received" | "pending" | "stored" | "duplicate" | "quarantined" | "suppressed" | "erased">

const kinds = { unbalanced: "bad", quarantined: "warn", behind: "warn", silent: "warn", never: undefined, drift: undefined } as const

/** Signs are what somebody should look at; none of them is good news. */
export function Signs({ signs }: { signs: Health["signs"] }) {
  const { words } = useSpeech()
  const say = words.sources
  if (!signs.length) return <Badge kind="good">{say.well}</Badge>
  return <span class="row signs">{signs.map((s) => <Badge key={s} kind={kinds[s]} title={say.signHint[s]}>{say.sign[s]}</Badge>)}</span>
}

/** Bars is a series as bars without axes; the detail of the source has it with them, and as a table. */
export function Bars({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values)
  const width = 100 / values.length
  return (
    <svg class="source-bars" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((v, n) => v > 0 && <rect key={n} x={n * width} width={width * .7} y={24 - Math.max(1.5, v / most * 24)} height={Math.max(1.5, v / most * 24)} />)}
      <line x1="0" x2="100" y1="24" y2="24" vector-effect="non-scaling-stroke" />
    </svg>
  )
}

export const outcomes = ["pending", "stored", "duplicate", "quarantined", "suppressed", "erased"] as const

/** differenceOf is what the sum lacks: 0, always. */
export function differenceOf(a: Account): number {
  return a.received - outcomes.reduce((sum, o) => sum + a[o], 0)
}

/** Equation is received = pending + stored + duplicate + quarantined + suppressed + erased, with its figures. */
export function Equation({ account }: { account: Account }) {
  const { words, format } = useSpeech()
  const say = words.sources.account
  const difference = differenceOf(account)
  const term = (name: "received" | (typeof outcomes)[number]) => (
    <span class={account[name] === 0 ? "term none" : name === "quarantined" || name === "pending" ? "term note" : "term"}>
      <b>{format.number(account[name])}</b>
      <About word={say[name]}>{say.hint[name]}</About>
    </span>
  )
  return (
    <div class="equation" role="group" aria-label={say.title}>
      {term("received")}<i aria-hidden="true">=</i>
      {outcomes.map((o, n) => <>{n > 0 && <i aria-hidden="true">+</i>}{term(o)}</>)}
      {difference === 0 ? <Badge kind="good">{say.holds}</Badge> : <Badge kind="bad">{say.differs(format.signed(difference))}</Badge>}
    </div>
  )
}

/** Lag says how far a source is behind. */
export function Lag({ lag }: { lag: Health["lag"] }) {
  const { words, format } = useSpeech()
  const waiting = lag.pending + (lag.behind ?? 0)
  if (waiting === 0) return <span class="soft">{words.sources.stored}</span>
  return <span class={lag.seconds > 60 ? "warn" : undefined}>{lag.seconds > 0 ? format.duration(lag.seconds) : "–"} <small class="soft">{words.sources.waiting(format.number(waiting))}</small></span>
}
