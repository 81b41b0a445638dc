// The review queue: pairs of which a person should say whether they are one, decided by keyboard alone.
import { useEffect, useRef, useState } from "preact/hooks"
import { answered, api, onceKey, Problem, problemOf } from "../../api"
import { useSpeech } from "../../i18n"
import { decide, type Decision, type Proposal, undo, useDecided } from "../../identity/decide"
import { Evidence } from "../../identity/evidence"
import { Decisions } from "../../identity/decisions"
import { DecisionDialog } from "../../identity/preview"
import { Sides } from "../../identity/sides"
import { standing } from "../../identity/standing"
import { useLoad } from "../../load"
import { setParams, usePlace } from "../../router"
import { Badge, Button, Card, Tabs } from "../../ui/parts"
import { Bones, Empty, Loaded, Notice } from "../../ui/states"
import { tell } from "../../ui/toast"
import { keys, useKeys } from "./keys"
import { Precision } from "./precision"
import { nameOf, type Question, useQuestions } from "./questions"

export default function Review() {
  const { words } = useSpeech()
  const say = words.review
  const { path } = usePlace()
  const tabs = [{ path: "/review", label: say.queue }, { path: "/review/decisions", label: say.decisions }, { path: "/review/precision", label: say.precision }]
  return (
    <>
      <Tabs label={say.tabs} tabs={tabs} />
      {path === "/review/decisions" ? <Decisions /> : path === "/review/precision" ? <Precision /> : <Queue />}
    </>
  )
}

function Queue() {
  const { words, format } = useSpeech()
  const say = words.review
  const { query } = usePlace()
  const { load, items: here, more, next: goOn, problem: cut } = useQuestions()
  // The decisions of now, the last one last. Their pairs are asked about no more, until one is taken back.
  const [stack, setStack] = useState<{ decision: Decision; pair: string }[]>([])
  const [preview, setPreview] = useState<Proposal & { a: string; b: string }>()
  const [busy, setBusy] = useState(false)
  // What went wrong is told beside the pair that it went wrong with.
  const [failed, setFailed] = useState<{ pair?: string; problem: Problem }>()
  const open = here.filter((q) => !stack.some((s) => s.pair === nameOf(q)))
  const wanted = query.get("pair")
  const at = Math.max(0, open.findIndex((q) => nameOf(q) === wanted))
  const now = open[at]
  const name = now && nameOf(now)
  const onceFor = useRef(new Map<string, string>())
  const show = (q: Question | undefined) => setParams({ pair: q ? nameOf(q) : "" }, true)
  const step = (by: number) => { if (open.length) show(open[(at + by + open.length) % open.length]) }
  useEffect(() => { if (more && !cut && at >= open.length - 10) goOn() })

  /** settle notes a decision, and goes on to the next pair, unless the reader went on meanwhile: so it is that of the last drawing. */
  const settle = useRef((_pair: string, _decision: Decision) => {})
  settle.current = (pair, decision) => {
    setStack((all) => [...all, { decision, pair }])
    if (pair === name) show(open[at + 1] ?? open[at - 1])
  }
  useDecided((decision) => {
    const back = stack.find((s) => s.decision.id === decision.undoes)
    if (!back) return decision.undoes ? load.reload() : undefined
    setStack((all) => all.filter((s) => s !== back))
    setParams({ pair: back.pair }, true)
  })
  const send = async (pair: string | undefined, ask: () => Promise<void>) => {
    setBusy(true)
    setFailed(undefined)
    try {
      await ask()
    } catch (fault) {
      setFailed({ pair, problem: problemOf(fault) })
      if (pair) setParams({ pair }, true)
    } finally {
      setBusy(false)
    }
  }
  const back = () => {
    const last = stack.at(-1)
    if (!last || busy) return
    void send(name, async () => {
      await undo(last.decision.id)
      tell(say.undone)
    })
  }
  const sayOf = (kind: "merge" | "never_merge") => {
    if (!now || !name || busy) return
    const key = onceFor.current.get(name + kind) ?? onceKey()
    onceFor.current.set(name + kind, key)
    void send(name, async () => {
      const decision = await decide({ kind, a: now.a, b: now.b }, key)
      onceFor.current.delete(name + kind)
      settle.current(name, decision)
      tell(say.done[kind])
    })
  }
  const look = (kind: "merge" | "never_merge") => now && setPreview({ kind, a: now.a, b: now.b })
  useKeys({
    next: () => step(1), previous: () => step(-1), merge: () => sayOf("merge"), never: () => sayOf("never_merge"), undo: back,
    skip: () => step(1), preview: () => look("merge"),
  })

  return (
    <Loaded load={load} bones={14}>
      {(page) => (
        <>
          <div class="row apart">
            <span role="status" class="soft">{now ? say.progress(format.number(at + 1), more ? say.about(format.number(Math.max(page.open - stack.length, open.length + 1))) : format.number(open.length), format.number(stack.length)) : say.progressDone(format.number(stack.length))}</span>
            <span class="row">{standing(page) === "pending" && <Badge kind="warn" title={say.unsettled}>{say.underWay}</Badge>}{standing(page) === "outdated" && <Badge title={say.outdatedHint}>{say.outdated}</Badge>}<Button small disabled={!stack.length || busy} onClick={back}>{words.common.actions.undo} <kbd>U</kbd></Button></span>
          </div>
          {failed && failed.pair === name && <Notice problem={failed.problem} />}
          {cut && <Notice problem={cut} retry={goOn} />}
          {!now || !name ? more && !cut ? <Bones lines={14} /> : <Card><Empty title={say.empty}>{say.emptyHint}</Empty></Card> : (
            <Pair key={name} a={now.a} b={now.b} busy={busy} onSay={sayOf} onSkip={() => step(1)} onPreview={look} />
          )}
          <Keys />
          {preview && <DecisionDialog proposal={preview} onClose={() => setPreview(undefined)} onDone={(d) => settle.current(nameOf(preview), d)} />}
        </>
      )}
    </Loaded>
  )
}

function Pair({ a, b, busy, onSay, onSkip, onPreview }: {
  a: string; b: string; busy: boolean; onSay: (kind: "merge" | "never_merge") => void; onSkip: () => void; onPreview: (kind: "merge" | "never_merge") => void
}) {
  const { words } = useSpeech()
  const say = words.review
  const load = useLoad(`pair ${a} ${b}`, (signal) => api.GET("/v1/identity/pairs/{a}/{b}", { params: { path: { a, b } }, signal }).then(answered))
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [a, b])
  return (
    <section class="stack pair" aria-labelledby="question">
      <div class="row apart">
        <h2 id="question" ref={heading} tabIndex={-1}>{say.question}</h2>
        <div class="row">
          <Button kind="primary" disabled={busy} onClick={() => onSay("merge")}>{say.actions.merge} <kbd>M</kbd></Button>
          <Button kind="danger" disabled={busy} onClick={() => onSay("never_merge")}>{say.actions.never_merge} <kbd>N</kbd></Button>
          <Button disabled={busy} onClick={onSkip}>{say.skip} <kbd>S</kbd></Button>
          <Button kind="plain" onClick={() => onPreview("merge")}>{say.preview} <kbd>P</kbd></Button>
        </div>
      </div>
      <Loaded load={load} bones={10}>
        {(p) => (
          <>
            <Card flush label={say.sides}><Sides one={p.one} other={p.other} /></Card>
            <Card title={say.evidence}><Evidence pair={p.pair} /></Card>
          </>
        )}
      </Loaded>
    </section>
  )
}

/** Keys are what the keyboard does here. */
function Keys() {
  const { words } = useSpeech()
  return (
    <ul class="keys row small soft" aria-label={words.review.keyboard}>
      {keys.map((k) => <li key={k.does}>{k.shown.map((s) => <kbd key={s}>{s}</kbd>)} {words.review.does[k.does]}</li>)}
    </ul>
  )
}
