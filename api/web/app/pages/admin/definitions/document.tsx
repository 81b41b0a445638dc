// The document itself: all of it, as it is written.
import { useSpeech } from "../../../i18n"
import { Card, CopyButton, Field } from "../../../ui/parts"
import { Notice } from "../../../ui/states"
import type { Drafting } from "./draft"

export function DocumentText({ drafting: { draft, changed, write } }: { drafting: Drafting }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  return (
    <Card title={say.document} aside={<CopyButton text={draft.text} />}>
      <div class="stack">
        <Field label={say.document} hint={say.documentHint}>
          <textarea class="document" rows={28} spellcheck={false} value={draft.text} aria-invalid={draft.faults.length > 0} onInput={(e) => write(e.currentTarget.value)} />
        </Field>
        {draft.problem && <Notice problem={draft.problem} />}
        {draft.faults.length > 0 && <ul class="notice bad small" role="alert">{draft.faults.map((f, n) => <li key={n}><code>{f.field}</code> {f.reason}</li>)}</ul>}
        {changed && draft.checked && !draft.faults.length && !draft.problem && <p class="notice good" role="status">{say.valid}</p>}
      </div>
    </Card>
  )
}
