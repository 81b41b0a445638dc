// What every answer says of itself, and the button that shares a view.
import type { Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { About } from "../../ui/parts"

/** Based is an answer that says so. */
export type Based = Pick<Schemas["Funnel"], "definition" | "sample" | "identity_version" | "as_of"> & { segment?: Schemas["ReportSegment"] }

/** Basis says what the numbers were made of, by which state of who is who, and until when. */
export function Basis({ of }: { of: Based }) {
  const { words, format } = useSpeech()
  const say = words.journeys
  return (
    <p class="small soft">
      <About word={say.definition}>{of.definition}</About>{" · "}
      {say.basis(format.number(of.sample.people), format.number(of.sample.events))}{" · "}
      {say.version(format.number(of.identity_version))}{" · "}{words.common.stale(format.time(of.as_of))}
    </p>
  )
}
