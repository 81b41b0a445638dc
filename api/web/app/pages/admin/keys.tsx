// The keys of the workspace: who has one, what for, and whether it is used.
import { useState } from "preact/hooks"
import { answered, api, type Problem, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { Badge, Button, Card, Choice, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"
import { tell } from "../../ui/toast"
import { NewKey } from "./newkey"
import { Revoke, Rotate, Secret } from "./keydialogs"

export type Key = Schemas["Key"]

/** standingOf says whether a key opens anything. */
export function standingOf(key: Key): "active" | "revoked" | "expired" {
  if (key.revoked && new Date(key.revoked) <= new Date()) return "revoked"
  if (key.expires && new Date(key.expires) <= new Date()) return "expired"
  return "active"
}

type Doing = { what: "create" } | { what: "rotate" | "revoke"; key: Key } | { what: "secret"; secret: string } | undefined

export function Keys() {
  const { words, format } = useSpeech()
  const say = words.admin.keys
  const [which, choose] = useParam("which", "active")
  const [doing, set] = useState<Doing>()
  const load = useLoad("admin keys", (signal) => api.GET("/v1/keys", { signal }).then(answered))
  const made = (secret: string) => { set({ what: "secret", secret }); load.reload() }
  return (
    <Card flush title={say.title} aside={
      <div class="row">
        <Choice label={say.which} value={which} onChange={choose} options={[{ value: "active", label: say.active }, { value: "all", label: words.common.filters.all }]} />
        <Button kind="primary" onClick={() => set({ what: "create" })}>{say.create}</Button>
      </div>
    }>
      <Loaded load={load}>
        {({ keys }) => {
          const rows = keys.filter((k) => which === "all" || standingOf(k) === "active").sort((a, b) => b.created.localeCompare(a.created))
          return rows.length === 0 ? <Empty title={say.none}>{say.noneHint}</Empty> : (
            <Table label={say.title} rows={rows} keyOf={(k) => k.id} tall="60rem" columns={[
              { title: say.note, cell: (k) => <div class="key-name">{k.note ? <Theirs>{k.note}</Theirs> : <span class="soft">{say.unnamed}</span>}<small class="soft"><code>{k.id}</code></small></div> },
              { title: say.kind, cell: (k) => <Badge kind={k.kind === "admin" ? "warn" : undefined}>{say.kinds[k.kind]}</Badge> },
              { title: say.what, cell: (k) => <KeyUse of={k} /> },
              { title: say.scopes, cell: (k) => <span title={k.scopes.join(", ")}>{k.scopes.length > 2 ? say.scopeCount(format.number(k.scopes.length)) : k.scopes.join(", ")}</span> },
              { title: say.lastUsed, cell: (k) => (k.last_used ? <When at={k.last_used} /> : <span class="soft">{say.never}</span>) },
              { title: say.expires, cell: (k) => <Ends of={k} /> },
              { title: <span class="unseen">{say.actions}</span>, cell: (k) => standingOf(k) === "active" && (
                <div class="row tight">
                  <Button small kind="plain" onClick={() => set({ what: "rotate", key: k })} aria-label={say.rotateOf(k.note || k.id)}>{say.rotate}</Button>
                  <Button small kind="plain" onClick={() => set({ what: "revoke", key: k })} aria-label={say.revokeOf(k.note || k.id)}>{say.revoke}</Button>
                </div>
              ) },
            ]} />
          )
        }}
      </Loaded>
      {doing?.what === "create" && <NewKey onClose={() => set(undefined)} onMade={made} />}
      {doing?.what === "rotate" && <Rotate of={doing.key} onClose={() => set(undefined)} onMade={made} />}
      {doing?.what === "revoke" && <Revoke of={doing.key} onClose={() => set(undefined)} onDone={() => { set(undefined); tell(say.revoked); load.reload() }} />}
      {doing?.what === "secret" && <Secret secret={doing.secret} onClose={() => set(undefined)} />}
    </Card>
  )
}

/** KeyUse is what a key is for: its purpose and reader, or its source. */
function KeyUse({ of }: { of: Key }) {
  const { words } = useSpeech()
  if (of.source) return <><bdi>{of.source}</bdi>{of.lane === "bulk" && <> · {words.admin.keys.bulk}</>}{of.origins?.length ? <> · {of.origins.join(", ")}</> : null}</>
  if (of.kind === "write") return <>–</>
  return <>{[of.purpose && words.admin.purposes[of.purpose], of.reader && words.admin.readers[of.reader]].filter(Boolean).join(" · ") || "–"}</>
}

function Ends({ of }: { of: Key }) {
  const { words } = useSpeech()
  const standing = standingOf(of)
  if (standing !== "active") return <Badge kind="bad">{words.admin.keys.standing[standing]}</Badge>
  if (of.revoked) return <Badge kind="warn">{words.admin.keys.goesOn} <When at={of.revoked} /></Badge>
  return of.expires ? <When at={of.expires} /> : <span class="soft">{words.admin.keys.never}</span>
}

/** faultOf is what a problem says of one field. */
export function faultOf(problem: Problem | undefined, field: string): string | undefined {
  return problem?.document.errors?.find((e) => e.field === field || e.field.startsWith(field + "["))?.reason
}
