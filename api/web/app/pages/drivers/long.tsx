// What long conversations share, and what the topics of conversations are known from.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { href } from "../../router"
import { About, Card, Theirs } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { type Drivers, type Group, partsOf, useTopicName } from "./ask"
import { Bar } from "./bars"
import { useHere } from "./reasons"

type Shared = Schemas["DriverShared"]

export function Long({ long }: { long: Drivers["long"] }) {
  const { words, format } = useSpeech()
  const say = words.drivers.long
  const here = useHere()
  const topicName = useTopicName()
  const groupOf = (s: Shared): Group => ({ handle_above_s: long!.above_s, [s.kind]: s.name })
  return (
    <Card title={<About word={say.title}>{say.hint}</About>}>
      {!long ? <Empty title={say.few} /> : (
        <div class="stack tight">
          <p><a href={here({ of: partsOf({ handle_above_s: long.above_s }), week: "" })}>{say.above(format.duration(long.above_s), format.number(long.conversations), format.number(long.others))}</a></p>
          {long.shared.length === 0 && <p class="soft">{say.none}</p>}
          <ul class="shared">
            {long.shared.slice(0, 8).map((s) => (
              <li key={s.kind + s.name}>
                <a href={here({ of: partsOf(groupOf(s)), week: "" })}>{s.kind === "topic" ? topicName(s.name) : s.kind === "step" ? <code><Theirs>{s.name}</Theirs></code> : <Theirs>{s.name}</Theirs>}</a>
                <span class="small soft">{say.kinds[s.kind]}</span>
                <Bar parts={[{ share: s.long_share, kind: 2 }]} /><Bar parts={[{ share: s.other_share, kind: 7 }]} />
                <span class="small both">{say.share(format.percent(s.long_share, 0), format.percent(s.other_share, 0))}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  )
}

/** Known says by what topics are told, and how good the classifier is by its labels. */
export function Known({ drivers }: { drivers: Drivers }) {
  const { words, format } = useSpeech()
  const say = words.drivers
  const by = { label: 0, source: 0, text: 0, model: 0 }
  for (const t of drivers.topics) for (const kind of Object.keys(by) as (keyof typeof by)[]) by[kind] += t.by[kind]
  const parts = [
    ...Object.entries(by).map(([kind, n], i) => ({ name: say.toldBy[kind]!, n, kind: [3, 1, 2, 5][i]! })),
    { name: say.topics.unknown!, n: drivers.unknown, kind: 7 },
  ].filter((p) => p.n > 0)
  return (
    <Card title={say.by.title}>
      <div class="stack tight">
        <Bar parts={parts.map((p) => ({ share: p.n / drivers.conversations, kind: p.kind }))} />
        <ul class="driver-legend" aria-label={say.by.chart}>
          {parts.map((p) => <li key={p.name}><i class={`kind-${p.kind}`} />{p.name}<span class="soft">{format.number(p.n)}</span><span>{format.percent(p.n / drivers.conversations, 0)}</span></li>)}
        </ul>
        <p class="small soft"><Quality model={drivers.model} /> <a href={href("/drivers/labels")}>{say.model.teach}</a></p>
        {drivers.remote && <p class="small soft">{say.model.remote(drivers.remote.model, say.conversations(format.number(drivers.remote.conversations), drivers.remote.conversations))} {!drivers.remote.complete && say.model.incomplete}</p>}
      </div>
    </Card>
  )
}

/** Quality says in words how good the classifier is. */
export function Quality({ model }: { model: Drivers["model"] }) {
  const { words, format } = useSpeech()
  const say = words.drivers.model
  if (model.labels === 0) return <>{say.none}</>
  if (!model.calibrated) return <>{say.few(format.number(model.labels))}</>
  return <>{say.measured(format.number(model.labels), format.percent(model.accuracy, 0), format.percent(model.calibration_error, 0))}</>
}
