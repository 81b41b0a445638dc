// A list that comes a page at a time, as far as the reader asks for it.
import type { ComponentChildren } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"
import { useSpeech } from "../i18n"
import type { Page, Pages } from "../paged"
import { Button } from "./parts"
import { Loaded, Notice } from "./states"

/** Paged shows what is here, or how that stands, and below it the way to more. empty is shown of a list with nothing in it. */
export function Paged<T, P extends Page<T>>({ pages, bones, empty, children }: {
  pages: Pages<T, P>; bones?: number; empty: ComponentChildren; children: (items: T[], latest: P) => ComponentChildren
}) {
  const { words } = useSpeech()
  const { load, items, latest, more, busy, problem, next } = pages
  const box = useRef<HTMLDivElement>(null)
  const asked = useRef(false)
  // Behind the last page there is no button any more: who pressed it by the keyboard goes on from the list. At once: what waited for
  // the page to be painted would forget a press that came before that.
  useLayoutEffect(() => {
    if (busy) return
    if (asked.current && !more && document.activeElement === document.body) box.current?.focus({ preventScroll: true })
    asked.current = false
  }, [busy, more])
  return (
    <Loaded load={load} bones={bones}>
      {() => items.length === 0 && !more ? empty : (
        <div ref={box} class="stack" tabIndex={-1}>
          {children(items, latest!)}
          {problem && <Notice problem={problem} />}
          {more && <div class="paged-more"><Button aria-disabled={busy || load.loading} onClick={() => { asked.current = true; next() }}>{words.common.actions.more}</Button></div>}
        </div>
      )}
    </Loaded>
  )
}
