// What a point is made of: conversations, surveys or cases, each with its customer and its events.
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { type Metric, type MetricId, type Point, useMetricName, valueOf } from "../../metric"
import { usePages } from "../../paged"
import { href } from "../../router"
import { asQuery, type Scope } from "../../scope"
import { Paged } from "../../ui/paged"
import { Badge, Modal, Theirs } from "../../ui/parts"
import { Empty } from "../../ui/states"

export function Behind({ metric, point, scope, grain, by, onClose }: { metric: Metric; point: Point; scope: Scope; grain: string; by: string; onClose: () => void }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const query = {
    ...asQuery(scope), from: point.from, until: point.until, grain: grain as "day", limit: 50, series: point.series,
    ...(by ? { by: by as "channel", group: point.group } : {}),
  }
  const pages = usePages(`behind ${metric.id} ${JSON.stringify(query)}`, (cursor, signal) =>
    api.GET("/v1/metrics/{id}/events", { params: { path: { id: metric.id as MetricId }, query: { ...query, cursor } }, signal })
      .then(answered).then((page) => ({ items: page.items, next: page.next_cursor })))
  return (
    <Modal drawer title={`${name(metric)}: ${valueOf(metric, point.value, format)}`} onClose={onClose}>
      <p class="soft">{format.date(point.from, scope.zone)}{point.group !== undefined && <> · <Theirs>{point.group}</Theirs></>} · {say.sample(format.number(point.sample))}</p>
      <Paged pages={pages} bones={8} empty={<Empty title={say.nothingBehind} />}>{(items) => (
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
      )}</Paged>
    </Modal>
  )
}
