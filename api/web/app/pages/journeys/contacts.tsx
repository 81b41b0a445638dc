// Contact journeys: the sequences across channels, from the web by the bot to a call, a case and the bill.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { Card, CopyButton, Select } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { type Column, DownloadCSV, Table } from "../../ui/table"
import { Basis } from "./basis"
import { Figures } from "./figures"
import { Bar } from "./funnelsteps"
import { GapSelect } from "./window"
import { Mix, One, type Outcome, outcomes, Sequence, useStepName } from "./journey"
import { counts } from "./paths"
import { Count, People } from "./people"
import { numberOf, useBehind } from "./state"

type Path = Schemas["ContactJourneyPath"]
type Behind = NonNullable<Schemas["ContactJourneysPeopleRequest"]["of"]>

export function Contacts() {
  const { words, format } = useSpeech()
  const say = words.journeys.contacts
  const scope = useScope()
  const nameOf = useStepName()
  const [gapText, setGap] = useParam("gap", "168")
  const [limitText, setLimit] = useParam("limit", "25")
  const gap = numberOf(gapText, 168, 1, 2160), limit = numberOf(limitText, 25, 1, 200)
  const [behind, setBehind] = useBehind<Behind>()
  const question = { ...asBody(scope), gap_hours: gap }
  const load = useLoad(`contacts ${keyOf(scope)} ${gap} ${limit}`, (signal) => api.POST("/v1/journeys/contacts", { body: { ...question, limit }, signal }).then(answered))
  const columns: Column<Path>[] = [
    { title: say.steps, cell: (p) => <Sequence steps={p.steps} cut={p.cut} />, plain: (p) => p.steps.map(nameOf).join(" > ") },
    { title: say.journeys, number: true, cell: (p) => <><Count n={p.journeys} label={say.openPath(p.steps.map(nameOf).join(", "))} onOpen={() => setBehind({ steps: p.steps, cut: p.cut })} /> <span class="soft">{format.percent(p.share)}</span></>, plain: (p) => p.journeys },
    { title: words.journeys.people.title, number: true, cell: (p) => format.number(p.people), plain: (p) => p.people },
    { title: say.ended, cell: (p) => <Mix of={p.outcomes as Record<string, number>} />, plain: (p) => outcomes.map((o) => `${o} ${(p.outcomes as Record<string, number>)[o] ?? 0}`).join(", ") },
    { title: say.median, number: true, cell: (p) => format.duration(p.median_hours * 3600), plain: (p) => p.median_hours },
    { title: say.p90, number: true, cell: (p) => format.duration(p.p90_hours * 3600), plain: (p) => p.p90_hours },
  ]
  return (
    <>
      <Card title={say.title} aside={<div class="row"><GapSelect value={gap} onChange={(g) => setGap(g)} /><Select bare label={say.limit} value={String(limit)} onChange={setLimit} options={counts([10, 25, 50, 100, 200], limit, { number: (n) => say.top(format.number(n)) })} /><CopyButton /></div>}>
        <Loaded load={load} bones={10}>
          {(answer) => answer.total.journeys === 0 ? <Empty title={say.none}>{say.noneHint}</Empty> : <>
            <Figures all={[
              { name: say.journeys, value: format.number(answer.total.journeys), note: words.common.people(format.number(answer.total.people), answer.total.people) },
              { name: say.perJourney, value: format.number(answer.total.contacts / answer.total.journeys, 1) },
              { name: say.median, value: format.duration(answer.total.median_hours * 3600) },
              { name: say.unfinished, value: format.number(answer.total.unfinished) },
            ]} />
            <ul class="outcomes">
              {outcomes.map((o) => {
                const n = (answer.total.outcomes as Record<string, number>)[o] ?? 0
                return <li key={o}><span>{say.outcomes[o]}</span><Bar share={n / answer.total.journeys} /><Count n={n} label={say.openOutcome(say.outcomes[o])} onOpen={() => setBehind({ outcome: o })} /><span class="soft">{format.percent(n / answer.total.journeys)}</span></li>
              })}
            </ul>
            <Table label={say.title} columns={columns} rows={answer.journeys} keyOf={(_, n) => n} tall="60rem" />
            <div class="row apart"><span class="small soft">{say.paths(format.number(answer.journeys.length), format.number(answer.paths))} · <Legend /></span><DownloadCSV name="contact-journeys" columns={columns} rows={answer.journeys} /></div>
            <Basis of={answer} />
          </>}
        </Loaded>
      </Card>
      {behind && (
        <People of={["contacts", question, behind]} onClose={() => setBehind(undefined)}
          title={behind.steps ? behind.steps.map(nameOf).join(" → ") : behind.outcome ? say.outcomes[behind.outcome as Outcome] : say.journeys}
          ask={(after, signal) => api.POST("/v1/journeys/contacts/people", { body: { ...question, of: behind, after, limit: 50 }, signal }).then(answered)}
          tell={(p) => <>{p.journeys.map((j, n) => <One key={n} journey={j} zone={scope.zone} />)}</>} />
      )}
    </>
  )
}

function Legend() {
  const { words } = useSpeech()
  return <span class="journey-legend">{outcomes.map((o) => <span key={o}><i class={o} /> {words.journeys.contacts.outcomes[o]}</span>)}</span>
}
