// Overview: how service does, against the period before and against the plan, down to the conversations behind a point.
import { useEffect, useRef, useState } from "preact/hooks"
import type { ComponentChildren } from "preact"
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { useLive } from "../../live"
import { useLoad } from "../../load"
import type { Metric } from "../../metric"
import { useParam } from "../../router"
import { FilterBar, useScope } from "../../scope"
import { Badge } from "../../ui/parts"
import { Loaded } from "../../ui/states"
import { Comparison } from "./comparison"
import { Detail } from "./detail"
import { Effect } from "./effect"
import { Targets } from "./targets"
import { Tile } from "./tile"
import { UseCases } from "./usecases"

const service = ["contacts", "csat", "nps", "ces", "fcr", "aht_contact", "speed_of_answer", "abandonment_rate"]
const ai = ["ai_containment", "ai_confirmed_resolution", "ai_silent_failure", "ai_handoff_rate", "ai_cost_per_contact"]

export default function Overview() {
  const registry = useLoad("metrics", (signal) => api.GET("/v1/metrics", { signal }).then(answered))
  return (
    <>
      <FilterBar />
      <Loaded load={registry} bones={12}>{({ metrics }) => <Board metrics={new Map(metrics.map((m) => [m.id, m]))} />}</Loaded>
    </>
  )
}

function Board({ metrics }: { metrics: Map<string, Metric> }) {
  const { words } = useSpeech()
  const say = words.overview
  const scope = useScope()
  const { version, live } = useLive("profile.changed,definitions.changed,identity.version")
  const [chosen] = useParam("metric", "csat")
  const metric = metrics.get(chosen)
  const tiles = (ids: string[]) => ids.flatMap((id) => metrics.get(id) ?? []).map((m) => <Tile key={m.id} metric={m} scope={scope} version={version} chosen={m.id === chosen} />)
  return (
    <>
      <section class="stack tight" aria-labelledby="service">
        <div class="row apart"><h2 id="service">{say.service}</h2>{live && <Badge kind="good">{words.common.live}</Badge>}</div>
        <div class="tiles">{tiles(service)}</div>
      </section>
      <section class="stack tight" aria-labelledby="ai">
        <h2 id="ai">{say.ai}</h2>
        <div class="tiles">{tiles(ai)}</div>
      </section>
      {metric && <div class="course"><Detail key={metric.id} metric={metric} metrics={[...metrics.values()]} scope={scope} version={version} /></div>}
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
