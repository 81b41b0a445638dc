// What a point is made of: conversations, surveys or cases, each with its customer and its events.
import { useEffect, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { type Metric, type MetricId, type Point, useMetricName, valueOf } from "../../metric"
import { href } from "../../router"
import { asQuery, type Scope } from "../../scope"
import { Badge, Button, Modal, Theirs } from "../../ui/parts"
import { Bones, Empty, Failure } from "../../ui/states"

type Item = Schemas["MetricItem"]

export function Behind({ metric, point, scope, grain, by, onClose }: { metric: Metric; point: Point; scope: Scope; grain: string; by: string; onClose: () => void }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const [items, setItems] = useState<Item[]>()
  const [cursor, setCursor] = useState<string>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const ask = async (after?: string) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const page = await api.GET("/v1/metrics/{id}/events", {
        params: {
          path: { id: metric.id as MetricId },
          query: {
            ...asQuery(scope), from: point.from, until: point.until, grain: grain as "day", limit: 50, cursor: after, series: point.series,
            ...(by ? { by: by as "channel", group: point.group } : {}),
          },
        },
      }).then(answered)
      setItems((held) => [...(after ? held ?? [] : []), ...page.items])
      setCursor(page.next_cursor)
    } catch (fault) {
      setProblem(problemOf(fault))
    } finally {
      setBusy(false)
    }
  }
  useEffect(() => void ask(), [])
  return (
    <Modal drawer title={`${name(metric)}: ${valueOf(metric, point.value, format)}`} onClose={onClose}>
      <p class="soft">{format.date(point.from, scope.zone)}{point.group !== undefined && <> · <Theirs>{point.group}</Theirs></>} · {say.sample(format.number(point.sample))}</p>
      {problem && <Failure problem={problem} retry={() => void ask(cursor)} />}
      {!items ? !problem && <Bones lines={8} /> : items.length === 0 ? <Empty title={say.nothingBehind} /> : (
        <ul class="behind">
          {items.map((item) => (
            <li key={`${item.source} ${item.id}`}>
              <div class="row apart">
                <span><a href={href("/customers/" + encodeURIComponent(`profile:${item.profile}`))}>{say.customer}</a> · {format.time(item.at, scope.zone)} · <Theirs>{item.source}</Theirs></span>
                <Badge kind={item.counts ? "mark" : undefined}>{item.counts ? say.counts : say.countsNot}</Badge>
              </div>
              <details>
                <summary class="small soft"><Theirs>{item.id}</Theirs> · {say.events(format.number(item.events.length), item.events.length)}</summary>
                <ol class="small">{item.events.map((e) => <li key={e.source + e.message_id}>{format.time(e.at, scope.zone)} <code><Theirs>{e.name}</Theirs></code></li>)}</ol>
              </details>
            </li>
          ))}
        </ul>
      )}
      {cursor && <Button disabled={busy} onClick={() => void ask(cursor)}>{words.common.actions.more}</Button>}
    </Modal>
  )
}
