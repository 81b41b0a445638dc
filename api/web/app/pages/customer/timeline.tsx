// Everything that happened, in all channels, newest first: as far back as one scrolls.
import { useEffect, useRef, useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { usePages } from "../../paged"
import { useParams } from "../../router"
import { type Channel, channels } from "../../scope"
import { Badge, Button, Card, Theirs, When } from "../../ui/parts"
import { Bones, Empty, Loaded, Notice } from "../../ui/states"

type Event = Schemas["Event"]

/** Entry is an event that stands for itself, or a conversation with those of its events that are there. */
interface Entry { key: string; talk?: string; events: Event[] }

export function Timeline({ address }: { address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.timeline
  const [chosen, choose] = useParams("channel")
  const [unfolded, setUnfolded] = useState<Set<string>>(new Set())
  const pages = usePages(`timeline ${address} ${chosen.join()}`, (cursor, signal) =>
    api.GET("/v1/profiles/{address}/timeline", {
      params: { path: { address }, query: { cursor, limit: 100, channel: chosen.length ? chosen as Channel[] : undefined } }, signal,
    }).then(answered).then((page) => ({ items: page.events ?? [], next: page.next_cursor })))
  const { items: events, more, problem, next } = pages
  const end = useSeen(() => { if (more && !problem) next() }, [pages.latest, pages.load.loading, problem])
  const entries = fold(events)
  const talks = entries.filter((e) => e.talk).map((e) => e.key)
  const toggle = (k: string) => setUnfolded((held) => { const next = new Set(held); if (!next.delete(k)) next.add(k); return next })
  const flip = (c: string) => choose(chosen.includes(c) ? chosen.filter((x) => x !== c) : [...chosen, c])
  return (
    <Card label={say.title}>
      <div class="row apart timeline-tools">
        <div class="row chips" role="group" aria-label={words.common.filters.channel}>
          <button type="button" aria-pressed={!chosen.length} onClick={() => choose([])}>{words.common.filters.all}</button>
          {channels.map((c) => <button key={c} type="button" aria-pressed={chosen.includes(c)} onClick={() => flip(c)}>{words.common.channels[c]}</button>)}
        </div>
        {talks.length > 0 && (
          <Button small kind="plain" onClick={() => setUnfolded(unfolded.size ? new Set() : new Set(talks))}>{unfolded.size ? say.foldAll : say.unfoldAll}</Button>
        )}
      </div>
      <Loaded load={pages.load} bones={10}>{() => entries.length === 0 && !more ? <Empty title={chosen.length ? say.noneOf : say.none}>{chosen.length ? say.noneOfHint : say.noneHint}</Empty> : (
        <ol class="timeline">
          {entries.map((entry, n) => {
            const at = entry.events[0]!.at
            const day = at && format.date(at)
            const before = entries[n - 1]?.events[0]!.at
            return (
              <li key={entry.key}>
                {day && day !== (before && format.date(before)) && <h3 class="day">{day}</h3>}
                {entry.talk ? <Talk entry={entry} open={unfolded.has(entry.key)} toggle={() => toggle(entry.key)} /> : <Single event={entry.events[0]!} />}
              </li>
            )
          })}
        </ol>
      )}</Loaded>
      {problem && <Notice problem={problem} retry={next} />}
      <div ref={end}>{more && !problem && <Bones lines={2} />}</div>
      {!more && entries.length > 0 && <p class="small soft row">{say.end}</p>}
    </Card>
  )
}

/** fold puts the events of one conversation together, where the newest of them stands. */
function fold(events: Event[]): Entry[] {
  const all: Entry[] = []
  const talks = new Map<string, Entry>()
  for (const e of events) {
    const talk = e.conversation_id
    const entry = talk ? talks.get(talk) : undefined
    if (entry) {
      entry.events.push(e)
      continue
    }
    const made: Entry = { key: talk ? `talk ${talk}` : `${e.source} ${e.message_id}`, talk, events: [e] }
    if (talk) talks.set(talk, made)
    all.push(made)
  }
  return all
}

/** useSeen calls back whenever an element comes near to what is in sight. */
function useSeen(seen: () => void, again: unknown[]) {
  const box = useRef<HTMLDivElement>(null)
  const now = useRef(seen)
  now.current = seen
  useEffect(() => {
    if (!box.current) return
    const watch = new IntersectionObserver(([e]) => { if (e!.isIntersecting) now.current() }, { rootMargin: "600px" })
    watch.observe(box.current)
    return () => watch.disconnect()
  }, again)
  return box
}

function Single({ event: e }: { event: Event }) {
  const { format } = useSpeech()
  return (
    <article class="happened">
      <Clock at={e.at} />
      <div class="grow">
        <span class="row"><strong><EventName event={e} /></strong><Where event={e} />{e.amount && <strong>{e.currency ? format.money(e.amount, e.currency) : e.amount}</strong>}<Score event={e} /></span>
        {e.text && <Words event={e} />}
      </div>
    </article>
  )
}

/** Talk is a conversation: its first line, and unfolded all that was said. */
function Talk({ entry, open, toggle }: { entry: Entry; open: boolean; toggle: () => void }) {
  const { words, format } = useSpeech()
  const say = words.customer.timeline
  const told = entry.events.toReversed()
  const said = told.filter((e) => e.text)
  const topic = entry.events.find((e) => e.topic)?.topic
  const resolution = entry.events.find((e) => e.resolution)?.resolution
  const first = said.find((e) => e.author_role === "customer") ?? said[0]
  const roles = [...new Set(told.map((e) => e.author_role).filter(Boolean))] as (keyof typeof say.roles)[]
  return (
    <article class={open ? "happened contact open" : "happened contact"}>
      <Clock at={entry.events[0]!.at} />
      <div class="grow">
        <button type="button" class="unfold" aria-expanded={open} onClick={toggle}>
          <span class="row">
            <strong>{say.conversation}</strong><Where event={told[0]!} />
            {topic && <Theirs>{topic.text}</Theirs>}
            {resolution && <Badge kind={resolution === "confirmed" ? "good" : undefined}>{say.resolutions[resolution]}</Badge>}
            <span class="small soft">{say.parts(format.number(told.length), told.length)}{roles.length > 0 && <> · {roles.map((r) => say.roles[r]).join(", ")}</>}</span>
          </span>
          {!open && first?.text && <span class="glimpse small soft"><Theirs>{first.text.text}</Theirs></span>}
        </button>
        {open && (
          <ol class="said-there">
            {told.map((e) => (
              <li key={e.source + e.message_id} class={e.text ? `by-${e.author_role ?? "source"}` : undefined}>
                {e.text
                  ? <Words event={e} />
                  : <span class="small soft row"><When at={e.at} exact /> <EventName event={e} /><Score event={e} />{e.agent_id && <Theirs>{e.agent_id}</Theirs>}</span>}
              </li>
            ))}
          </ol>
        )}
      </div>
    </article>
  )
}

/** Words are what somebody said, with whose they are. */
function Words({ event: e }: { event: Event }) {
  const { words } = useSpeech()
  const say = words.customer.timeline
  const role = e.author_role
  return (
    <div class="their-words">
      <span class="small soft row">{role === "customer" ? <Badge kind="mark">{say.ownWords}</Badge> : <span>{role ? say.roles[role] : say.source}</span>}{e.agent_id && <Theirs>{e.agent_id}</Theirs>}<When at={e.at} exact /></span>
      <Theirs block>{e.text!.text + (e.text!.cut ? " …" : "")}</Theirs>
    </div>
  )
}

function Clock({ at }: { at: string | undefined }) {
  const { format, language } = useSpeech()
  if (!at) return <span class="clock" />
  return <time class="clock small soft" dateTime={at} title={format.time(at)}>{new Date(at).toLocaleTimeString(language === "zh" ? "zh-CN" : "en", { hour: "2-digit", minute: "2-digit", hour12: false })}</time>
}

function Where({ event: e }: { event: Event }) {
  const { words } = useSpeech()
  return <span class="small soft row">{e.channel && <Badge>{wordOf(words.common.channels, e.channel)}</Badge>}<Theirs>{e.source}</Theirs></span>
}

function Score({ event: e }: { event: Event }) {
  if (e.score === undefined || e.score === null) return null
  return <Badge kind="mark">{e.survey?.toUpperCase()} {e.score}{e.scale && <> ({e.scale})</>}</Badge>
}

/** EventName is a word of the vocabulary in words; a name that a source made up as it is. */
function EventName({ event: e }: { event: Event }) {
  const { words } = useSpeech()
  const say = words.customer
  if (!e.name) return <>{wordOf(say.timeline.kinds, e.type ?? "track")}</>
  const name = wordOf(say.events, e.name)
  return name === e.name ? <Theirs>{name}</Theirs> : <>{name}</>
}
