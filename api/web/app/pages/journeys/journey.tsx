// A journey of contacts as people read it: its steps in order, and how it ended.
import type { Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { Badge, Theirs } from "../../ui/parts"

type Journey = Schemas["ContactJourney"]
export const outcomes = ["resolved", "open", "abandoned", "churned"] as const
export type Outcome = (typeof outcomes)[number]
const kindOf: Record<Outcome, "good" | "warn" | "bad" | undefined> = { resolved: "good", open: undefined, abandoned: "warn", churned: "bad" }

/** useStepName says a step in words; one that we have no word for by its own name. */
export function useStepName(): (step: { kind?: string; channel?: string }) => string {
  const { journeys: { steps }, common: { channels } } = useSpeech().words
  return ({ kind = "", channel }) => {
    const name = wordOf(steps, kind)
    return channel ? `${name} · ${wordOf(channels, channel)}` : name
  }
}

/** Sequence is the steps of a path. */
export function Sequence({ steps, cut }: { steps: { kind: string; channel?: string }[]; cut?: boolean }) {
  const nameOf = useStepName()
  return (
    <ol class="sequence">
      {steps.map((s, n) => <li key={n}><span class={/conversation|self_service/.test(s.kind) ? "contact" : undefined}>{nameOf(s)}</span></li>)}
      {cut && <li>…</li>}
    </ol>
  )
}

export function OutcomeBadge({ of }: { of: Outcome }) {
  const { words } = useSpeech()
  return <Badge kind={kindOf[of]}>{words.journeys.contacts.outcomes[of]}</Badge>
}

/** Mix is the outcomes of many journeys as one bar; the numbers stand in its title and in the table's file. */
export function Mix({ of }: { of: Record<string, number> }) {
  const { words, format } = useSpeech()
  const total = outcomes.reduce((sum, o) => sum + (of[o] ?? 0), 0) || 1
  const say = words.journeys.contacts.outcomes
  const text = outcomes.filter((o) => of[o]).map((o) => `${say[o]} ${format.number(of[o])}`).join(", ")
  return <span class="mix" role="img" aria-label={text} title={text}>{outcomes.map((o) => (of[o] ? <i key={o} class={o} style={{ width: `${(of[o]! / total) * 100}%` }} /> : null))}</span>
}

/** One is a person's journey in full: each step with its time, and what of it was an effort, with the event that shows it. */
export function One({ journey, zone }: { journey: Journey; zone: string }) {
  const { words, format } = useSpeech()
  const say = words.journeys
  const nameOf = useStepName()
  return (
    <div class="journey">
      <div class="row"><OutcomeBadge of={journey.outcome} />{journey.effort !== undefined && <span>{say.friction.effortOf(format.number(journey.effort, 1))}</span>}</div>
      <ol class="moments">
        {journey.steps?.map((s) => (
          <li key={s.source + s.message_id}><time dateTime={s.began_at}>{format.time(s.began_at, zone)}</time> {nameOf(s)}{s.topic && <> · <Theirs>{s.topic}</Theirs></>}{s.id && <> · <code><Theirs>{s.id}</Theirs></code></>}</li>
        ))}
        {journey.friction?.map((f, n) => (
          <li key={n}>
            <time dateTime={f.at}>{format.time(f.at, zone)}</time> <strong>{say.friction.kinds[f.kind]}</strong> +{format.number(f.effort, 1)} · {nameOf({ kind: f.step_kind, channel: f.channel })}{f.topic && <> · <Theirs>{f.topic}</Theirs></>}
            <br /><span class="soft">{say.friction.evidence}: <Theirs>{f.source}</Theirs> <code><Theirs>{f.message_id}</Theirs></code></span>
          </li>
        ))}
      </ol>
    </div>
  )
}
