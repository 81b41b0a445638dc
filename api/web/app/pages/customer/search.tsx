// Candidates for what somebody knows of a customer, each with why it is one.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { Name } from "../../identity/find"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { Badge, Button, Card, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { useWritten } from "../../ui/written"
import { linkTo, short } from "./paths"

type Found = Schemas["Customer"]

export function Search() {
  const { words, format } = useSpeech()
  const say = words.customer.search
  const [query, setQuery] = useParam("q")
  const box = useWritten(query)
  const load = useLoad(query && `customers ${query}`, (signal) =>
    api.POST("/v1/customers/search", { body: { query, limit: 50 }, signal }).then(answered))
  return (
    <>
      <form class="row customer-find" role="search" aria-label={words.common.search} onSubmit={(e) => { e.preventDefault(); setQuery(String(new FormData(e.currentTarget).get("q") ?? "").trim()) }}>
        <input ref={box} name="q" type="search" class="grow" maxLength={200} placeholder={say.placeholder} aria-label={say.placeholder} autocomplete="off" spellcheck={false} autofocus={!query} />
        <Button kind="primary" type="submit">{say.submit}</Button>
      </form>
      {!query
        ? <Empty title={say.ask}>{say.askHint} <kbd>/</kbd></Empty>
        : <Card flush label={say.results}>
            <Loaded load={load}>
              {(answer) => (
                <>
                  {answer.customers.length === 0
                    ? <Empty title={say.none}>{say.noneHint}</Empty>
                    : <ul class="candidates">{answer.customers.map((c) => <Candidate key={c.profile} found={c} query={query} />)}</ul>}
                  <Unsaid answer={answer} />
                  {answer.customers.length > 0 && (
                    <p class="small soft pad">
                      {answer.more ? say.more(format.number(answer.customers.length)) : say.count(format.number(answer.customers.length), answer.customers.length)}
                      {answer.masked.length > 0 && <> {say.masked}</>}
                    </p>
                  )}
                </>
              )}
            </Loaded>
          </Card>}
    </>
  )
}

function Candidate({ found, query }: { found: Found; query: string }) {
  const { words, format } = useSpeech()
  const say = words.customer.search
  const by = say.by
  return (
    <li>
      <div class="who">
        <a href={linkTo(addressOf(found, query))}><Name found={found} /></a>
        {found.requested && <Badge kind="mark">{say.merged(short(found.requested))}</Badge>}
        {found.split && <Badge kind="warn">{say.split}</Badge>}
        {found.restricted && <Badge kind="warn">{say.restricted}</Badge>}
        <span class="small soft row">{(found.identifiers ?? []).map((i) => i.value && <Theirs key={i.type + i.value}>{i.value}</Theirs>)}</span>
      </div>
      <div class="small row">
        {found.matched.map((m) => <Badge key={m.by}>{wordOf(by, m.by)}{m.part && <> · {say.part}</>}{!m.alone && !own.includes(m.by) && <> · {say.several}</>}</Badge>)}
      </div>
      <span class="seen small soft">{found.last_seen ? <>{say.seen} <When at={found.last_seen} /></> : null} · {say.events(format.number(found.events), found.events)}</span>
    </li>
  )
}

/** own are what matches by itself several people, which says nothing of whose it is. */
const own = ["name", "conversation", "case", "order", "invoice", "profile"]

/** addressOf opens a customer by what they were found by, so that no more is shown than that allows. */
function addressOf(found: Found, query: string): string {
  const by = found.matched.find((m) => m.alone && !own.includes(m.by))
  const value = query.trim().replace(new RegExp(`^${by?.by ?? ""}:\\s*`, "i"), "")
  return by ? `${by.by}:${value}` : `profile:${found.profile}`
}

/** Unsaid is what was not looked through, and why. */
function Unsaid({ answer }: { answer: Schemas["Customers"] & Schemas["Reading"] }) {
  const { words } = useSpeech()
  const say = words.customer.search
  const classes = words.customer.classes
  const hidden = answer.withheld.filter((w) => w.fields.includes("customers"))
  return (
    <>
      {answer.not_searched.map((n) => <p key={n.by} class="notice" role="status">{say.left[n.by]} {say.because[n.because]}</p>)}
      {hidden.length > 0 && <p class="notice" role="note">{say.policy(hidden.map((w) => wordOf(classes, w.class)).join(", "))}</p>}
    </>
  )
}
