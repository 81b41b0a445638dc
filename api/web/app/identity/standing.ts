// How far it is decided who is who.

/** standing says whether something is being decided, or else whether records have come since the model was made, as they do all day. */
export function standing(of: { identity_settled: boolean; pending: string[] }): "settled" | "pending" | "newer" {
  return of.identity_settled ? "settled" : of.pending.length ? "pending" : "newer"
}
