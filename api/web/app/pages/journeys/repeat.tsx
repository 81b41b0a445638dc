// Repeat contacts: how often people have to come again, after whom, on what, and how soon.
import { useMemo } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { useMay } from "../../session"
import { axis, Chart, type Colours } from "../../ui/chart"
import { Button, Card, CopyButton, Select, Theirs } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"
import { Basis } from "./basis"
import { Figures } from "./figures"
import { Bar } from "./funnelsteps"
import { Count, People } from "./people"
import { numberOf, useBehind } from "./state"

type Report = Schemas["RepeatReport"]
type Kind = Schemas["RepeatCount"]
type Behind = NonNullable<Schemas["RepeatPeopleRequest"]["of"]>
const spans = [1, 2, 3, 7, 14, 30]

export function Repeat() {
  const { words, format } = useSpeech()
  const say = words.journeys.repeat
  const scope = useScope()
  const [daysText, setDays] = useParam("within", "7")
  const days = numberOf(daysText, 7, 1, 90)
  const [behind, setBehind] = useBehind<Behind>()
  const question = { ...asBody(scope), days }
  const load = useLoad(`repeat ${keyOf(scope)} ${days}`, (signal) => api.POST("/v1/journeys/repeat-contacts", { body: question, signal }).then(answered))
  const title = useGroupTitle()
  return (
    <>
      <Card title={say.title} aside={<div class="row"><Select bare label={say.within} value={String(days)} onChange={setDays}
        options={[...new Set([...spans, days])].sort((a, b) => a - b).map((d) => ({ value: String(d), label: say.againWithin(words.journeys.days(d)) }))} /><CopyButton /></div>}>
        <Loaded load={load} bones={10}>
          {(answer) => answer.total.contacts === 0 ? <None tooRecent={answer.too_recent} /> : <>
            <Figures all={[
              { name: say.rate, value: format.percent(answer.total.rate?.share), note: range(answer.total.rate, format.percent) },
              { name: say.sameTopic, value: format.percent(answer.total.same_topic_rate?.share), note: range(answer.total.same_topic_rate, format.percent) },
              { name: say.returned, value: format.number(answer.returned), note: say.ofPeople(format.number(answer.people)) },
              { name: say.tooRecent, value: format.number(answer.too_recent) },
            ]} />
            <Days answer={answer} onOpen={(day) => setBehind({ day })} />
            <Basis of={answer} />
          </>}
        </Loaded>
      </Card>
      {load.data && load.data.total.contacts > 0 && <>
        <div class="halves">
          <Kinds name={say.byFirst} rows={load.data.by_first} leftOut={load.data.left_out.by_first} onOpen={setBehind} />
          <Kinds name={say.byTopic} rows={load.data.by_topic} leftOut={load.data.left_out.by_topic} onOpen={setBehind} />
        </div>
        <Kinds name={say.byPair} rows={load.data.by_pair} leftOut={load.data.left_out.by_pair} onOpen={setBehind} total={load.data.total.repeated} />
      </>}
      {behind && (
        <People of={["repeat", question, behind]} title={title(behind)} onClose={() => setBehind(undefined)}
          ask={(after, signal) => api.POST("/v1/journeys/repeat-contacts/people", { body: { ...question, of: behind, after, limit: 50 }, signal }).then(answered)}
          tell={(p) => <ol class="moments">{p.contacts.map((c, n) => <li key={n}><Contact of={c.first} zone={scope.zone} />{c.next && <> → <Contact of={c.next} zone={scope.zone} /></>}</li>)}</ol>} />
      )}
    </>
  )
}

/** None says why there is nothing to judge: nobody came, or not long enough ago. */
function None({ tooRecent }: { tooRecent: number }) {
  const { words, format } = useSpeech()
  const { repeat, contacts } = words.journeys
  return tooRecent ? <Empty title={repeat.none}>{repeat.noneHint(format.number(tooRecent), tooRecent)}</Empty> : <Empty title={contacts.none}>{contacts.noneHint}</Empty>
}

const range = (rate: Schemas["RateOfContacts"] | undefined, write: (share: number) => string) => (rate ? `${write(rate.low)} – ${write(rate.high)}` : undefined)

/** useGroupTitle says which contacts are meant. */
function useGroupTitle(): (of: Behind) => string {
  const { words, format } = useSpeech()
  const say = words.journeys.repeat
  const { channels } = words.common
  const channel = (c: string) => (c ? wordOf(channels, c) : say.noChannel)
  return (of) => [
    of.channel !== undefined && channel(of.channel), of.handled_by && say.handlers[of.handled_by], of.topic !== undefined && (of.topic || say.noTopic),
    of.day !== undefined && say.onDay(format.number(of.day + 1)),
  ].filter(Boolean).join(" · ").concat(of.next_channel !== undefined ? ` → ${channel(of.next_channel)}` : "") || say.title
}

function Contact({ of, zone }: { of: Schemas["RepeatContact"]; zone: string }) {
  const { words, format } = useSpeech()
  const { channels } = words.common
  return <>{format.time(of.began_at, zone)} {wordOf(channels, of.channel)} <span class="soft">({words.journeys.repeat.handlers[of.handled_by]})</span>{of.topic && <> <Theirs>{of.topic}</Theirs></>} <code><Theirs>{of.conversation_id}</Theirs></code></>
}

function Days({ answer, onOpen }: { answer: Report; onOpen: (day: number) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.repeat
  const may = useMay("profiles:read")
  const rows = answer.days_to_repeat.map((n, day) => ({ n, day }))
  const columns: Column<(typeof rows)[number]>[] = [
    { title: say.day, number: true, cell: (r) => format.number(r.day + 1), plain: (r) => r.day + 1 },
    { title: say.repeats, number: true, cell: (r) => format.number(r.n), plain: (r) => r.n },
    ...(may ? [{ title: "", cell: (r: (typeof rows)[number]) => r.n > 0 && <Button small kind="plain" onClick={() => onOpen(r.day)}>{words.journeys.people.open}</Button> }] : []),
  ]
  const option = useMemo(() => (c: Colours) => ({
    legend: { show: false }, grid: { top: 12 },
    tooltip: { trigger: "item", formatter: ({ dataIndex }: { dataIndex: number }) => `${say.onDay(format.number(dataIndex + 1))}: ${format.number(rows[dataIndex]!.n)}` },
    xAxis: axis(c, { type: "category", data: rows.map((r) => format.number(r.day + 1)) }),
    yAxis: axis(c, { type: "value", minInterval: 1 }),
    series: [{ type: "bar", barCategoryGap: "25%", barMaxWidth: 56, color: c.mark, data: rows.map((r) => r.n) }],
  }), [answer, format])
  return <section class="stack tight" aria-label={say.soon}><h3>{say.soon}</h3><Chart label={say.soon} option={option} columns={columns} rows={rows} height="11rem" file="days-to-repeat" onPick={({ dataIndex }) => { if (may && rows[dataIndex]?.n) onOpen(dataIndex) }} /></section>
}

/** Kinds are contacts told apart. total is of what a share is, of a list that is all repeats. */
function Kinds({ name, rows, leftOut, onOpen, total }: { name: string; rows: Kind[]; leftOut: number; onOpen: (of: Behind) => void; total?: number }) {
  const { words, format } = useSpeech()
  const say = words.journeys.repeat
  const title = useGroupTitle()
  const groupOf = (k: Kind): Behind => ({ channel: k.topic === undefined ? k.channel ?? "" : undefined, handled_by: k.handled_by, topic: k.topic, next_channel: k.next_channel })
  const share = (k: Kind) => (total ? k.repeated / total : k.rate?.share ?? 0)
  const columns: Column<Kind>[] = [
    { title: say.first, cell: (k) => <>{k.topic ? <Theirs>{k.topic}</Theirs> : title(groupOf(k))}<Bar share={share(k)} /></>, plain: (k) => title(groupOf(k)) },
    ...(total ? [] : [{ title: say.contacts, number: true, cell: (k: Kind) => format.number(k.contacts), plain: (k: Kind) => k.contacts }]),
    { title: say.repeats, number: true, cell: (k) => <Count n={k.repeated} label={say.open(title(groupOf(k)))} onOpen={() => onOpen(groupOf(k))} />, plain: (k) => k.repeated },
    { title: total ? say.ofAll : say.rate, number: true, cell: (k) => <span title={range(k.rate, format.percent)}>{format.percent(share(k))}</span>, plain: share },
    { title: say.sameTopicShort, number: true, cell: (k) => format.number(k.repeated_same_topic), plain: (k) => k.repeated_same_topic },
  ]
  return (
    <Card flush title={name} aside={<DownloadCSV name="repeat-contacts" columns={columns} rows={rows} />}>
      <Table label={name} columns={columns} rows={rows} keyOf={(_, n) => n} tall="36rem" />
      {leftOut > 0 && <p class="small soft journey-inset">{say.leftOut(format.number(leftOut))}</p>}
    </Card>
  )
}
