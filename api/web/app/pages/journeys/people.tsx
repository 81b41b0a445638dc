// The people behind a number, page by page, each with a way to the customer's page.
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { Problem, problemOf } from "../../api"
import { useSpeech } from "../../i18n"
import { href } from "../../router"
import { useMay } from "../../session"
import { Button, CopyButton, Modal } from "../../ui/parts"
import { Bones, Empty, Failure } from "../../ui/states"

export interface PageOfPeople<P> { people: P[]; next?: string }

interface Props<P> {
  title: ComponentChildren
  /** ask gets a page of who comes after a person. */
  ask: (after: string | undefined, signal: AbortSignal) => Promise<PageOfPeople<P>>
  /** tell shows what of a person the number counts. */
  tell: (person: P) => ComponentChildren
  onClose: () => void
}

/** People is a drawer. The page asks anew where it is drawn with another key. */
export function People<P extends { profile: string }>({ title, ask, tell, onClose }: Props<P>) {
  const { words, format } = useSpeech()
  const say = words.journeys.people
  const may = useMay("profiles:read")
  const [people, setPeople] = useState<P[]>()
  const [next, setNext] = useState<string>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const ending = useRef(new AbortController())
  const more = async (after?: string) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const page = await ask(after, ending.current.signal)
      setPeople((held) => [...(after ? held ?? [] : []), ...page.people])
      setNext(page.next)
    } catch (fault) {
      if (!ending.current.signal.aborted) setProblem(problemOf(fault))
    } finally {
      setBusy(false)
    }
  }
  useEffect(() => {
    ending.current = new AbortController()
    if (may) void more()
    return () => ending.current.abort()
  }, [may])
  return (
    <Modal drawer title={title} onClose={onClose}>
      <div class="row apart">
        <span class="soft small" role="status">{people && (next ? say.atLeast(format.number(people.length)) : words.common.people(format.number(people.length), people.length))}</span>
        <CopyButton />
      </div>
      {!may && <Failure problem={new Problem(403, "", "", "", { required_scope: "profiles:read" })} />}
      {problem && <Failure problem={problem} retry={() => void more(next)} />}
      {may && !people && !problem && <Bones lines={8} />}
      {people?.length === 0 && <Empty title={say.none}>{say.noneHint}</Empty>}
      {people && people.length > 0 && (
        <ul class="behind">
          {people.map((p) => (
            <li key={p.profile}>
              <a href={href("/customers/" + encodeURIComponent(`profile:${p.profile}`))}>{words.overview.customer} {p.profile.slice(0, 8)}</a>
              <div class="small">{tell(p)}</div>
            </li>
          ))}
        </ul>
      )}
      {next && <Button disabled={busy} onClick={() => void more(next)}>{words.common.actions.more}</Button>}
    </Modal>
  )
}

/** Count is a number that leads to its people, where the key may see them. */
export function Count({ n, label, onOpen }: { n: number; label: string; onOpen: () => void }) {
  const { format } = useSpeech()
  const may = useMay("profiles:read")
  if (!may || n === 0) return <>{format.number(n)}</>
  return <button type="button" class="count" aria-label={label} onClick={onOpen}>{format.number(n)}</button>
}

/** Moments tells when the events of a person were, and how long lay between. */
export function Moments({ at, zone }: { at: string[]; zone: string }) {
  const { format } = useSpeech()
  return (
    <ol class="moments">
      {at.map((t, n) => (
        <li key={n}>
          {n > 0 && <span class="soft">+{format.duration((Date.parse(t) - Date.parse(at[n - 1]!)) / 1000)} </span>}
          <time dateTime={t}>{format.time(t, zone)}</time>
        </li>
      ))}
    </ol>
  )
}
