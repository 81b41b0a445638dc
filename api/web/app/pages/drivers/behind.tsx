// Behind a number: how it compares, examples of what customers said, and the people with their conversations.
import { answered, api, Problem, type Schemas } from "../../api"
import { type Speech, useSpeech, wordOf } from "../../i18n"
import { type Load, useLoad } from "../../load"
import { usePages } from "../../paged"
import { href, setParams, useParam, useParams } from "../../router"
import { useMay } from "../../session"
import { Paged } from "../../ui/paged"
import { Badge, Choice, Modal, Theirs } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { type Drivers, type Group, type Member, partsOf, type Span, useBehind, useTopicName } from "./ask"
import { Bars } from "./bars"
import { Example } from "./example"

export function Behind({ load, week }: { load: Load<Drivers>; week: Load<Drivers> }) {
  const { words, format } = useSpeech()
  const say = words.drivers.behind
  const behind = useBehind()
  const [parts] = useParams("of")
  const [view, setView] = useParam("view", "examples")
  const may = useMay("profiles:read")
  const group = behind.group!
  const drivers = (behind.week ? week : load).data
  const end = new Date(new Date(behind.span.until).getTime() - 1)
  return (
    <Modal drawer title={<Name parts={parts} />} onClose={() => setParams({ of: "", week: "", view: "" })}>
      <p class="soft">{say.in(format.date(asTime(behind.span.from, behind.span.zone), behind.span.zone), format.date(end, behind.span.zone))}</p>
      {drivers && <Facts drivers={drivers} group={group} />}
      <Choice label={say.view} value={view} onChange={setView} options={[{ value: "examples", label: say.examples }, { value: "people", label: say.people }]} />
      {!may ? <Failure problem={new Problem(403, "", "", "", { required_scope: "profiles:read" })} />
        : view === "people" ? <People group={group} span={behind.span} /> : <Examples group={group} span={behind.span} />}
    </Modal>
  )
}

/** asTime is the noon of a day, which is the same day in every zone that is not at the other side of the world; a time stays. */
const asTime = (text: string, zone: string) => (text.length === 10 && zone ? text + "T12:00:00Z" : text)

/** Name says what the conversations have in common. */
function Name({ parts }: { parts: string[] }) {
  const speech = useSpeech()
  const say = speech.words.drivers.behind
  const topicName = useTopicName()
  const split = parts.map((p) => [p.slice(0, p.indexOf(":")) as Member, p.slice(p.indexOf(":") + 1)] as const)
  if (split.length === 1 && split[0]![0] === "topic") return <>{topicName(split[0]![1])}</>
  return <>{split.map(([m, value], n) => <span key={m}>{n > 0 && ", "}{say.is[m]} {valueOf(m, value, speech, topicName)}</span>)}</>
}

function valueOf(member: Member, value: string, { words, format }: Speech, topicName: (id: string) => string) {
  switch (member) {
    case "topic": return topicName(value)
    case "by": return wordOf(words.drivers.toldBy, value)
    case "above": return format.duration(Number(value))
    default: return <Theirs>{value}</Theirs>
  }
}

/** Facts are what the report says of the number, where it is one of its topics. */
function Facts({ drivers, group }: { drivers: Drivers; group: Group }) {
  const { words, format } = useSpeech()
  const say = words.drivers
  const [, setOf] = useParams("of")
  const topic = drivers.topics.find((t) => t.topic === group.topic)
  const line = topic ?? drivers.told.find((t) => t.name === group.told_topic)
  if (!line) return null
  const told = topic ? Object.entries(topic.by).filter(([, n]) => n > 0) : []
  return (
    <div class="stack tight">
      <div class="row apart">
        <p><strong>{say.conversations(format.number(line.conversations), line.conversations)}</strong> {say.ofPeople(format.number(line.people), line.people)}</p>
        <Bars before={line.before} now={line.conversations} />
      </div>
      <dl class="facts small">
        {line.before.length > 0 && <><dt>{say.behind.facts.before}</dt><dd>{format.number(line.before[0])}</dd></>}
        {drivers.spans_before >= 4 && <><dt>{say.behind.facts.expected}</dt><dd>{format.number(line.expected, 1)}</dd></>}
        {told.length > 0 && <><dt>{say.behind.facts.told}</dt><dd>{told.map(([by, n]) => `${say.toldBy[by]} ${format.number(n)}`).join(", ")}</dd></>}
        {topic && topic.words.length > 0 && <><dt>{say.behind.facts.words}</dt><dd class="row">{topic.words.map((w) => <button key={w} type="button" class="badge" onClick={() => setOf(partsOf({ topic: topic.topic, word: w }))}><Theirs>{w}</Theirs></button>)}</dd></>}
      </dl>
      <p class="small">
        {drivers.spans_before < 4 ? <span class="soft">{say.behind.shortHistory}</span>
          : <><Badge kind={line.emerging ? "warn" : undefined}>{line.emerging ? say.behind.rises : say.behind.steady}</Badge> <span class="soft">{say.rising.chance(line.p, (n) => format.number(n))}</span></>}
      </p>
    </div>
  )
}

function Examples({ group, span }: { group: Group; span: Span }) {
  const { words } = useSpeech()
  const say = words.drivers.behind
  const load = useLoad("examples " + JSON.stringify([group, span]), (signal) =>
    api.POST("/v1/journeys/drivers/examples", { body: { ...span, of: [group], each: 10 }, signal }).then(answered))
  return (
    <Loaded load={load} bones={9}>
      {(answer) => (
        <>
          <Withheld of={answer.withheld} />
          {!answer.groups[0]?.examples.length ? <Empty title={say.noExamples}>{say.noExamplesHint}</Empty>
            : answer.groups[0].examples.map((e) => <Example key={e.source + e.conversation_id} of={e} profile={e.profile} zone={span.zone} named={!group.topic} />)}
        </>
      )}
    </Loaded>
  )
}

/** Withheld says what the reader policy keeps back. */
export function Withheld({ of }: { of?: Schemas["Withheld"][] }) {
  const { words, format } = useSpeech()
  if (!of?.length) return null
  return <p class="notice">{words.drivers.behind.withheld(format.list([...new Set(of.map((w) => w.class))]))}</p>
}

function People({ group, span }: { group: Group; span: Span }) {
  const { words, format } = useSpeech()
  const say = words.drivers.behind
  const pages = usePages("drivers people " + JSON.stringify([group, span]), (after, signal) =>
    api.POST("/v1/journeys/drivers/people", { body: { ...span, of: group, limit: 50, after }, signal })
      .then(answered).then((page) => ({ items: page.people, next: page.next, withheld: page.withheld })))
  return (
    <Paged pages={pages} bones={9} empty={<Empty title={say.noPeople} />}>{(people, { withheld }) => (
      <>
        <Withheld of={withheld} />
        <ul class="persons">
          {people.map((p) => (
            <li key={p.profile}>
              <details>
                <summary><a href={href("/customers/" + encodeURIComponent(`profile:${p.profile}`))}>{p.profile.slice(0, 8)}</a> <span class="soft">{say.contacts(format.number(p.count), p.count)}</span></summary>
                {p.conversations.map((c) => <Example key={c.source + c.conversation_id} of={c} zone={span.zone} named={!group.topic} />)}
              </details>
            </li>
          ))}
        </ul>
      </>
    )}</Paged>
  )
}
