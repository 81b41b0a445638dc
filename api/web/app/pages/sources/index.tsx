// Sources: whether what they send arrives, what became of it, what could not be processed, and how to add one.
import { useSpeech } from "../../i18n"
import { href, usePlace } from "../../router"
import { Tabs } from "../../ui/parts"
import { Add } from "./add"
import { Detail } from "./detail"
import { List } from "./list"
import { Quarantine } from "./quarantine"

export const base = "/sources"

/** ofSource is the page of a source. Its name may be anything, and stands by itself in the path. */
export function ofSource(name: string): string {
  return href(`${base}/of/${encodeURIComponent(name)}`)
}

/** inQuarantine is the quarantine of a source, for a reason or all. */
export function inQuarantine(source: string, reason?: string): string {
  return href(`${base}/quarantine`, { source, reason })
}

export default function Sources() {
  const { words } = useSpeech()
  const say = words.sources.tabs
  const { path } = usePlace()
  const of = path.startsWith(`${base}/of/`) ? decoded(path.slice(`${base}/of/`.length)) : undefined
  return (
    <>
      <Tabs label={say.label} tabs={[
        { path: base, label: say.list }, { path: `${base}/quarantine`, label: say.quarantine }, { path: `${base}/add`, label: say.add },
      ]} />
      {of !== undefined ? <Detail key={of} name={of} />
        : path === `${base}/quarantine` ? <Quarantine />
        : path === `${base}/add` ? <Add />
        : <List />}
    </>
  )
}

/** decoded is a part of a path as text; what is not encoded right is itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
