// Which uses of AI pay, and which do not.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, type Scope } from "../../scope"
import { About, Badge, Card, Theirs } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"
import { Written } from "../../ui/written"

type Case = Schemas["UseCase"]

export function UseCases({ scope }: { scope: Scope }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const [text, setText] = useParam("minute")
  const minute = Number(text) > 0 ? Number(text) : undefined
  const load = useLoad(`use cases ${keyOf(scope)} ${minute}`, (signal) => api.POST("/v1/journeys/use-cases", { body: { ...asBody(scope), cost_per_minute: minute } as never, signal }).then(answered))
  const share = (s: Schemas["UseCaseShare"]) => <span title={say.sample(format.number(s.of))}>{format.percent(s.estimate?.value, 0)}</span>
  const bounds = (c: Case) => c.net_saving?.interval && `${format.signed(c.net_saving.interval.low, 2)} … ${format.signed(c.net_saving.interval.high, 2)}`
  return (
    <Card flush title={<About word={say.useCases}>{load.data?.definition ?? say.useCases}</About>} aside={
      <label class="row small soft">{say.minute}
        <Written class="short" type="number" min="0" step="0.05" inputMode="decimal" value={text} onWritten={setText} />
      </label>
    }>
      <Loaded load={load}>
        {(answer) => answer.use_cases.length === 0 ? <Empty title={say.noUseCases} /> : (
          <>
            {!minute && answer.costs.human === "events" && <p class="notice" role="note">{say.minuteHint}</p>}
            <Table label={say.useCases} rows={answer.use_cases} keyOf={(c, n) => `${c.topic} ${n}`} columns={[
              { title: say.dimensions.topic, cell: (c) => (c.topic ? <Theirs>{c.topic}</Theirs> : <span class="soft">{say.noTopic}</span>) },
              { title: words.metrics.names.contacts, number: true, cell: (c) => format.number(c.contacts) },
              { title: say.contained, number: true, cell: (c) => share(c.contained) },
              { title: say.confirmed, number: true, cell: (c) => share(c.confirmed) },
              { title: say.silent, number: true, cell: (c) => share(c.silent_failure) },
              { title: say.costAI, number: true, cell: (c) => format.number(c.ai?.total?.value, 2) },
              { title: say.costHuman, number: true, cell: (c) => format.number(c.human?.total?.value, 2) },
              { title: say.saving, number: true, cell: (c) => <span title={bounds(c)}>{c.net_saving ? format.signed(c.net_saving.value, 2) : "–"}</span> },
              { title: say.verdict, cell: (c) => <Badge kind={c.verdict === "pays" ? "good" : c.verdict === "does_not" ? "bad" : undefined} title={say.reasons[c.reason]}>{say.verdicts[c.verdict]}</Badge> },
            ]} />
          </>
        )}
      </Loaded>
    </Card>
  )
}
