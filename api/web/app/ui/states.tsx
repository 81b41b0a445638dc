// What is shown while there is nothing to show: each of these was meant, none is an accident.
import type { ComponentChildren } from "preact"
import { Problem } from "../api"
import { useSpeech } from "../i18n"
import type { Load } from "../load"

/** Bones stand where text will be. */
export function Bones({ lines = 4 }: { lines?: number }) {
  const { words } = useSpeech()
  return <div class="bones" role="status" aria-label={words.common.states.loading}>{Array.from({ length: lines }, (_, n) => <i key={n} />)}</div>
}

/** Empty says that there is nothing, and what would be there or what to do. */
export function Empty({ title, children }: { title?: string; children?: ComponentChildren }) {
  const { words } = useSpeech()
  return <div class="state"><strong>{title ?? words.common.states.empty}</strong>{children && <p>{children}</p>}</div>
}

/** Failure tells what went wrong in the server's own words, with the number to ask about it. */
export function Failure({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { words } = useSpeech()
  const say = words.common.states
  const denied = problem.status === 403 && problem.document.required_scope
  const [title, detail] = denied
    ? [say.denied, say.deniedHint(denied)]
    : problem.status === 0 ? [say.unreachable, say.unreachableHint] : [problem.title || say.error, problem.detail]
  return (
    <div class="state" role="alert">
      <strong>{title}</strong>
      {detail && <p>{detail}</p>}
      <Faults problem={problem} />
      {problem.requestId && !denied && <small>{say.request(problem.requestId)}</small>}
      {retry && !denied && <button type="button" class="button" onClick={retry}>{say.retry}</button>}
    </div>
  )
}

/** Faults are the fields that were wrong. */
export function Faults({ problem }: { problem: Problem }) {
  const errors = problem.document.errors ?? []
  if (!errors.length) return null
  return <ul class="small">{errors.map((e, n) => <li key={n}><code>{e.field}</code> {e.reason}</li>)}</ul>
}

/** Loaded shows what was asked for, or how that stands. What is being asked for anew stays, dimmed. */
export function Loaded<T>({ load, bones, children }: { load: Load<T>; bones?: number; children: (data: T) => ComponentChildren }) {
  const { words } = useSpeech()
  const { data, problem, loading, slow, reload } = load
  if (data === undefined) {
    if (problem) return <Failure problem={problem} retry={reload} />
    return <>{slow && <p class="notice" role="status">{words.common.states.slow}</p>}<Bones lines={bones} /></>
  }
  return (
    <>
      {slow && <p class="notice" role="status">{words.common.states.slow}</p>}
      {problem && <Notice problem={problem} retry={reload} />}
      <div class={loading ? "again stack" : "stack"} aria-busy={loading}>{children(data)}</div>
    </>
  )
}

/** Notice is a failure beside what was shown before. */
export function Notice({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { words } = useSpeech()
  const say = words.common.states
  return (
    <div class="notice bad row apart" role="alert">
      <span>{problem.status === 0 ? say.unreachable : [problem.title, problem.detail].filter(Boolean).join(": ")} <Faults problem={problem} /></span>
      {retry && <button type="button" class="button small" onClick={retry}>{say.retry}</button>}
    </div>
  )
}
