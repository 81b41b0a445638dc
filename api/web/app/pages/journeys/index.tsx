// Journeys: how people move, what they come again for, and what makes it hard for them. Each tab is a question with an address.
import { useEffect } from "preact/hooks"
import type { ComponentType } from "preact"
import { useSpeech } from "../../i18n"
import { go, href, usePlace } from "../../router"
import { FilterBar, scopeWords } from "../../scope"
import { Tabs } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { Contacts } from "./contacts"
import { Friction } from "./friction"
import { Funnel } from "./funnel"
import { Paths } from "./paths"
import { Repeat } from "./repeat"
import { Retention } from "./retention"
import { Between } from "./between"

const tabs = { funnel: Funnel, paths: Paths, retention: Retention, "time-between": Between, contacts: Contacts, repeat: Repeat, friction: Friction } satisfies Record<string, ComponentType>
type Tab = keyof typeof tabs

export default function Journeys() {
  const { words } = useSpeech()
  const { path, query } = usePlace()
  const tab = path.split("/")[2] ?? ""
  useEffect(() => { if (!tab) go(href("/journeys/funnel", query), true) }, [tab])
  useEffect(() => document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [tab]) // a telephone shows some of the tabs
  const Body = Object.hasOwn(tabs, tab) ? tabs[tab as Tab] : undefined
  return (
    <div class="journeys stack">
      <Tabs label={words.common.pages.journeys} keep={scopeWords} tabs={(Object.keys(tabs) as Tab[]).map((t) => ({ path: "/journeys/" + t, label: words.journeys.tabs[t] }))} />
      <FilterBar />
      {Body ? <Body key={tab} /> : tab && <Empty title={words.common.states.notFound}>{words.common.states.notFoundHint}</Empty>}
    </div>
  )
}
