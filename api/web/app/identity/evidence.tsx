// What speaks for one person and what against, in words and in bits.
import type { Schemas } from "../api"
import { useSpeech, wordOf } from "../i18n"
import { Badge, Theirs } from "../ui/parts"

/** Evidence is the sentence about a pair, and its score taken apart: field by field, then the sum. */
export function Evidence({ pair }: { pair: Schemas["PairExplained"] }) {
  const { words, format } = useSpeech()
  const say = words.review
  const apart = pair.with.apart
  const w = apart?.weighing
  if (!apart) return <p>{say.one}</p>
  const rows = w ? [
    { name: say.prior, level: "", bits: w.prior }, ...w.fields.map((f) => ({ name: f.field, level: f.level, bits: f.bits })),
    ...(w.overlap ? [{ name: say.overlap, level: "", bits: w.overlap }] : []), ...(w.household ? [{ name: say.household, level: "", bits: w.household }] : []),
  ] : []
  const most = Math.max(1, ...rows.map((r) => Math.abs(r.bits)))
  return (
    <div class="stack tight">
      <p>{apart.said.text} {(apart.said.quotes ?? []).map((q, n) => <span key={n} class="quote"><Theirs>{q.text}</Theirs></span>)}</p>
      {w && (
        <table class="evidence">
          <caption class="unseen">{say.evidence}</caption>
          <tbody>
            {rows.map((r, n) => (
              <tr key={n}>
                <th scope="row"><Theirs>{wordOf(say.fields, r.name)}</Theirs></th>
                <td class="soft small">{r.level && <Theirs>{r.level.replaceAll("_", " ")}</Theirs>}</td>
                <td class="number">{format.signed(r.bits)}</td>
                <td class="bar" aria-hidden="true"><i class={r.bits < 0 ? "against" : "for"} style={{ "--share": Math.abs(r.bits) / most }} /></td>
              </tr>
            ))}
          </tbody>
          <tfoot><tr><th scope="row">{say.sum}</th><td /><td class="number"><strong>{format.signed(w.score)}</strong></td><td class="soft small">{say.thresholds(format.signed(pair.thresholds.review), format.signed(pair.thresholds.merge))}</td></tr></tfoot>
        </table>
      )}
      {w?.contradiction && <p><Badge kind="bad">{say.contradiction}</Badge></p>}
    </div>
  )
}
