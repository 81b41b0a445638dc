// Overview: how service does, against the period before and against the plan, down to the conversations behind a point.
import { useEffect, useRef, useState } from "preact/hooks"
import type { ComponentChildren } from "preact"
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { useAnew, useLive } from "../../live"
import { type Load, useLoad } from "../../load"
import type { Metric } from "../../metric"
import { useParam } from "../../router"
import { FilterBar, keyOf, type Scope, useScope } from "../../scope"
import { fetchCharts } from "../../ui/chart"
import { Badge } from "../../ui/parts"
import { Failure, Loaded } from "../../ui/states"
import { Comparison } from "./comparison"
import { ai, type Answer, grainOf, service, valuesOf } from "./ask"
import { Detail } from "./detail"
import { Effect } from "./effect"
import { Targets } from "./targets"
import { Tile } from "./tile"
import { UseCases } from "./usecases"

export default function Overview() {
  const scope = useScope()
  const { version, live } = useLive("profile.changed,definitions.changed,identity.version")
  const values = useLoad(`values ${keyOf(scope)}`, (signal) => valuesOf([...service, ...ai], scope, { grain: grainOf(scope), whole: true, before: true }, signal))
  useAnew(version, values)
  useEffect(fetchCharts, [])
  const registry = useLoad("metrics", (signal) => api.GET("/v1/metrics", { signal }).then(answered))
  const again = () => {
    registry.reload()
    if (values.problem) values.reload()
  }
  return (
    <>
      <FilterBar />
      <Loaded load={{ ...registry, reload: again }} bones={12}>{({ metrics }) => <Board metrics={new Map(metrics.map((m) => [m.id, m]))} scope={scope} values={values} version={version} live={live} />}</Loaded>
    </>
  )
}

function Board({ metrics, scope, values, version, live }: { metrics: Map<string, Metric>; scope: Scope; values: Load<Map<string, Answer>>; version: number; live: boolean }) {
  const { words } = useSpeech()
  const say = words.overview
  const [chosen] = useParam("metric", "csat")
  const metric = metrics.get(chosen)
  const tiles = (ids: string[]) => ids.flatMap((id) => metrics.get(id) ?? []).map((m) => <Tile key={m.id} metric={m} load={values} chosen={m.id === chosen} />)
  return (
    <>
      <section class="stack tight" aria-labelledby="service">
        <div class="row apart"><h2 id="service">{say.service}</h2>{live && <Badge kind="good">{words.common.live}</Badge>}</div>
        {values.problem && <Failure problem={values.problem} retry={values.reload} />}
        <div class="tiles">{tiles(service)}</div>
      </section>
      <section class="stack tight" aria-labelledby="ai">
        <h2 id="ai">{say.ai}</h2>
        <div class="tiles">{tiles(ai)}</div>
      </section>
      {metric && <div class="course"><Detail key={metric.id} metric={metric} metrics={[...metrics.values()]} scope={scope} version={version} values={values} /></div>}
      <Seen><Comparison metrics={[...metrics.values()].filter((m) => m.comparable)} scope={scope} /></Seen>
      <Seen><UseCases scope={scope} /></Seen>
      <Seen><Effect scope={scope} /></Seen>
      <Seen><Targets metrics={metrics} scope={scope} /></Seen>
    </>
  )
}

/** Seen is asked for when it is looked at: what is further down does not keep what is above waiting. */
function Seen({ children }: { children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  const [seen, set] = useState(false)
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && set(true))
    watch.observe(box.current!)
    return () => watch.disconnect()
  }, [])
  return <div ref={box} class={seen ? "stack" : "stack unsought"}>{seen && children}</div>
}
