// Retention: who of those who did one thing comes back to do another, by the period in which they began.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { useMay } from "../../session"
import { Choice, Select } from "../../ui/parts"
import { DownloadCSV } from "../../ui/table"
import { Builder } from "./builder"
import { counts } from "./paths"
import { Moments, People } from "./people"
import { SelectionEditor, useKinds } from "./selection"
import { chosen, numberOf, oneOf, useBehind, useSelection } from "./state"

const periods = ["week", "day", "month"] as const
/** what is asked first: who looks at our pages or the app comes back to them. */
const visit = JSON.stringify({ types: ["page", "screen"] })

type Behind = Pick<Schemas["RetentionPeopleQuestion"], "cohort" | "period"> & { missing?: boolean }

export function Retention() {
  const { words, format } = useSpeech()
  const say = words.journeys.retention
  const scope = useScope()
  const events = useKinds(scope)
  const [born, setBorn] = useSelection("born", visit)
  const [returns, setReturns] = useSelection("returns", visit)
  const [byText, setBy] = useParam("by", "week")
  const by = oneOf(byText, periods)
  const [countText, setCount] = useParam("periods", "8")
  const count = numberOf(countText, 8, 1, 60)
  const [behind, setBehind] = useBehind<Behind>()
  const ready = chosen(born) && chosen(returns)
  const question = { ...asBody(scope), born, returns, by, periods: count } as Schemas["RetentionQuestion"]
  const load = useLoad(ready ? `retention ${keyOf(scope)} ${JSON.stringify(question)}` : "", (signal) => api.POST("/v1/journeys/retention", { body: question, signal }).then(answered))
  return (
    <>
      <Builder say={say} ready={ready} load={load} isNone={(answer) => answer.cohorts.length === 0} none={say.noneHint} parts={<>
        <div class="selections">
          <SelectionEditor label={say.born} value={born} events={events} onChange={setBorn} />
          <SelectionEditor label={say.returns} value={returns} events={events} onChange={setReturns} />
        </div>
        <div class="row options">
          <Choice label={say.by} value={by} onChange={setBy} options={(["day", "week", "month"] as const).map((p) => ({ value: p, label: say.periods[p] }))} />
          <Select label={say.count} value={String(count)} onChange={setCount} options={counts([4, 8, 12, 26, 52], count, format)} />
        </div>
      </>}>
        {(answer) => <Heat answer={answer} onOpen={(cohort, period) => setBehind({ cohort, period })} />}
      </Builder>
      {ready && behind?.cohort && (
        <People of={["retention", question, behind]} onClose={() => setBehind(undefined)} title={say.came(format.date(behind.cohort, "UTC"), say.nth[by](format.number(behind.period)))}
          ask={(after, signal) => api.POST("/v1/journeys/retention/people", { body: { ...question, ...behind, missing: behind.missing ?? false, after, limit: 50 }, signal }).then(answered).then((a) => ({ people: a.people, next: a.next_after }))}
          tell={(p) => <Moments at={p.at} zone={scope.zone} />} />
      )}
    </>
  )
}

function Heat({ answer, onOpen }: { answer: Schemas["Retention"]; onOpen: (cohort: string, period: number) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.retention
  const may = useMay("profiles:read")
  const width = Math.max(...answer.cohorts.map((c) => c.cells.length))
  const all = Array.from({ length: width }, (_, k) => k)
  /** mean is over the cohorts whose period is over. */
  const mean = (k: number) => {
    const ripe = answer.cohorts.filter((c) => c.cells[k] && !c.cells[k]!.immature)
    const people = ripe.reduce((sum, c) => sum + c.people, 0)
    return people ? ripe.reduce((sum, c) => sum + c.cells[k]!.people, 0) / people : undefined
  }
  type Cohort = (typeof answer.cohorts)[number]
  const file = [
    { title: say.cohort, cell: () => "", plain: (c: Cohort) => c.begins }, { title: words.journeys.people.title, cell: () => "", plain: (c: Cohort) => c.people },
    ...all.map((k) => ({ title: String(k), cell: () => "", plain: (c: Cohort) => c.cells[k]?.share })),
  ]
  return (
    <>
      <div class="table journey-heat" tabIndex={0} role="region" aria-label={say.result}>
        <table>
          <caption class="unseen">{say.result}</caption>
          <thead><tr><th scope="col">{say.cohort}</th><th scope="col" class="number">{words.journeys.people.title}</th>{all.map((k) => <th key={k} scope="col" class="number">{say.nth[answer.by](format.number(k))}</th>)}</tr></thead>
          <tbody>
            {answer.cohorts.map((c) => (
              <tr key={c.begins}>
                <th scope="row">{format.date(c.begins, "UTC")}</th>
                <td class="number">{format.number(c.people)}</td>
                {all.map((k) => {
                  const cell = c.cells[k]
                  if (!cell) return <td key={k} />
                  const text = format.percent(cell.share, 0)
                  return (
                    <td key={k} class={cell.immature ? "number cell immature" : "number cell"} style={{ "--share": `${Math.round(cell.share * 100)}%` }} title={cell.immature ? say.immature : undefined}>
                      {may && cell.people > 0
                        ? <button type="button" aria-label={say.open(format.date(c.begins, "UTC"), say.nth[answer.by](format.number(k)), text)} onClick={() => onOpen(c.begins, k)}>{text}</button>
                        : text}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
          <tfoot><tr><th scope="row">{say.mean}</th><td class="number">{format.number(answer.cohorts.reduce((sum, c) => sum + c.people, 0))}</td>{all.map((k) => <td key={k} class="number">{format.percent(mean(k), 0)}</td>)}</tr></tfoot>
        </table>
      </div>
      <div class="row apart"><p class="small soft">{say.hint}</p><DownloadCSV name="retention" columns={file} rows={answer.cohorts} /></div>
    </>
  )
}
