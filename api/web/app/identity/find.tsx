// Somebody else is found, to be merged with a customer or kept apart: searched for, chosen, looked at beside them, decided.
import { useEffect, useRef, useState } from "preact/hooks"
import { answered, api, type Schemas } from "../api"
import { useSpeech } from "../i18n"
import { useLoad } from "../load"
import { Badge, Button, Modal, Theirs, When } from "../ui/parts"
import { Empty, Loaded } from "../ui/states"
import { DecisionDialog } from "./preview"

type Found = Schemas["Customer"]

/** FindDialog asks who the other one is, and then leads to the decision about both. profile is whom it began with. */
export function FindDialog({ kind, profile, onClose }: { kind: "merge" | "never_merge"; profile: string; onClose: () => void }) {
  const { words } = useSpeech()
  const say = words.review.find
  const [query, setQuery] = useState("")
  const [other, setOther] = useState<string>()
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => { if (!other) box.current?.focus() }, [other])
  const load = useLoad(query && `customers ${query}`, (signal) => api.POST("/v1/customers/search", { body: { query, limit: 50 }, signal }).then(answered))
  if (other) return <DecisionDialog proposal={{ kind, a: profile, b: other }} compare={[profile, other]} onBack={() => setOther(undefined)} onClose={onClose} />
  return (
    <Modal title={say.titles[kind]} onClose={onClose}>
      <p class="soft">{say.hint}</p>
      <form class="row" role="search" aria-label={say.label} onSubmit={(e) => { e.preventDefault(); setQuery(box.current!.value.trim()) }}>
        <input ref={box} type="search" class="grow" defaultValue={query} maxLength={200} placeholder={words.customer.search.placeholder} aria-label={words.customer.search.placeholder} autocomplete="off" spellcheck={false} />
        <Button kind="primary" type="submit">{words.customer.search.submit}</Button>
      </form>
      {query && <Loaded load={load}>{(answer) => <Results answer={answer} self={profile} onChoose={setOther} />}</Loaded>}
    </Modal>
  )
}

function Results({ answer, self, onChoose }: { answer: Schemas["Customers"]; self: string; onChoose: (profile: string) => void }) {
  const { words, format } = useSpeech()
  const say = words.customer.search
  const found = answer.customers.filter((c) => c.profile !== self)
  if (found.length === 0) return <Empty title={answer.customers.length ? words.review.find.self : say.none}>{answer.customers.length ? undefined : say.noneHint}</Empty>
  return (
    <>
      <ul class="review-found" aria-label={say.results}>
        {found.map((c) => (
          <li key={c.profile} class="row apart">
            <span class="who">
              <strong><Name found={c} /></strong> {c.restricted && <Badge kind="warn">{say.restricted}</Badge>}
              <span class="small soft row">
                {(c.identifiers ?? []).map((i) => i.value && <Theirs key={i.type + i.value}>{i.value}</Theirs>)}
                <span>{say.events(format.number(c.events), c.events)}{c.last_seen && <> · {say.seen} <When at={c.last_seen} /></>}</span>
              </span>
            </span>
            <Button small disabled={c.restricted} onClick={() => onChoose(c.profile)}>{words.review.find.choose}<span class="unseen"> <Name found={c} /></span></Button>
          </li>
        ))}
      </ul>
      {answer.more && <p class="small soft">{say.more(format.number(answer.customers.length))}</p>}
      {answer.not_searched.map((n) => <p key={n.by} class="notice" role="status">{say.left[n.by]} {say.because[n.because]}</p>)}
    </>
  )
}

/** Name is what is known of a name, or the beginning of the profile's id. */
export function Name({ found }: { found: Found }) {
  const of = new Map((found.names ?? []).map((n) => [n.name, typeof n.value === "string" ? n.value : ""]))
  const parts = [of.get("first_name") ?? of.get("firstName"), of.get("middle_name"), of.get("last_name") ?? of.get("lastName"), of.get("suffix")].filter(Boolean)
  const name = parts.join(" ") || of.get("name") || of.get("full_name") || of.get("fullName") || of.get("nickname")
  return name ? <Theirs>{name}</Theirs> : <code>{found.profile.slice(0, 8)}</code>
}
