// What goes with the quality of service, in retention and revenue. An association, never called a cause.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { addDays, asBody, daysOf, keyOf, type Scope } from "../../scope"
import { About, Badge, Card } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { Table } from "../../ui/table"

const exposures = ["fcr", "csat", "long_wait", "transferred"] as const
/** outcomeDays is for how long people are followed; leastDays of contacts are read, for the youngest are not followed to the end. */
const outcomeDays = 28
const leastDays = 120

type Report = Schemas["EffectReport"]

export function Effect({ scope: asked }: { scope: Scope }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const scope = daysOf(asked) < leastDays ? { ...asked, from: addDays(asked.until, -leastDays) } : asked
  const load = useLoad(`effect ${keyOf(scope)}`, (signal) => Promise.all(exposures.map((exposure) =>
    api.POST("/v1/journeys/effect", { body: { ...asBody(scope), exposure, days: outcomeDays, retention: "not_cancelled" } as never, signal }).then(answered))))
  const outcome = (of: Schemas["EffectOutcome"] | undefined, write: (v: number) => string) => {
    const difference = of?.standardised?.difference
    if (!difference) return <span class="soft">{say.tooFew}</span>
    const known = difference.interval && (difference.interval.low > 0 || difference.interval.high < 0)
    return (
      <Badge kind={known && !of.below_minimum ? (difference.value > 0 ? "good" : "bad") : undefined} title={difference.interval && `${write(difference.interval.low)} … ${write(difference.interval.high)}`}>
        {write(difference.value)}{known && !of.below_minimum ? "" : ` · ${say.undecided}`}
      </Badge>
    )
  }
  const mostPaid = (r: Report) => [...r.paid].sort((a, b) => people(b) - people(a))[0]
  const people = (o: Schemas["EffectOutcome"]) => o.crude.exposed.people + o.crude.unexposed.people
  return (
    <Card flush title={<About word={say.effect}>{load.data?.[0]?.definition ?? say.effect}</About>} aside={<span class="small soft">{say.effectSpan(format.date(scope.from, "UTC"), format.number(outcomeDays))}</span>}>
      <Loaded load={load}>
        {(reports) => reports.every((r) => r.sample.people === 0) ? <Empty title={say.none}>{say.noneHint}</Empty> : (
          <Table label={say.effect} rows={reports} keyOf={(r) => r.exposure.name} columns={[
            { title: say.exposure, cell: (r) => <About word={wordOf(say.exposures, r.exposure.name)}><p>{r.exposure.exposed}</p><p class="small soft">{say.notAdjusted}: {r.not_adjusted.join("; ")}</p></About> },
            { title: say.peopleBoth, number: true, cell: (r) => `${format.number(r.stayed.crude.exposed.people)} / ${format.number(r.stayed.crude.unexposed.people)}` },
            { title: say.stayed, number: true, cell: (r) => outcome(r.stayed, (v) => words.metrics.points(format.signed(v * 100))) },
            { title: say.paid, number: true, cell: (r) => { const paid = mostPaid(r); return outcome(paid, (v) => (v > 0 ? "+" : v < 0 ? "-" : "") + format.money(Math.abs(v), paid?.currency ?? "USD")) } },
            { title: say.immature, number: true, cell: (r) => format.number(r.immature) },
          ]} />
        )}
      </Loaded>
    </Card>
  )
}
