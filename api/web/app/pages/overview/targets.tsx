// Plan against actual.
import { useState } from "preact/hooks"
import { answered, api, onceKey, Problem, problemOf, type Schemas } from "../../api"
import { useSpeech, wordOf } from "../../i18n"
import { useLoad } from "../../load"
import { Definition, mainSeries, type Metric, useMetricName, valueOf } from "../../metric"
import { keyOf, type Scope } from "../../scope"
import { useMay } from "../../session"
import { Button, Card, Field, Modal, Select, Theirs } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { Table } from "../../ui/table"
import { tell } from "../../ui/toast"
import { valuesOf } from "./ask"
import { Standing } from "./tile"

type Target = Schemas["MetricTarget"]

export function Targets({ metrics, scope }: { metrics: Map<string, Metric>; scope: Scope }) {
  const { words, format } = useSpeech()
  const say = words.overview
  const maySet = useMay("admin")
  const [setting, setSetting] = useState(false)
  const load = useLoad(`targets ${keyOf(scope)}`, async (signal) => {
    const { targets } = await api.GET("/v1/metrics/targets", { signal }).then(answered)
    const known = targets.filter((t) => metrics.has(t.metric))
    const answers = new Map(await Promise.all([...new Set(known.map((t) => t.by))].map(async (by) =>
      [by, await valuesOf([...new Set(known.filter((t) => t.by === by).map((t) => t.metric))], scope, { by }, signal)] as const)))
    return known.map((target) => {
      const points = answers.get(target.by)?.get(target.metric)?.points ?? []
      const series = target.series ?? mainSeries(points)
      return { target, point: points.find((p) => p.series === series && (!target.by || p.group === target.group)) }
    })
  })
  const remove = async (target: Target) => {
    try {
      await api.DELETE("/v1/metrics/targets/{target}", { params: { path: { target: target.id } } })
      tell(say.targetRemoved)
      load.reload()
    } catch (fault) {
      tell(fault instanceof Problem ? fault.title || words.common.states.unreachable : words.common.states.error)
    }
  }
  return (
    <Card flush title={say.targets} aside={maySet && <Button small onClick={() => setSetting(true)}>{say.setTarget}</Button>}>
      <Loaded load={load}>
        {(rows) => rows.length === 0 ? <Empty title={say.noTargets}>{maySet ? say.noTargetsHint : say.noTargetsDenied}</Empty> : (
          <Table label={say.targets} rows={rows} keyOf={(r) => r.target.id} columns={[
            { title: say.metric, cell: (r) => <Definition metric={metrics.get(r.target.metric)!} /> },
            { title: say.of, cell: (r) => (r.target.group ? <Theirs>{r.target.group}</Theirs> : say.together) },
            { title: say.plan, number: true, cell: (r) => valueOf(metrics.get(r.target.metric)!, r.target.value, format) },
            { title: say.actual, number: true, cell: (r) => valueOf(metrics.get(r.target.metric)!, r.point?.value, format) },
            { title: say.sampleName, number: true, cell: (r) => format.number(r.point?.sample) },
            { title: say.attainment, number: true, cell: (r) => format.percent(r.point?.target?.attainment, 0) },
            { title: say.standingName, cell: (r) => (r.point?.target?.id === r.target.id ? <Standing plan={r.point.target} /> : <span class="soft">{say.notThen}</span>) },
            ...(maySet ? [{ title: "", cell: (r: { target: Target }) => <Button small kind="plain" onClick={() => void remove(r.target)}>{words.common.actions.remove}</Button> }] : []),
          ]} />
        )}
      </Loaded>
      {setting && <SetTarget metrics={[...metrics.values()].filter((m) => m.better !== "neither")} onClose={() => setSetting(false)} onDone={() => { setSetting(false); tell(say.targetSet); load.reload() }} />}
    </Card>
  )
}

function SetTarget({ metrics, onClose, onDone }: { metrics: Metric[]; onClose: () => void; onDone: () => void }) {
  const { words } = useSpeech()
  const say = words.overview
  const name = useMetricName()
  const [id, setId] = useState(metrics[0]?.id ?? "")
  const [by, setBy] = useState("")
  const [problem, setProblem] = useState<Problem>()
  const [once] = useState(onceKey)
  const metric = metrics.find((m) => m.id === id)
  const percent = metric?.unit === "share"
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const value = Number(form.get("value")) / (percent ? 100 : 1)
    try {
      await api.POST("/v1/metrics/targets", {
        params: { header: { "Idempotency-Key": once } },
        body: { metric: id, value, ...(by ? { by, group: String(form.get("group")) } : {}) },
      })
      onDone()
    } catch (fault) {
      setProblem(problemOf(fault))
    }
  }
  return (
    <Modal title={say.setTarget} onClose={onClose}>
      {problem && <Notice problem={problem} />}
      <form class="stack" onSubmit={(e) => void submit(e)}>
        <Select label={say.metric} value={id} onChange={setId} options={metrics.map((m) => ({ value: m.id, label: name(m) }))} />
        <Field label={percent ? say.valuePercent : say.value}><input name="value" type="number" step="any" required /></Field>
        <Select label={say.by} value={by} onChange={setBy} options={[{ value: "", label: say.together }, ...(metric?.by ?? []).map((d) => ({ value: d, label: wordOf(say.dimensions, d) }))]} />
        {by && <Field label={say.group}><input name="group" required maxLength={256} /></Field>}
        <div class="row"><button class="button primary">{words.common.actions.save}</button><Button onClick={onClose}>{words.common.actions.cancel}</Button></div>
      </form>
    </Modal>
  )
}
