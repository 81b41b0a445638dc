// The reader policy: for each kind of reader and each purpose, what becomes of each class of data.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { Badge, Button, Card, Choice } from "../../ui/parts"
import { Loaded } from "../../ui/states"
import { tell } from "../../ui/toast"
import { type Rule, type Tree, withRule, yaml } from "./document"
import { PolicyText } from "./policytext"
import { EditRule, Review } from "./policydialogs"

export type ReaderPolicy = Schemas["ReaderPolicy"]
export type ReaderRule = Schemas["ReaderRule"]

/** keyOfRule is the cell that a rule stands in. */
export const keyOfRule = (r: { purpose: string; reader: string; class: string }) => `${r.purpose} ${r.reader} ${r.class}`

export interface Edit { purpose: string; reader: string; class: string; rule: Rule }

/** putPolicy checks a document, or puts it in force. */
export function putPolicy(document: string, dry: boolean): Promise<ReaderPolicy> {
  return api.PUT("/v1/policy", {
    params: { query: dry ? { dry_run: true } : {} }, body: document as never, headers: { "Content-Type": "application/yaml" },
    bodySerializer: (body: unknown) => body as string,
  }).then(answered)
}

export function Policy() {
  const { words } = useSpeech()
  const say = words.admin.policy
  const [as, setAs] = useParam("as", "matrix")
  const load = useLoad("admin policy", (signal) => api.GET("/v1/policy", { signal }).then(answered))
  const saved = (text: string) => { tell(text); load.reload() }
  return (
    <Card title={say.title} aside={<Choice label={say.as} value={as} onChange={setAs} options={[{ value: "matrix", label: say.matrix }, { value: "document", label: say.document }]} />}>
      <Loaded load={load} bones={12}>
        {(policy) => (
          <>
            <p class="soft">{say.hint} <Badge kind={policy.own ? "mark" : undefined}>{policy.own ? say.own : say.builtIn}</Badge></p>
            {as === "document" ? <PolicyText key={policy.document} policy={policy} onSaved={saved} /> : <Matrix key={policy.document} policy={policy} onSaved={saved} />}
          </>
        )}
      </Loaded>
    </Card>
  )
}

function Matrix({ policy, onSaved }: { policy: ReaderPolicy; onSaved: (text: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.policy
  const [chosen, setReader] = useParam("reader", "human")
  const reader = policy.readers.includes(chosen) ? chosen : policy.readers[0]!
  const [edits, setEdits] = useState<Edit[]>([])
  const [open, setOpen] = useState<{ purpose: string; class: string }>()
  const [reviewing, setReviewing] = useState(false)
  const rules = new Map(policy.rules.map((r) => [keyOfRule(r), r]))
  const edited = new Map(edits.map((e) => [keyOfRule(e), e]))
  const draft = yaml(edits.reduce((tree, e) => withRule(tree, e.purpose, e.reader, e.class, e.rule), policy.parsed as Tree))
  const shown = (purpose: string, of: string): ReaderRule => {
    const key = keyOfRule({ purpose, reader, class: of })
    const edit = edited.get(key)
    const rule = rules.get(key)!
    return edit ? { ...edit, ...edit.rule, consent: edit.rule.consent?.split(" "), from: [`rules.${purpose}.${reader}.${of}`] } as ReaderRule : rule
  }
  const change = (e: Edit) => { setEdits([...edits.filter((o) => keyOfRule(o) !== keyOfRule(e)), e]); setOpen(undefined) }
  return (
    <>
      <div class="row apart">
        <Choice label={say.reader} value={reader} onChange={setReader} options={policy.readers.map((value) => ({ value, label: wordOf(words.admin.readers, value) }))} />
        {edits.length > 0 && (
          <div class="row">
            <span class="soft" role="status">{say.changes(format.number(edits.length), edits.length)}</span>
            <Button onClick={() => setEdits([])}>{words.common.actions.reset}</Button>
            <Button kind="primary" onClick={() => setReviewing(true)}>{say.review}</Button>
          </div>
        )}
      </div>
      <div class="table matrix" tabIndex={0} role="region" aria-label={say.title}>
        <table>
          <caption class="unseen">{say.caption(wordOf(words.admin.readers, reader))}</caption>
          <thead><tr><th scope="col">{say.class}</th>{policy.purposes.map((p) => <th key={p} scope="col">{wordOf(words.admin.purposes, p)}</th>)}</tr></thead>
          <tbody>
            {policy.classes.map((of) => (
              <tr key={of}>
                <th scope="row"><span>{wordOf(words.admin.classes, of)}</span></th>
                {policy.purposes.map((purpose) => {
                  const rule = shown(purpose, of)
                  const changed = edited.has(keyOfRule({ purpose, reader, class: of }))
                  return (
                    <td key={purpose}>
                      <button type="button" class={`cell ${rule.do}${changed ? " changed" : ""}`} onClick={() => setOpen({ purpose, class: of })}>
                        <span class="unseen">{of}, {purpose}{changed && <>, {say.changed}</>}: </span><RuleText rule={rule} />
                      </button>
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {open && <EditRule rule={shown(open.purpose, open.class)} where={{ ...open, reader }} onClose={() => setOpen(undefined)} onChange={change} />}
      {reviewing && <Review before={policy} document={draft} onClose={() => setReviewing(false)} onSaved={(text) => { setReviewing(false); onSaved(text) }} />}
    </>
  )
}

/** RuleText is a rule in few words: what is done, and on which conditions. */
export function RuleText({ rule }: { rule: ReaderRule }) {
  const { words, format } = useSpeech()
  const say = words.admin.policy
  const conditions = [
    rule.needs && rule.do !== "withhold" ? [say.from[rule.needs], rule.below && rule.below !== "withhold" ? say.belowIt(say.does[rule.below]) : ""].filter(Boolean).join(say.then) : "",
    rule.max_age ? say.upTo(rule.max_age) : "",
    rule.limit ? say.most(format.number(rule.limit)) : "",
    rule.consent?.length ? say.agreed(rule.consent.join(", ")) : "",
  ].filter(Boolean)
  return <><span>{say.does[rule.do]}</span>{conditions.length > 0 && <small>{conditions.join(" · ")}</small>}</>
}
