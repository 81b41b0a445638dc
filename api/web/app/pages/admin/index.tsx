// The page of administrators: keys, the workspace, who may see what, definitions, and who did what.
import { useEffect } from "preact/hooks"
import { Denied } from "../../denied"
import { useSpeech } from "../../i18n"
import { go, href, usePlace } from "../../router"
import { useSession } from "../../session"
import { Tabs } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { Audit } from "./audit"
import { Definitions } from "./definitions"
import { Keys } from "./keys"
import { Policy } from "./policy"
import { Workspace } from "./workspace"

const parts = [
  { name: "keys", scope: "admin", body: Keys },
  { name: "workspace", scope: "admin", body: Workspace },
  { name: "policy", scope: "admin", body: Policy },
  { name: "definitions", scope: "admin", body: Definitions },
  { name: "audit", scope: "audit:read", body: Audit },
] as const

export default function Admin() {
  const { words } = useSpeech()
  const { scopes } = useSession()
  const { path } = usePlace()
  const name = path.slice("/admin/".length)
  const first = (parts.find((p) => scopes.includes(p.scope)) ?? parts[0]).name
  useEffect(() => { if (!name) go(href("/admin/" + first), true) }, [name])
  const part = parts.find((p) => p.name === name)
  return (
    <div class="stack">
      <Tabs label={words.admin.tabsLabel} tabs={parts.map((p) => ({ path: "/admin/" + p.name, label: words.admin.tabs[p.name] }))} />
      {part ? (scopes.includes(part.scope) ? <part.body /> : <Denied scope={part.scope} what={words.admin.about[part.name]} />)
        : name && <Empty title={words.common.states.notFound}>{words.common.states.notFoundHint}</Empty>}
    </div>
  )
}
