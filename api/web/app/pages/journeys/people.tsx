// The people behind a number, page by page, each with a way to the customer's page.
import type { ComponentChildren } from "preact"
import { Problem } from "../../api"
import { useSpeech } from "../../i18n"
import { usePages } from "../../paged"
import { href } from "../../router"
import { useMay } from "../../session"
import { Paged } from "../../ui/paged"
import { CopyButton, Modal } from "../../ui/parts"
import { Empty, Failure } from "../../ui/states"

export interface PageOfPeople<P> { people: P[]; next?: string }

interface Props<P> {
  title: ComponentChildren
  /** of is what they are the people of: a report, its question, and a part of its answer. */
  of: [report: string, question: object, part: object]
  /** ask gets a page of who comes after a person. */
  ask: (after: string | undefined, signal: AbortSignal) => Promise<PageOfPeople<P>>
  /** tell shows what of a person the number counts. */
  tell: (person: P) => ComponentChildren
  onClose: () => void
}

/** People is a drawer. */
export function People<P extends { profile: string }>({ title, of, ask, tell, onClose }: Props<P>) {
  const { words, format } = useSpeech()
  const say = words.journeys.people
  const may = useMay("profiles:read")
  const pages = usePages(may ? "people " + JSON.stringify(of) : "", (after, signal) =>
    ask(after, signal).then((page) => ({ items: page.people, next: page.next })))
  const { items, more } = pages
  return (
    <Modal drawer title={title} onClose={onClose}>
      <div class="row apart">
        <span class="soft small" role="status">{pages.load.data && (more ? say.atLeast(format.number(items.length)) : words.common.people(format.number(items.length), items.length))}</span>
        <CopyButton />
      </div>
      {!may ? <Failure problem={new Problem(403, "", "", "", { required_scope: "profiles:read" })} /> : (
        <Paged pages={pages} bones={8} empty={<Empty title={say.none}>{say.noneHint}</Empty>}>{(people) => (
          <ul class="behind">
            {people.map((p) => (
              <li key={p.profile}>
                <a href={href("/customers/" + encodeURIComponent(`profile:${p.profile}`))}>{words.overview.customer} {p.profile.slice(0, 8)}</a>
                <div class="small">{tell(p)}</div>
              </li>
            ))}
          </ul>
        )}</Paged>
      )}
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
