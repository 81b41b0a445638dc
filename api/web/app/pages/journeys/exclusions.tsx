// What ends an attempt where it comes between two steps.
import { useSpeech } from "../../i18n"
import { setParams, usePlace } from "../../router"
import { Button, Select } from "../../ui/parts"
import { type Kind, SelectionEditor } from "./selection"
import { readSelection, type Selection, writeSelection } from "./state"

export type Exclusion = Selection & { after?: number; before?: number }

/** useExclusions reads them of the URL, each as "after-before selection", where after and before may be left out. */
export function useExclusions(): [Exclusion[], (all: Exclusion[]) => void] {
  const { query } = usePlace()
  const all = query.getAll("exclude").map((text) => {
    const [, after, before, rest] = /^(\d*)-(\d*) (.*)$/s.exec(text) ?? [, "", "", text]
    return { ...readSelection(rest!), after: Number(after) || undefined, before: Number(before) || undefined }
  })
  return [all, (next) => setParams({ exclude: next.map(({ after, before, ...s }) => `${after ?? ""}-${before ?? ""} ${writeSelection(s)}`) })]
}

export function Exclusions({ steps, all, events, onChange }: { steps: number; all: Exclusion[]; events: Kind[]; onChange: (all: Exclusion[]) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.funnel
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => ({ value: String(from + n), label: say.step(format.number(from + n)) }))
  return (
    <>
      {all.length > 0 && <div class="selections">{all.map(({ after = 1, before = steps, ...s }, n) => {
        const change = (x: Exclusion) => onChange(Object.assign([...all], { [n]: x }))
        return (
          <SelectionEditor key={n} label={say.exclusion} value={s} events={events} onChange={(next) => change({ ...next, after, before })}>
            <Select bare label={say.after} value={String(after)} onChange={(v) => change({ ...s, after: Number(v), before: Math.max(before, Number(v) + 1) })} options={numbers(1, steps - 1)} />
            <Select bare label={say.before} value={String(before)} onChange={(v) => change({ ...s, after: Math.min(after, Number(v) - 1), before: Number(v) })} options={numbers(2, steps)} />
            <Button small kind="plain" aria-label={say.removeExclusion} onClick={() => onChange(all.filter((_, m) => m !== n))}>×</Button>
          </SelectionEditor>
        )
      })}</div>}
      <div class="row"><Button small onClick={() => onChange([...all, {}])}>{say.addExclusion}</Button></div>
    </>
  )
}
