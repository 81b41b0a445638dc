// How far it is decided who is who.

/** standing says whether something is being decided, or else whether the model is of just the records and rules of now, which it seldom is while records come. */
export function standing(of: { identity_settled: boolean; pending: string[] }): "settled" | "pending" | "outdated" {
  return of.identity_settled ? "settled" : of.pending.length ? "pending" : "outdated"
}
