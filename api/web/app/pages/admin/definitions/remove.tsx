// What is asked before a definition is taken out of the draft.
import { useSpeech } from "../../../i18n"
import { setParams } from "../../../router"
import { Button, Modal } from "../../../ui/parts"
import type { Drafting } from "./draft"
import { type Segment, type Trait, usersOf } from "./model"

export function Remove({ drafting: { draft, change }, part, value, onClose }: { drafting: Drafting; part: "segments" | "computed"; value: Segment | Trait; onClose: () => void }) {
  const { words, format } = useSpeech()
  const say = words.admin.definitions.form
  const doc = draft.doc!
  const users = usersOf(doc, part === "segments" ? "segment" : "computed", value.name).filter((u) => u !== value.name)
  const members = part === "segments" ? draft.base.segments.find((s) => s.name === value.name)?.members : undefined
  const remove = () => {
    change({ ...doc, [part]: (doc[part] as object[]).filter((o) => o !== value) })
    onClose()
    setParams({ segment: "", trait: "" })
  }
  return (
    <Modal title={say.removeTitle(value.name)} onClose={onClose}>
      {members !== undefined && <p>{say.removeMembers(format.number(members), members)}</p>}
      {users.length > 0 ? <p class="notice">{say.removeUsed(format.list(users))}</p> : <p class="soft">{say.removeHint}</p>}
      <div class="row end">
        <Button onClick={onClose}>{words.common.actions.cancel}</Button>
        <Button kind="primary danger" disabled={users.length > 0} onClick={remove}>{words.common.actions.remove}</Button>
      </div>
    </Modal>
  )
}
