// What stands in place of a page or a part of one that a key does not open: what is missing, what the key has, and who can help.
import { useSpeech } from "./i18n"
import { useSession } from "./session"
import { Badge, Card, CopyButton } from "./ui/parts"

/** administrators are the scopes here that keys of administrators alone can have. */
const administrators = ["admin", "audit:read", "identity:write"]

/** Denied names the scope; what says what it would open. */
export function Denied({ scope, what }: { scope: string; what?: string }) {
  const { words } = useSpeech()
  const session = useSession()
  const say = words.common.denied
  const command = `tributary keys create --kind ${administrators.includes(scope) ? "admin" : "read"} --scope ${scope} --workspace ${session.workspace}`
  return (
    <Card title={words.common.states.denied}>
      <div class="stack">
        {what && <p>{what}</p>}
        <dl class="facts">
          <dt>{say.needs}</dt><dd><Badge kind="mark">{scope}</Badge></dd>
          <dt>{say.have}</dt><dd class="row">{session.scopes.map((s) => <Badge key={s}>{s}</Badge>)}</dd>
        </dl>
        <p class="soft">{say.ask}</p>
        <div class="row"><code class="command">{command}</code><CopyButton text={command} /></div>
      </div>
    </Card>
  )
}
