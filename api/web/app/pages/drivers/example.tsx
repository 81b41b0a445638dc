// A conversation behind a number: whose, when, what it was told to be about and by what, and what the customer wrote.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { href } from "../../router"
import { Theirs } from "../../ui/parts"
import { useTopicName } from "./ask"
import { LabelBox } from "./label"

export function Example({ of, profile, zone, named }: {
  of: Schemas["DriverConversation"]; zone: string
  /** profile is whose it is, where that is not said beside it. */
  profile?: string
  /** named says its topic too, where examples are of several. */
  named?: boolean
}) {
  const { words, format } = useSpeech()
  const say = words.drivers.behind
  const name = useTopicName()
  const facts = [
    profile && <a href={href("/customers/" + encodeURIComponent(`profile:${profile}`))}>{say.customer}</a>,
    format.time(of.began_at, zone),
    <Theirs>{of.source}</Theirs>,
    of.handle_s !== undefined && say.handled(format.duration(of.handle_s)),
  ].filter(Boolean)
  return (
    <article class="example">
      <p class="small soft">{facts.map((f, n) => <span key={n}>{f}</span>)}</p>
      {of.said && <Theirs block>{of.said.text}</Theirs>}
      <p class="small soft">
        <span>{!of.said ? say.silent : of.said.cut ? say.cut : say.wrote}</span>
        {named && <span>{name(of.topic)}</span>}
        {of.told_topic && <span>{say.says} <Theirs>{of.told_topic}</Theirs></span>}
        {of.by === "text" && <span>{of.topic === "unknown" ? say.unclear : say.sure(of.confidence > 0.99 ? ">" + format.percent(0.99, 0) : format.percent(of.confidence, 0))}</span>}
        {of.model && <span>{words.drivers.toldBy.model}: <Theirs>{of.model}</Theirs></span>}
      </p>
      <LabelBox of={of} topic={of.topic} label={of.by === "label" ? of.topic : ""} />
    </article>
  )
}
