// Topics as a tree: how many conversations, what share, and how that compares with the span before.
import { useSpeech } from "../../i18n"
import { setParams, useParam, useParams } from "../../router"
import { About, Badge, Card, Choice, Theirs } from "../../ui/parts"
import { type Drivers, type Group, partsOf, type Topic, useTopicName } from "./ask"
import { Bar, Bars } from "./bars"
import { useHere } from "./reasons"

/** Line is a row of the tree. */
interface Line {
  key: string
  name: string
  of?: Group
  theirs?: boolean
  people?: number
  conversations: number
  before?: number[]
  emerging?: boolean
}

const lineOf = (t: Topic, name: string): Line => ({ key: t.topic, name, of: { topic: t.topic }, people: t.people, conversations: t.conversations, before: t.before, emerging: t.emerging })

/** sum is a group's line. A person may have made contact about several of its topics, so that people do not add up. */
function sum(key: string, name: string, lines: Line[]): Line {
  const before = lines[0]?.before?.map((_, i) => lines.reduce((n, l) => n + (l.before?.[i] ?? 0), 0))
  return { key, name, conversations: lines.reduce((n, l) => n + l.conversations, 0), before }
}

export function Tree({ drivers }: { drivers: Drivers }) {
  const { words, format } = useSpeech()
  const say = words.drivers
  const topicName = useTopicName()
  const [names, setNames] = useParam("names", "ours")
  const [closed] = useParams("closed")
  const groups = new Map<string, Line[]>()
  for (const t of drivers.topics) {
    const group = t.topic.split("/")[0]!
    groups.set(group, [...(groups.get(group) ?? []), lineOf(t, topicName(t.topic, true))])
  }
  const sums = [...groups].map(([group, lines]) => ({ line: sum(group, topicName(group), lines), lines })).sort((a, b) => b.line.conversations - a.line.conversations)
  const told: Line[] = drivers.told.map((t) => ({ key: t.name, name: t.name, theirs: true, of: { told_topic: t.name }, people: t.people, conversations: t.conversations, before: t.before, emerging: t.emerging }))
  const row = (line: Line, level: number) => <Row key={line.key} line={line} level={level} all={drivers.conversations} />
  const toggle = (group: string) => setParams({ closed: closed.includes(group) ? closed.filter((c) => c !== group) : [...closed, group] }, true)
  const unknown = { key: "unknown", name: topicName("unknown"), of: { topic: "unknown" }, conversations: drivers.unknown }
  return (
    <Card flush title={<>{say.conversations(format.number(drivers.conversations), drivers.conversations)} <span class="soft small">{say.ofPeople(format.number(drivers.sample.people), drivers.sample.people)}</span></>}
      aside={drivers.told.length > 0 && <Choice label={say.names.label} value={names} onChange={setNames} options={[{ value: "ours", label: say.names.ours }, { value: "theirs", label: say.names.theirs }]} />}>
      <div class="table">
        <table class="tree">
          <thead>
            <tr>
              <th scope="col">{names === "theirs" ? say.told : say.topic}</th>
              <th scope="col" class="number">{say.volume}</th>
              <th scope="col" class="number">{say.share}</th>
              <th scope="col" class="number wide">{say.people}</th>
              <th scope="col" class="number"><About word={say.change}>{say.changeHint}</About></th>
              <th scope="col" class="wide">{say.course}</th>
            </tr>
          </thead>
          {names === "theirs" ? <tbody>{told.map((line) => row(line, 0))}</tbody> : (
            <>
              {sums.map(({ line, lines }) => (
                <tbody key={line.key}>
                  <Row line={line} level={0} all={drivers.conversations} open={!closed.includes(line.key)} toggle={() => toggle(line.key)} />
                  {!closed.includes(line.key) && lines.map((l) => row(l, 1))}
                </tbody>
              ))}
              {drivers.unknown > 0 && <tbody>{row(unknown, 0)}</tbody>}
            </>
          )}
        </table>
      </div>
    </Card>
  )
}

function Row({ line, level, all, open, toggle }: { line: Line; level: number; all: number; open?: boolean; toggle?: () => void }) {
  const { words, format } = useSpeech()
  const say = words.drivers
  const here = useHere()
  const share = all ? line.conversations / all : 0
  return (
    <tr class={toggle ? "group" : undefined}>
      <th scope="row" class={level ? "deeper" : undefined}>
        {toggle && <button type="button" class="fold" aria-expanded={open} aria-label={`${open ? say.close : say.open}: ${line.name}`} onClick={toggle} />}
        {line.of ? <a href={here({ of: partsOf(line.of), week: "" })}>{line.theirs ? <Theirs>{line.name}</Theirs> : line.name}</a> : line.name}
        {line.key === "unknown" && <> <About word="?">{say.unknownHint}</About></>}
        {line.emerging && <> <Badge kind="warn">{say.rising.badge}</Badge></>}
      </th>
      <td class="number">{format.number(line.conversations)}</td>
      <td class="number share"><Bar parts={[{ share, kind: 1 }]} /><span>{format.percent(share)}</span></td>
      <td class="number wide">{line.people === undefined ? "" : format.number(line.people)}</td>
      <td class="number">{changeOf(line, say.isNew, (c) => format.signed(c * 100, 0) + "%")}</td>
      <td class="wide">{line.before && <Bars before={line.before} now={line.conversations} />}</td>
    </tr>
  )
}

function changeOf({ before, conversations }: Line, isNew: string, write: (share: number) => string): string {
  const last = before?.[0]
  if (last === undefined) return "–"
  return last === 0 ? (conversations ? isNew : "–") : write((conversations - last) / last)
}
