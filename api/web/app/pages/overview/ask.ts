// What the overview asks of metrics.
import { answered, api, type Schemas } from "../../api"
import type { Metric, MetricId } from "../../metric"
import { asQuery, daysOf, type Scope } from "../../scope"

export type Answer = Schemas["MetricAnswer"]

/** service and ai are the metrics with a tile. */
export const service = ["contacts", "csat", "nps", "ces", "fcr", "aht_contact", "speed_of_answer", "abandonment_rate"]
export const ai = ["ai_containment", "ai_confirmed_resolution", "ai_silent_failure", "ai_handoff_rate", "ai_cost_per_contact"]

interface More { grain?: "hour" | "day" | "week" | "month"; by?: Metric["by"][number]; whole?: boolean; before?: boolean }

/** metricOf asks for a metric of a scope. */
export function metricOf(id: string, scope: Scope, more: More, signal: AbortSignal): Promise<Answer> {
  return api.GET("/v1/metrics/{id}", { params: { path: { id: id as MetricId }, query: { ...asQuery(scope), ...more } as never }, signal }).then(answered)
}

/** valuesOf asks for metrics of a scope, by their ids: together they cost little more than one. */
export async function valuesOf(ids: string[], scope: Scope, more: More, signal: AbortSignal): Promise<Map<string, Answer>> {
  if (!ids.length) return new Map()
  const { values } = await api.GET("/v1/metrics/values", { params: { query: { ...asQuery(scope), ...more, metric: ids } as never }, signal }).then(answered)
  return new Map(values.map((answer) => [answer.metric.id, answer]))
}

/** grainOf is the length of buckets in which a span can be read as a line. */
export function grainOf(scope: Scope): "hour" | "day" | "week" {
  const days = daysOf(scope)
  return days <= 2 ? "hour" : days <= 62 ? "day" : "week"
}
