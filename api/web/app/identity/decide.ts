// Decisions about who is who: sent once each, however often the network has one sent again.
import { answered, api, onceKey, type Schemas } from "../api"

export type Proposal = Schemas["DecisionProposal"]
export type Decision = Schemas["StewardDecision"]
export type Forecast = Schemas["DecisionForecast"]

/** foresee asks what would come of a proposal. Nothing changes. */
export function foresee(proposal: Proposal, signal?: AbortSignal): Promise<Forecast> {
  return api.POST("/v1/identity/preview", { body: proposal, signal }).then(answered)
}

/** decide carries a proposal out. key is kept by who sends it, so that trying again decides once. */
export function decide(proposal: Proposal, key = onceKey()): Promise<Decision> {
  return api.POST("/v1/identity/decisions", { params: { header: { "Idempotency-Key": key } }, body: proposal }).then(answered)
}

/** undo takes a decision back: what stood before it stands again. */
export function undo(id: string, key = onceKey()): Promise<Decision> {
  return api.POST("/v1/identity/decisions/{id}/undo", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: {} }).then(answered)
}
