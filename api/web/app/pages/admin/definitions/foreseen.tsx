// Who would be in a segment if the draft were saved: counted by the server, and kept by nobody.
import { answered, api, type Schemas } from "../../../api"
import { useSpeech } from "../../../i18n"
import { useLoad } from "../../../load"
import { href } from "../../../router"
import { Button, When } from "../../../ui/parts"
import { Loaded } from "../../../ui/states"
import { useState } from "preact/hooks"
import type { Drafting } from "./draft"
import type { Doc } from "./model"

export type Preview = Schemas["SegmentPreview"]

/** previewOf asks for all segments of a document, and for some people of one. */
export function previewOf(definitions: Doc, segment: string, signal: AbortSignal): Promise<Preview> {
  return api.POST("/v1/segments/preview", { body: { definitions, segment }, signal }).then(answered)
}

export function Foreseen({ drafting: { draft }, segment }: { drafting: Drafting; segment: string }) {
  const { words } = useSpeech()
  const say = words.admin.definitions.form
  const [asked, ask] = useState<{ doc: Doc; segment: string }>()
  const current = asked?.doc === draft.doc && asked?.segment === segment
  const load = useLoad(asked ? "definitions preview " + JSON.stringify(asked) : "", (signal) => previewOf(asked!.doc, asked!.segment, signal))
  return (
    <section class="stack tight foreseen" aria-label={say.foreseen}>
      <div class="row">
        <Button disabled={!draft.checked || draft.faults.length > 0 || load.loading} onClick={() => (current ? load.reload() : ask({ doc: draft.doc!, segment }))}>{say.count}</Button>
        {asked && !current && <span class="soft small">{say.countOld}</span>}
      </div>
      {asked && current && <Loaded load={load} bones={2}>{(found) => <Figures preview={found} segment={segment} examples />}</Loaded>}
    </section>
  )
}

/** Figures say what would become of one segment. */
export function Figures({ preview, segment, examples }: { preview: Preview; segment: string; examples?: boolean }) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions.form
  const found = preview.segments.find((s) => s.segment === segment)
  if (!found) return null
  if (!found.figures) return <p class="notice">{say.waits(format.list(found.waits))}</p>
  const { members, entering, leaving } = found.figures
  return (
    <div class="stack tight" role="status">
      <p><strong>{say.wouldBe(format.number(members), members)}</strong> {say.comeAndGo(format.number(entering), format.number(leaving))} <span class="soft small">{say.asOf} <When at={preview.as_of} /></span></p>
      {preview.share < 1 && <p class="notice">{say.sample(format.number(preview.judged), format.percent(preview.share, 0), format.number(Math.round(members / Math.max(preview.share, 1e-9))))}</p>}
      {examples && preview.examples.length > 0 && (
        <p class="small">{say.examples} {preview.examples.map((e, n) => <>{n > 0 && ", "}<a key={e.profile} href={href("/customers/" + encodeURIComponent("profile:" + e.profile))}><code>{e.profile.slice(0, 8)}</code></a></>)}</p>
      )}
    </div>
  )
}
