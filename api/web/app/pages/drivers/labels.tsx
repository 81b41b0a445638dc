// The tab Labels: conversations to label, and what the classifier was taught so far.
import { answered, api, Problem } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { usePages } from "../../paged"
import { useParam } from "../../router"
import { FilterBar, useScope } from "../../scope"
import { useMay } from "../../session"
import { Paged } from "../../ui/paged"
import { Button, Card, Theirs } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"
import { spanOf, useDrivers, useTaxonomy, useTopicName } from "./ask"
import { Withheld } from "./behind"
import { Example } from "./example"
import { useLabelled, useLabelling } from "./label"
import { Quality } from "./long"

export function Labels() {
  const mayWrite = useMay("agent:write")
  const { words } = useSpeech()
  return (
    <>
      <FilterBar />
      {!mayWrite && <p class="notice">{words.drivers.labels.need("agent:write")}</p>}
      <div class="split">
        <ToLabel />
        <div class="stack"><Taught /><Every /></div>
      </div>
    </>
  )
}

function ToLabel() {
  const { words } = useSpeech()
  const say = words.drivers
  const scope = useScope()
  const span = spanOf(scope)
  const may = useMay("profiles:read")
  const [topic, setTopic] = useParam("topic", "unknown")
  const taxonomy = useTaxonomy()
  const name = useTopicName()
  const load = useLoad(may ? "examples " + JSON.stringify([topic, span]) : "", (signal) =>
    api.POST("/v1/journeys/drivers/examples", { body: { ...span, of: [{ topic }], each: 10 }, signal }).then(answered))
  const lines = taxonomy.data?.topics ?? []
  return (
    <Card title={say.labels.title} aside={
      <label class="inline"><span>{say.labels.of}</span>
        <select value={topic} onChange={(e) => setTopic(e.currentTarget.value)}>
          <option value="unknown">{name("unknown")}</option>
          {lines.filter((g) => !g.parent).map((g) => (
            <optgroup key={g.id} label={name(g.id)}>{lines.filter((t) => t.parent === g.id).map((t) => <option key={t.id} value={t.id}>{name(t.id, true)}</option>)}</optgroup>
          ))}
        </select>
      </label>}>
      <p class="small soft">{say.labels.hint}</p>
      {!may ? <Failure problem={new Problem(403, "", "", "", { required_scope: "profiles:read" })} /> : (
        <Loaded load={load} bones={10}>
          {(answer) => (
            <>
              <Withheld of={answer.withheld} />
              {!answer.groups[0]?.examples.length ? <Empty title={say.behind.noExamples}>{say.noneHint}</Empty>
                : <div class="examples">{answer.groups[0].examples.map((e) => <Example key={e.source + e.conversation_id} of={e} profile={e.profile} zone={scope.zone} />)}</div>}
            </>
          )}
        </Loaded>
      )}
    </Card>
  )
}

/** Taught is how many labels each topic has, and how good that made the classifier. */
function Taught() {
  const { words, format } = useSpeech()
  const say = words.drivers
  const name = useTopicName()
  const taxonomy = useTaxonomy()
  const drivers = useDrivers(spanOf(useScope()))
  useLabelled(() => { taxonomy.reload(); drivers.reload() })
  return (
    <Card title={say.model.title}>
      <Loaded load={taxonomy} bones={5}>
        {(list) => {
          const taught = list.topics.filter((t) => t.parent && t.labels > 0).map((t) => ({ id: t.id, labels: t.labels }))
          if (list.unknown_labels) taught.push({ id: "unknown", labels: list.unknown_labels })
          return (
            <div class="stack tight">
              {drivers.data && <p class="soft"><Quality model={drivers.data.model} /></p>}
              {taught.length > 0 && (
                <ul class="driver-legend">{taught.sort((a, b) => b.labels - a.labels).map((t) => <li key={t.id}>{name(t.id)}<span /><span>{format.number(t.labels)}</span></li>)}</ul>
              )}
            </div>
          )
        }}
      </Loaded>
    </Card>
  )
}

/** Every is the list of labels, for who may see it all. */
function Every() {
  const { words } = useSpeech()
  const say = words.drivers.labels
  const name = useTopicName()
  const may = useMay("admin")
  const mayWrite = useMay("agent:write")
  const keep = useLabelling()
  const pages = usePages(may ? "labels" : "", (cursor, signal) =>
    api.GET("/v1/journeys/labels", { params: { query: { limit: 200, cursor } }, signal })
      .then(answered).then((page) => ({ items: page.labels, next: page.next_cursor })))
  useLabelled(pages.load.reload)
  return (
    <Card flush title={say.taught} aside={pages.load.data && <Button small kind="plain" onClick={pages.load.reload}>{words.common.actions.refresh}</Button>}>
      {!may ? <Failure problem={new Problem(403, "", "", "", { required_scope: "admin" })} /> : (
        <Paged pages={pages} empty={<Empty title={say.none}>{say.noneHint}</Empty>}>{(labels) => (
          <Table label={say.all} rows={labels} tall="28rem" keyOf={(l) => l.source + "/" + l.conversation_id} columns={[
            { title: say.conversation, cell: (l) => <div class="small"><Theirs>{l.conversation_id}</Theirs><br /><span class="soft"><Theirs>{l.source}</Theirs></span></div> },
            { title: say.correct, cell: (l) => name(l.topic) },
            { title: "", cell: (l) => mayWrite && <Button small kind="plain" onClick={() => void keep(l, "", l.topic, () => {})}>{say.remove}</Button> },
          ]} />
        )}</Paged>
      )}
    </Card>
  )
}
