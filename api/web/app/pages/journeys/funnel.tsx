// Funnel: how many people go through steps, how long it takes, and who was lost on the way.
import { answered, api, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { useParam } from "../../router"
import { asBody, keyOf, useScope } from "../../scope"
import { Button, Choice, Select } from "../../ui/parts"
import { Builder } from "./builder"
import { Exclusions, useExclusions } from "./exclusions"
import { Groups, Steps } from "./funnelsteps"
import { Moments, People } from "./people"
import { SelectionEditor, useKinds, useTitle } from "./selection"
import { chosen, oneOf, type Selection, useBehind, useSelections } from "./state"
import { WindowSelect } from "./window"

const orders = ["ordered", "strict", "any"] as const
const breakdowns = ["", "event.channel", "event.source", "event.name", "cx.topic", "cx.queue", "cx.team", "cx.language", "cx.product", "cx.author_role"]
const mostSteps = 20

/** The funnel that is shown first: from a contact to what the customer says of it. */
const first = ["conversation.started", "survey.sent", "survey.answered"]

export function Funnel() {
  const { words, format } = useSpeech()
  const say = words.journeys.funnel
  const scope = useScope()
  const events = useKinds(scope)
  const titleOf = useTitle()
  const [steps, setSteps] = useSelections("step", first)
  const [exclusions, setExclusions] = useExclusions()
  const [orderText, setOrder] = useParam("order", "ordered")
  const order = oneOf(orderText, orders)
  const [window, setWindow] = useParam("window", "14d")
  const [by, setBy] = useParam("by")
  const [behind, setBehind] = useBehind<{ step: number; dropped?: boolean }>()
  const ready = steps.length >= 2 && steps.every(chosen)
  const question = {
    ...asBody(scope), steps, order, window, breakdown: breakdowns.includes(by) || by.startsWith("properties.") ? by || undefined : undefined,
    exclusions: order === "any" ? undefined : exclusions.filter(chosen),
  } as Schemas["FunnelQuestion"]
  const load = useLoad(ready ? `funnel ${keyOf(scope)} ${JSON.stringify(question)}` : "", (signal) => api.POST("/v1/journeys/funnel", { body: question, signal }).then(answered))
  return (
    <>
      <Builder say={say} ready={ready} load={load} isNone={(answer) => answer.steps[0]?.people === 0} none={say.noneHint(titleOf(steps[0]!))} parts={<>
        <div class="selections">{steps.map((s, n) => <SelectionEditor key={n} label={say.step(format.number(n + 1))} value={s} events={events} onChange={(next) => setSteps(Object.assign([...steps], { [n]: next }))}>
          <StepTools n={n} steps={steps} onChange={setSteps} />
        </SelectionEditor>)}</div>
        <div class="row">
          {steps.length < mostSteps && <Button small onClick={() => setSteps([...steps, {}])}>{say.addStep}</Button>}
        </div>
        <div class="row options">
          <Choice label={say.order} value={order} onChange={setOrder} options={orders.map((o) => ({ value: o, label: say.orders[o] }))} />
          <WindowSelect value={window} onChange={setWindow} />
          <Select label={say.breakdown} value={by} onChange={setBy} options={[...new Set([...breakdowns, by])].map((b) => ({ value: b, label: b ? wordOf(say.breakdowns, b) : say.together }))} />
        </div>
        {order !== "any" && steps.length >= 2 && <Exclusions steps={steps.length} all={exclusions} events={events} onChange={setExclusions} />}
      </>}>
        {(answer) => <>
          <Steps answer={answer} names={steps.map(titleOf)} onOpen={(step, dropped) => setBehind({ step, dropped })} />
          {answer.open > 0 && <p class="small soft">{say.open(format.number(answer.open), answer.open)}</p>}
          {answer.groups && answer.groups.length > 0 && <Groups answer={answer} names={steps.map(titleOf)} title={wordOf(say.breakdowns, answer.breakdown) ?? ""} />}
        </>}
      </Builder>
      {ready && behind && behind.step <= steps.length && (
        <People of={["funnel", question, behind]} onClose={() => setBehind(undefined)}
          title={behind.dropped ? say.lostAfter(titleOf(steps[behind.step - 1]!)) : say.reached(order === "any" ? say.any(format.number(behind.step)) : titleOf(steps[behind.step - 1]!))}
          ask={(after, signal) => api.POST("/v1/journeys/funnel/people", { body: { ...question, step: behind.step, dropped: behind.dropped ?? false, after, limit: 50 }, signal }).then(answered).then((a) => ({ people: a.people, next: a.next_after }))}
          tell={(p) => <Moments at={p.at} zone={scope.zone} />} />
      )}
    </>
  )
}

function StepTools({ n, steps, onChange }: { n: number; steps: Selection[]; onChange: (all: Selection[]) => void }) {
  const { words, format } = useSpeech()
  const say = words.journeys.funnel
  const swap = () => onChange(steps.map((s, m) => (m === n - 1 ? steps[n]! : m === n ? steps[n - 1]! : s)))
  return (
    <>
      {n > 0 && <Button small kind="plain" aria-label={say.earlier(format.number(n + 1))} onClick={swap}>↑</Button>}
      {steps.length > 2 && <Button small kind="plain" aria-label={say.removeStep(format.number(n + 1))} onClick={() => onChange(steps.filter((_, m) => m !== n))}>×</Button>}
    </>
  )
}
