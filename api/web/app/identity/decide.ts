// Decisions about who is who: sent once each, however often the network has one sent again, and told to what shows people.
import { useEffect, useRef } from "preact/hooks"
import { answered, api, onceKey, type Schemas } from "../api"

export type Proposal = Schemas["DecisionProposal"]
export type Decision = Schemas["StewardDecision"]
export type Forecast = Schemas["DecisionForecast"]

const listeners = new Set<(decision: Decision) => void>()

/**
 * useDecided calls back after each decision that was made in this window, wherever it was: a toast outlives the page that
 * made the decision. One that takes another back names it in undoes.
 */
export function useDecided(changed: (decision: Decision) => void): void {
  const current = useRef(changed)
  current.current = changed
  useEffect(() => {
    const listener = (decision: Decision) => current.current(decision)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
}

function announced(decision: Decision): Decision {
  for (const listener of [...listeners]) listener(decision)
  return decision
}

/** foresee asks what would come of a proposal. Nothing changes. */
export function foresee(proposal: Proposal, signal?: AbortSignal): Promise<Forecast> {
  return api.POST("/v1/identity/preview", { body: proposal, signal }).then(answered)
}

/** decide carries a proposal out. key is kept by who sends it, so that trying again decides once. */
export function decide(proposal: Proposal, key = onceKey()): Promise<Decision> {
  return api.POST("/v1/identity/decisions", { params: { header: { "Idempotency-Key": key } }, body: proposal }).then(answered).then(announced)
}

/** undo takes a decision back: what stood before it stands again. */
export function undo(id: string, key = onceKey()): Promise<Decision> {
  return api.POST("/v1/identity/decisions/{id}/undo", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: {} }).then(answered).then(announced)
}
