// One customer: who they are, on which word, and a tab for each thing that one comes to see.
import { useEffect } from "preact/hooks"
import { answered, api, Problem, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useDecided } from "../../identity/decide"
import { useLoad } from "../../load"
import { go, href, usePlace } from "../../router"
import { Badge, CopyButton, Tabs, Theirs, When } from "../../ui/parts"
import { Empty, Failure, Loaded } from "../../ui/states"
import { Agent } from "./agent"
import { Identity } from "./identity"
import { Open } from "./open"
import { linkTo, pathOf, short, tabs } from "./paths"
import { Erasure, Privacy } from "./privacy"
import { Readers } from "./readers"
import { Record } from "./record"
import { Several } from "./several"
import { Timeline } from "./timeline"
import { Unproven } from "./unproven"

export type Known = Schemas["Profile"] & Schemas["Reading"]

export function Customer({ address, encoded, tab }: { address: string; encoded: string; tab: string }) {
  const { words } = useSpeech()
  const say = words.customer
  const { query } = usePlace()
  const load = useLoad(`customer ${address}`, (signal) =>
    api.GET("/v1/profiles/{address}", { params: { path: { address }, query: { alternatives: true } }, signal }).then(answered))
  useMoved(address, load.loading ? undefined : load.data)
  useDecided((decision) => {
    const from = query.get("from")
    // Who was merged into this one, and is somebody again: there the reader was.
    if (from && decision.undoes && decision.profiles.includes(from)) go(linkTo(`profile:${from}`, tab), true)
    else load.reload()
  })
  const erasure = query.get("erasure")
  // What is nobody any more, or several, is not shown as it was.
  if (load.problem && (!load.data || load.problem.status === 404 || load.problem.status === 409)) {
    if (erasure) return <Erasure id={erasure} />
    return <Refused problem={load.problem} address={address} retry={load.reload} />
  }
  return (
    <Loaded load={load} bones={10}>
      {(known) => (
        <>
          <Head known={known} address={address} moved={query.get("from")} />
          <Unproven reading={known} />
          <Tabs label={say.tabs.label} tabs={tabs.map((t) => ({ path: "/customers/" + encoded + (t && "/" + t), label: say.tabs[t || "overview"] }))} />
          {tab === "timeline" ? <Timeline address={address} />
            : tab === "agent" ? <Agent address={address} />
            : tab === "identity" ? <Identity address={address} />
            : tab === "readers" ? <Readers address={address} />
            : tab === "privacy" ? <Privacy address={address} known={known} />
            : tab === "" ? <div class="split"><Record known={known} address={address} /><Open known={known} address={address} /></div>
            : <Empty title={words.common.states.notFound}>{words.common.states.notFoundHint}</Empty>}
        </>
      )}
    </Loaded>
  )
}

/** useMoved goes on to the profile to keep when the one that was asked for was merged into it, and says from where. */
function useMoved(address: string, known: Known | undefined) {
  const { path, query } = usePlace()
  useEffect(() => {
    if (!known || !address.startsWith("profile:")) return
    const asked = address.slice("profile:".length).split("@")[0]!
    if (asked === known.profile) return
    const rest = path.split("/").slice(3).join("/")
    const along = new URLSearchParams(query)
    along.set("from", asked)
    go(href(pathOf(`profile:${known.profile}`, rest), along), true)
  }, [known, address])
}

/** Refused is a customer who is not shown: nobody, one of several, restricted, or a key that does not allow it. */
function Refused({ problem, address, retry }: { problem: Problem; address: string; retry: () => void }) {
  const { words } = useSpeech()
  const say = words.customer.refused
  const kind = problem.document.type?.split(":").pop()
  if (kind === "ambiguous" || kind === "split") return <Several problem={problem} split={kind === "split"} />
  if (problem.status === 404) {
    return (
      <Empty title={say.nobody}>
        {say.nobodyHint} <a href={href("/customers", { q: address.replace(/^[a-z_]+:/, "") })}>{say.search}</a>
      </Empty>
    )
  }
  if (kind === "restricted") return <Empty title={say.restricted}>{say.restrictedHint}</Empty>
  return <Failure problem={problem} retry={retry} />
}

function Head({ known, address, moved }: { known: Known; address: string; moved: string | null }) {
  const { words, format } = useSpeech()
  const say = words.customer.head
  const level = words.customer.levels
  const kind = ({ claimed: "warn", matched: "mark", verified: "good" } as const)[known.verification.level]
  return (
    <header class="page-head customer-head">
      <div>
        <h2>{nameOf(known) ? <Theirs>{nameOf(known)}</Theirs> : say.unnamed}</h2>
        <p class="small soft row">
          <Badge kind={kind} title={words.customer.because[known.verification.because]}>{level[known.verification.level]}</Badge>
          <span>{say.events(format.number(known.events), known.events)}</span>
          {known.last_seen && <span>{say.seen} <When at={known.last_seen} /></span>}
          <span>{say.read(words.customer.purposes[known.purpose], words.customer.readers[known.reader])}</span>
          <code title={known.profile}>{short(known.profile)}</code>
        </p>
      </div>
      <CopyButton />
      {moved && <p class="notice good moved" role="status">{say.moved(short(moved))}</p>}
      {!moved && known.requested && address.startsWith("profile:") && <p class="notice good moved" role="status">{say.moved(short(known.requested))}</p>}
    </header>
  )
}

/** nameOf is what a profile says of a name, as one line. */
export function nameOf(known: Known): string {
  const text = (name: string) => {
    const value = known.traits?.[name]?.value ?? known.attributes?.[name]?.value
    return typeof value === "string" ? value : ""
  }
  const first = text("first_name") || text("firstName"), last = text("last_name") || text("lastName")
  return [first, text("middle_name"), last].filter(Boolean).join(" ") || text("name") || text("full_name")
}
