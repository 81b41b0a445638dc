// What an agent, a person or a model, would be told of a customer, for a purpose and within a budget.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { useSession } from "../../session"
import { Badge, Card, Choice, CopyButton, Field, Select, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"

type Answer = Schemas["Context"] & Schemas["Reading"]
type Purpose = Schemas["Reading"]["purpose"]
const purposes: Purpose[] = ["support", "billing", "sales", "marketing", "analytics", "operations"]
const budgets = ["200", "400", "800", "1600", "4000", "16000"]

export function Agent({ address }: { address: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.agent
  const session = useSession()
  const [purpose, setPurpose] = useParam("purpose", session.purpose ?? "support")
  const [budget, setBudget] = useParam("budget", "800")
  const [about, setAbout] = useParam("about")
  const [form, setForm] = useParam("form", "facts")
  const known = { path: { address }, query: { purpose: purpose as Purpose, budget_tokens: Number(budget) || 800, query: about || undefined } }
  const key = `${address} ${purpose} ${budget} ${about}`
  const load = useLoad(form === "facts" ? `context ${key}` : "", (signal) => api.GET("/v1/profiles/{address}/context", { params: known, signal }).then((r) => answered(r) as Answer))
  const text = useLoad(form === "text" ? `context text ${key}` : "", (signal) =>
    api.GET("/v1/profiles/{address}/context", { params: known, headers: { Accept: "text/markdown" }, parseAs: "text", signal }).then((r) => String(r.data ?? "")))
  return (
    <Card title={say.title} aside={<Choice label={say.form} value={form as "facts" | "text"} options={[{ value: "facts", label: say.facts }, { value: "text", label: say.text }]} onChange={setForm} />}>
      <div class="filters">
        <Select label={say.purpose} value={purpose} onChange={setPurpose} options={purposes.map((p) => ({ value: p, label: words.customer.purposes[p] }))} />
        <Select label={say.budget} value={budget} onChange={setBudget} options={budgets.map((b) => ({ value: b, label: say.tokens(format.number(Number(b))) }))} />
        <form onSubmit={(e) => { e.preventDefault(); setAbout(String(new FormData(e.currentTarget).get("about") ?? "").trim()) }}>
          <Field label={say.about}><input key={about} name="about" defaultValue={about} maxLength={1024} placeholder={say.aboutHint} /></Field>
        </form>
      </div>
      {form === "text"
        ? <Loaded load={text} bones={10}>{(markdown) => <><div class="row apart small soft"><span>{say.textHint}</span><CopyButton text={markdown} /></div><pre class="sent" tabIndex={0} aria-label={say.text}>{markdown}</pre></>}</Loaded>
        : <Loaded load={load} bones={10}>{(answer) => <Facts answer={answer} />}</Loaded>}
    </Card>
  )
}

const sure = { certain: "good", likely: undefined, uncertain: "warn" } as const

function Facts({ answer }: { answer: Answer }) {
  const { words, format } = useSpeech()
  const say = words.customer.agent
  const facts = answer.facts ?? []
  const share = Math.min(1, answer.tokens.used / Math.max(1, answer.tokens.budget))
  return (
    <>
      <div class="budget small soft">
        <meter min={0} max={1} value={share} aria-label={say.used(format.number(answer.tokens.used), format.number(answer.tokens.budget))} />
        <span>{say.used(format.number(answer.tokens.used), format.number(answer.tokens.budget))} · {say.reader(words.customer.readers[answer.reader], words.customer.levels[answer.verification.level])}</span>
      </div>
      {facts.length === 0 ? <Empty title={say.none} /> : (
        <ol class="told">
          {facts.map((f) => (
            <li key={f.id}>
              <span class="small soft">{wordOf(say.kinds, f.kind)}</span>
              <div class="stack tight">
                <span>{f.text}</span>
                {(f.quotes ?? []).length > 0 && (
                  <dl class="quotes small" aria-label={words.common.untrusted}>
                    {f.quotes!.map((q, n) => <div key={n}><dt><Theirs>{q.name}</Theirs></dt><dd><Theirs>{q.text + (q.cut ? " …" : "")}</Theirs> <span class="soft">{q.origin}</span></dd></div>)}
                  </dl>
                )}
                <span class="small soft row">
                  <Badge kind={sure[f.confidence]}>{say.confidence[f.confidence]}</Badge>
                  {f.untrusted && <Badge kind="warn">{say.untrusted}</Badge>}
                  {(f.why ?? []).map((w) => <span key={w}>{say.why[w]}</span>)}
                  {f.source && <Theirs>{f.source}</Theirs>}{f.at && <When at={f.at} />}
                  <span>{say.tokens(format.number(f.tokens))}</span>
                </span>
              </div>
            </li>
          ))}
        </ol>
      )}
      <LeftOut answer={answer} />
    </>
  )
}

/** LeftOut is what the agent is not told, and why. */
function LeftOut({ answer }: { answer: Answer }) {
  const { words, format } = useSpeech()
  const say = words.customer.agent
  const left = answer.left_out ?? []
  const classes = words.customer.classes
  const kinds = say.kinds
  const reasons = words.customer.unproven.because
  return (
    <section class="stack tight" aria-label={say.leftOut}>
      <h3>{say.leftOut}</h3>
      {left.length + answer.late.length === 0 ? <p class="soft">{say.nothingLeft}</p> : (
        <ul class="small stack tight">
          {left.map((o, n) => (
            <li key={n}>{o.class ? wordOf(classes, o.class) : wordOf(kinds, o.kind)}{o.count !== undefined && <> × {format.number(o.count)}</>}: <span class="soft">{wordOf(reasons, o.reason)}</span></li>
          ))}
          {answer.late.map((l) => <li key={l.part}>{say.late(format.number(l.waited_ms))}</li>)}
        </ul>
      )}
    </section>
  )
}
