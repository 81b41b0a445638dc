// The document that is being written: one, whether by the form or as text. It outlives the page's tabs and pages, and ends when
// it is saved, or given up.
import { useEffect, useReducer, useRef } from "preact/hooks"
import { answered, api, type Problem, problemOf } from "../../../api"
import { useSession } from "../../../session"
import { type Doc, type Fault, type Found, inOrder, same } from "./model"
import { exact, whole, written } from "./text"

/** Read is a document in force, with the version that it is. */
export type Read = Found & { version: string }

export const readDefinitions = (signal: AbortSignal): Promise<Read> =>
  api.GET("/v1/definitions", { signal }).then((r) => ({ ...answered(r), version: r.response.headers.get("ETag") ?? "" }))

/** putDefinitions checks a document, or puts it in the place of the one of a version. */
export function putDefinitions(document: string, version?: string): Promise<Found> {
  return api.PUT("/v1/definitions", {
    params: version === undefined ? { query: { dry_run: true } } : { header: { "If-Match": version } }, body: document as never,
    headers: { "Content-Type": "application/yaml" }, bodySerializer: (body: unknown) => body as string,
  }).then(answered)
}

export interface Draft {
  base: Read
  text: string
  /** doc is what the text says; undefined: it was written by hand, and has faults. */
  doc?: Doc
  /** byForm: the text was made of doc, not the other way round. */
  byForm: boolean
  /** lost: comments stood in what the form wrote anew. */
  lost: boolean
  checked: boolean
  faults: Fault[]
  problem?: Problem
}

function docOf(found: Found): Doc {
  const { computed, segments, ...rest } = (found.parsed ?? {}) as Doc
  return { ...rest, ...(computed ? { computed: inOrder(computed) } : {}), ...(segments ? { segments: inOrder(segments) } : {}) }
}

const begin = (base: Read): Draft => ({ base, text: base.document, doc: docOf(base), byForm: false, lost: false, checked: true, faults: [] })

/** kept is the draft that somebody has left standing, for when they come back. */
let kept: { of: string; draft: Draft } | undefined
// Whichever page they are on, the browser asks before it goes.
addEventListener("beforeunload", (event) => { if (kept) event.preventDefault() })

export interface Drafting {
  draft: Draft
  changed: boolean
  /** exact: the form reads every number of the document as it is. */
  exact: boolean
  change: (doc: Doc) => void
  write: (text: string) => void
  giveUp: () => void
  /** saved says that the draft is in force. */
  saved: () => void
  restore: (draft: Draft) => void
}

const pause = 400 // milliseconds without a change before the server is asked

/** useDraft is the draft over a document in force. */
export function useDraft(base: Read): Drafting {
  const session = useSession()
  const of = `${session.workspace} ${session.actor} ${session.expires ?? ""}`
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const now = useRef<Draft | undefined>(undefined)
  const seen = useRef<Read | undefined>(undefined)
  now.current ??= kept?.of === of ? kept.draft : begin(base)
  if (seen.current !== base) {
    // What was read anew takes the place of what nobody has changed; of the same version, figures alone are new.
    const { text, base: was } = now.current
    if (was.version === base.version) now.current = { ...now.current, base }
    else if (text === was.document) now.current = begin(base)
    seen.current = base
  }
  const draft = now.current
  const changed = draft.text !== draft.base.document
  kept = changed ? { of, draft } : undefined
  const set = (next: Draft) => { now.current = next; redraw(0) }

  useEffect(() => {
    if (draft.checked) return
    const timer = setTimeout(() => void check(draft).then((next) => { if (now.current === draft) set(next) }), pause)
    return () => clearTimeout(timer)
  }, [draft])

  return {
    draft, changed, exact: exact(draft.base.document) && exact(draft.text),
    change: (doc) => {
      const next = written(draft.text, draft.doc!, doc)
      set({ ...draft, doc, text: next.text, byForm: true, lost: draft.lost || next.lost, checked: false })
    },
    write: (text) => set({ ...draft, text, doc: undefined, byForm: false, lost: false, checked: false }),
    giveUp: () => set(begin(base)),
    saved: () => set({ ...draft, base: { ...draft.base, document: draft.text, parsed: draft.doc ?? null } }),
    restore: set,
  }
}

/** check asks the server what is wrong with a draft. Where the text does not say what the form says, it is written anew. */
async function check(draft: Draft): Promise<Draft> {
  try {
    const doc = docOf(await putDefinitions(draft.text))
    if (draft.byForm && !same(doc, tidied(draft.doc!))) return anew(draft)
    return { ...draft, doc: draft.byForm ? draft.doc : doc, checked: true, faults: [], problem: undefined }
  } catch (fault) {
    const problem = problemOf(fault)
    const faults = problem.document.errors ?? []
    if (draft.byForm && faults.some((f) => f.field === "definitions")) return anew(draft)
    return { ...draft, checked: true, faults, problem: faults.length ? undefined : problem }
  }
}

/** tidied leaves out lists that are empty, as the server does. */
function tidied(doc: Doc): Doc {
  return Object.fromEntries(Object.entries(doc).filter(([, v]) => !Array.isArray(v) || v.length)) as Doc
}

function anew(draft: Draft): Draft {
  const next = whole(draft.text, draft.doc!)
  return next.text === draft.text ? { ...draft, checked: true } : { ...draft, text: next.text, lost: draft.lost || next.lost, checked: false }
}
