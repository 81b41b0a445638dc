// Rehearsing, replaying and discarding: what would be is shown before anything is done, and what was done afterwards.
import { useEffect, useRef, useState } from "preact/hooks"
import { answered, api, Problem, problemOf, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useMay } from "../../session"
import { Button, Modal, Theirs } from "../../ui/parts"
import { Bones, Empty, Notice } from "../../ui/states"
import { type Column, Table } from "../../ui/table"

type Step = "rehearse" | "replay" | "discard"
type Sum = Schemas["QuarantineSum"]

/** Target is what is to be changed: some items, or all open ones that fit. */
export interface Target {
  step: Step
  places?: string[]
  select?: { source?: string; reason?: string }
  count: number
}

function send(step: Step, body: Schemas["QuarantineSelection"], signal: AbortSignal) {
  switch (step) {
    case "rehearse": return api.POST("/v1/quarantine/rehearse", { body, signal }).then(answered)
    case "replay": return api.POST("/v1/quarantine/replay", { body, signal }).then(answered)
    case "discard": return api.POST("/v1/quarantine/discard", { body, signal }).then(answered)
  }
}

/** add adds the sums of a page to those of the pages before. */
function add(before: Sum[], page: Sum[]): Sum[] {
  const all = new Map(before.map((s) => [JSON.stringify([s.source, s.reason, s.now, s.now_reason]), s]))
  for (const s of page) {
    const key = JSON.stringify([s.source, s.reason, s.now, s.now_reason])
    all.set(key, { ...s, items: s.items + (all.get(key)?.items ?? 0) })
  }
  return [...all.values()].sort((a, b) => b.items - a.items)
}

interface Going { step: Step; sums: Sum[]; items: number; over: boolean; problem?: Problem }

/** most is how many places one request may name. */
const most = 1000

export function Changing({ target, onClose, onDone }: { target: Target; onClose: () => void; onDone: () => void }) {
  const { words, format } = useSpeech()
  const say = words.sources.quarantine
  const may = useMay("admin")
  const [going, set] = useState<Going>()
  const ending = useRef<AbortController | undefined>(undefined)
  const changed = useRef(false)

  const start = async (step: Step) => {
    const control = new AbortController()
    ending.current?.abort()
    ending.current = control
    let state: Going = { step, sums: [], items: 0, over: false }
    set(state)
    if (step !== "rehearse") changed.current = true
    try {
      for (const body of requests(target)) {
        let after: string | undefined
        do {
          const page: Schemas["QuarantineChanges"] = await send(step, { ...body, after }, control.signal)
          state = { ...state, sums: add(state.sums, page.sums), items: state.items + page.items }
          set(state)
          after = page.next
        } while (after && !control.signal.aborted)
      }
      set({ ...state, over: true })
    } catch (fault) {
      if (!control.signal.aborted) set({ ...state, over: true, problem: problemOf(fault) })
    }
  }
  useEffect(() => {
    if (target.step !== "discard") void start(target.step)
    return () => ending.current?.abort()
  }, [])
  const close = () => { ending.current?.abort(); if (changed.current) onDone(); else onClose() }

  const what = target.places ? say.selected : say.allFit(format.number(target.count), target.count)
  const rehearsed = going?.step === "rehearse"
  return (
    <Modal title={`${!going ? say.discard : rehearsed ? say.would : say.did}: ${what}`} onClose={close}>
      {!going && <p>{say.discardAsk}</p>}
      {going?.problem && <Notice problem={going.problem} />}
      {going && !going.over && <p class="soft" role="status">{say.progress(format.number(going.items))}</p>}
      {going && !going.over && !going.items && <Bones lines={3} />}
      {going && going.items > 0 && <Sums going={going} />}
      {going?.over && !going.items && !going.problem && <Empty title={say.nothing} />}
      {going?.over && rehearsed && going.items > 0 && <p class="soft">{say.wouldHint}</p>}
      {!may && <p class="soft">{say.adminOnly}</p>}
      <div class="row">
        {!going && <Button kind="primary danger" disabled={!may} onClick={() => void start("discard")}>{say.confirmDiscard}</Button>}
        {going?.over && rehearsed && going.items > 0 && <Button kind="primary" disabled={!may} onClick={() => void start("replay")}>{say.confirmReplay}</Button>}
        {going && !going.over ? <Button onClick={() => { ending.current?.abort(); set({ ...going, over: true }) }}>{say.stop}</Button>
          : <Button onClick={close}>{going && !rehearsed ? words.common.actions.close : words.common.actions.cancel}</Button>}
      </div>
    </Modal>
  )
}

function requests(target: Target): Schemas["QuarantineSelection"][] {
  if (!target.places) return [{ select: target.select ?? {} }]
  const parts: Schemas["QuarantineSelection"][] = []
  for (let n = 0; n < target.places.length; n += most) parts.push({ places: target.places.slice(n, n + most) })
  return parts
}

function Sums({ going }: { going: Going }) {
  const { words, format } = useSpeech()
  const say = words.sources.quarantine
  const title = going.step === "rehearse" ? say.now : say.became
  const columns: Column<Sum>[] = [
    { title: say.source, cell: (s) => <Theirs>{s.source}</Theirs>, plain: (s) => s.source },
    { title: say.reason, cell: (s) => <Theirs>{s.reason}</Theirs>, plain: (s) => s.reason },
    { title, plain: (s) => s.now, cell: (s) => <span class={s.now === "quarantined" ? "warn" : s.now === "stored" || s.now === "replayed" ? "good" : undefined}>{say.outcome[s.now]}</span> },
    { title: say.because, cell: (s) => <Theirs>{s.now_reason}</Theirs>, plain: (s) => s.now_reason },
    { title: say.items, number: true, cell: (s) => format.number(s.items), plain: (s) => s.items },
  ]
  return <Table label={title} columns={columns} rows={going.sums} keyOf={(_, n) => n} tall="20rem" />
}
