// Correcting the topic of a conversation, with a way back.
import { useEffect, useState } from "preact/hooks"
import { api, Problem } from "../../api"
import { useSpeech } from "../../i18n"
import { useMay } from "../../session"
import { Button } from "../../ui/parts"
import { tell } from "../../ui/toast"
import { useTaxonomy, useTopicName } from "./ask"

export interface Labelled { source: string; conversation_id: string }

const listeners = new Set<() => void>()

/** useLabelled calls back when a label was kept or taken back on this page. */
export function useLabelled(changed: () => void): void {
  useEffect(() => {
    listeners.add(changed)
    return () => void listeners.delete(changed)
  })
}

/** useLabelling keeps labels: an empty topic takes one back. It resolves to whether that was done. */
export function useLabelling(): (of: Labelled, topic: string, before: string, changed: (topic: string) => void) => Promise<boolean> {
  const { words } = useSpeech()
  const say = words.drivers.labels
  const name = useTopicName()
  const write = async (of: Labelled, topic: string) => {
    try {
      await api.POST("/v1/journeys/labels", { body: { labels: [{ source: of.source, conversation_id: of.conversation_id, topic }] } })
      for (const listener of listeners) listener()
      return true
    } catch (fault) {
      tell(fault instanceof Problem && fault.title ? `${fault.title}. ${fault.detail}` : say.failed)
      return false
    }
  }
  return async (of, topic, before, changed) => {
    if (!await write(of, topic)) return false
    changed(topic)
    tell(topic ? say.saved(name(topic)) : say.taken, () => void write(of, before).then((done) => {
      if (!done) return
      changed(before)
      tell(say.undone)
    }))
    return true
  }
}

/** LabelBox lets the reader say what a conversation is about, where the key may. */
export function LabelBox({ of, topic, label }: { of: Labelled; topic: string; label: string }) {
  const { words } = useSpeech()
  const say = words.drivers.labels
  const may = useMay("agent:write")
  const keep = useLabelling()
  const taxonomy = useTaxonomy()
  const name = useTopicName()
  const [kept, setKept] = useState(label)
  const [chosen, choose] = useState(label || topic)
  const [busy, setBusy] = useState(false)
  if (!may) return null
  const lines = taxonomy.data?.topics ?? []
  const save = async () => {
    setBusy(true)
    await keep(of, chosen, kept, (now) => { setKept(now); choose(now || topic) })
    setBusy(false)
  }
  return (
    <form class="label-box" onSubmit={(e) => { e.preventDefault(); void save() }}>
      <label><span>{say.correct}</span>
        <select value={chosen} disabled={!taxonomy.data} onChange={(e) => choose(e.currentTarget.value)}>
          {lines.filter((g) => !g.parent).map((g) => (
            <optgroup key={g.id} label={name(g.id)}>{lines.filter((t) => t.parent === g.id).map((t) => <option key={t.id} value={t.id}>{name(t.id, true)}</option>)}</optgroup>
          ))}
          <option value="unknown">{name("unknown")}</option>
        </select>
      </label>
      <Button small type="submit" kind={chosen === (kept || topic) ? undefined : "primary"} disabled={busy || chosen === kept}>{say.save}</Button>
      {kept && <span class="small good">{say.labelled}</span>}
    </form>
  )
}
