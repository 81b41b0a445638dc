// What most see here: their key may not administer. It says what is behind this, what is missing, and what they have.
import { useSpeech } from "../../i18n"
import { useSession } from "../../session"
import { Badge, Card, CopyButton } from "../../ui/parts"

export function Denied({ scope, what }: { scope: string; what: string }) {
  const { words } = useSpeech()
  const session = useSession()
  const say = words.admin.denied
  const command = `tributary keys create --kind admin --scope ${scope} --workspace ${session.workspace}`
  return (
    <Card title={words.common.states.denied}>
      <div class="stack">
        <p>{what}</p>
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
