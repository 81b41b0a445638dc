// The workspace that the key is of. Others are made where the server runs.
import { answered, api } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useSession } from "../../session"
import { Badge, Card, When } from "../../ui/parts"
import { Loaded } from "../../ui/states"

export function Workspace() {
  const { words } = useSpeech()
  const say = words.admin.workspace
  const session = useSession()
  const load = useLoad("admin workspace", (signal) => api.GET("/v1/workspace", { signal }).then(answered))
  return (
    <Card title={say.title}>
      <Loaded load={load} bones={3}>
        {(found) => (
          <>
            <dl class="facts">
              <dt>{say.name}</dt><dd><bdi>{found.workspace}</bdi></dd>
              <dt>{say.signedIn}</dt><dd>{wordOf(words.admin.keys.kinds, session.kind)}</dd>
              <dt>{words.admin.keys.purpose}</dt><dd>{wordOf(words.admin.purposes, session.purpose) ?? "–"}</dd>
              <dt>{words.admin.keys.reader}</dt><dd>{wordOf(words.admin.readers, session.reader) ?? "–"}</dd>
              <dt>{say.ends}</dt><dd>{session.expires ? <When at={session.expires} exact /> : "–"}</dd>
              <dt>{words.admin.keys.scopes}</dt><dd class="row">{session.scopes.map((s) => <Badge key={s}>{s}</Badge>)}</dd>
            </dl>
            <p class="soft">{say.others}</p>
            <code class="command">tributary workspaces create NAME</code>
          </>
        )}
      </Loaded>
    </Card>
  )
}
