// How sure it is that this is the person who is asked about, what that hides, and what to ask to see more.
import type { Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { About } from "../../ui/parts"

export function Unproven({ reading }: { reading: Schemas["Reading"] }) {
  const { words, format } = useSpeech()
  const say = words.customer.unproven
  const classes = words.customer.classes
  const types = words.customer.types
  const because = say.because
  const unproven = reading.withheld.some((w) => w.because === "verification") || reading.masked.length > 0
  const raise = reading.verification.raise.find((r) => r.to === "matched") ?? reading.verification.raise[0]
  const asks = (raise?.ask ?? []).map((t) => wordOf(types, t))
  if (!unproven && reading.withheld.length === 0) return null
  return (
    <aside class={unproven ? "notice row apart" : "notice quiet row apart"} role="note">
      <span>
        {unproven && <>{say[reading.verification.level]} {raise && (asks.length ? say.ask(format.list(asks)) : say.event(raise.or))} </>}
      </span>
      <About word={say.hidden(format.number(reading.withheld.length + (reading.masked.length ? 1 : 0)))}>
        <ul class="stack tight">
          {reading.masked.length > 0 && <li>{say.masked(format.number(reading.masked.length))}</li>}
          {reading.withheld.map((w, n) => (
            <li key={n}>{wordOf(classes, w.class)}: {wordOf(because, w.because)}{w.needs && <> ({words.customer.levels[w.needs]})</>}</li>
          ))}
        </ul>
      </About>
    </aside>
  )
}
