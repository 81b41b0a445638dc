// A question that the reader puts together, above its answer.
import type { ComponentChildren } from "preact"
import type { Load } from "../../load"
import { Card, CopyButton } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Basis, type Based } from "./basis"

/** Builder shows parts, of which the question is made, and once that is ready what it was answered, with its basis. */
export function Builder<A extends Based>({ say, parts, ready, load, bones = 8, isNone, none, children }: {
  say: { build: string; result: string; unready: string; unreadyHint?: string; none: string }
  parts: ComponentChildren; ready: boolean; load: Load<A>; bones?: number
  /** isNone says of an answer that there is nothing in it, and none why that may be. */
  isNone: (answer: A) => boolean
  none: ComponentChildren
  children: (answer: A) => ComponentChildren
}) {
  return (
    <div class="builder">
      <Card title={say.build} aside={<CopyButton />}><div class="stack tight">{parts}</div></Card>
      <Card label={say.result} title={say.result}>
        {!ready ? <Empty title={say.unready}>{say.unreadyHint}</Empty> : (
          <Loaded load={load} bones={bones}>
            {(answer) => isNone(answer) ? <Empty title={say.none}>{none}</Empty> : <>{children(answer)}<Basis of={answer} /></>}
          </Loaded>
        )}
      </Card>
    </div>
  )
}
