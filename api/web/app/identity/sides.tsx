// Two profiles side by side: what agrees, what differs and what only one of them has, told by a word and a sign, not by colour alone.
import type { Schemas } from "../api"
import { useSpeech, wordOf } from "../i18n"
import { href } from "../router"
import { Theirs, When } from "../ui/parts"

type Side = Schemas["PairSide"]
type Mark = "agrees" | "differs" | "missing"
interface Line { name: string; one: string[]; other: string[]; mark: Mark }

const signs: Record<Mark, string> = { agrees: "=", differs: "≠", missing: "·" }

export function Sides({ one, other }: { one: Side; other: Side }) {
  const { words, format } = useSpeech()
  const say = words.review
  const named = (name: string) => wordOf({ ...say.fields, ...words.customer.types }, name)
  const lines = linesOf(one, other)
  const head = (s: Side, title: string) => (
    <th scope="col">
      <a href={href("/customers/" + encodeURIComponent(`profile:${s.profile}`))}>{title}</a> <code class="small">{s.profile.slice(0, 8)}</code>
      <span class="small soft"> <Theirs>{(s.sources ?? []).map((x) => x.name).join(", ")}</Theirs> {say.seen(format.number(s.events))} <When at={s.last_seen} /></span>
    </th>
  )
  const values = (all: string[]) => all.length ? all.map((v, n) => <div key={n}><Theirs>{v}</Theirs></div>) : <span class="soft">{say.nothing}</span>
  return (
    <div class="table sides" tabIndex={0} role="region" aria-label={say.sides}>
      <table>
        <caption class="unseen">{say.sides}</caption>
        <thead><tr><th scope="col">{say.comparison}</th>{head(one, say.first)}{head(other, say.second)}</tr></thead>
        <tbody>
          {lines.map((l) => (
            <tr key={l.name} class={l.mark}>
              <th scope="row"><Theirs>{named(l.name)}</Theirs><span class={`mark ${l.mark}`}><b aria-hidden="true">{signs[l.mark]}</b> {say.marks[l.mark]}</span></th>
              <td>{values(l.one)}</td><td>{values(l.other)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length === 0 && <p class="state">{say.noValues}</p>}
    </div>
  )
}

/** linesOf compares what two profiles have, name by name: what agrees first, then what differs, then what one of them lacks. */
export function linesOf(one: Side, other: Side): Line[] {
  const a = valuesOf(one), b = valuesOf(other)
  const order: Mark[] = ["agrees", "differs", "missing"]
  const lines = [...new Set([...a.keys(), ...b.keys()])].map((name): Line => {
    const x = [...(a.get(name) ?? [])], y = [...(b.get(name) ?? [])]
    const common = x.some((v) => y.some((w) => v.toLowerCase() === w.toLowerCase()))
    return { name, one: x, other: y, mark: !x.length || !y.length ? "missing" : common ? "agrees" : "differs" }
  })
  return lines.sort((p, q) => order.indexOf(p.mark) - order.indexOf(q.mark))
}

function valuesOf(side: Side): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>()
  const add = (name: string, value: unknown) => {
    const text = typeof value === "string" ? value : JSON.stringify(value)
    if (text === undefined || text === "") return
    if (!all.has(name)) all.set(name, new Set())
    all.get(name)!.add(text)
  }
  for (const [name, t] of Object.entries(side.attributes ?? {})) add(name, t.value)
  for (const i of side.identifiers ?? []) if (!i.type.endsWith("conversation_id") && !i.type.endsWith("session_id")) add(i.type, i.value)
  for (const [name, t] of Object.entries(side.traits ?? {})) if (!all.has(snake(name))) add(name, t.value)
  return all
}

/** snake writes firstName as first_name: as a trait and as an identifying attribute it says the same. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (c) => "_" + c.toLowerCase())
}
