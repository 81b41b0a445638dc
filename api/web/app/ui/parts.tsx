// The small parts that pages are made of.
import type { ComponentChildren, JSX } from "preact"
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks"
import { useSpeech } from "../i18n"
import { href, usePlace } from "../router"

type ButtonProps = Omit<JSX.IntrinsicElements["button"], "class"> & { kind?: "primary" | "danger" | "plain" | "primary danger"; small?: boolean }

export function Button({ kind, small, ...rest }: ButtonProps) {
  return <button type="button" {...rest} class={["button", kind, small && "small"].filter(Boolean).join(" ")} />
}

/** Field is a control with its label, a hint and what is wrong with it. */
export function Field({ label, hint, fault, children }: { label: string; hint?: ComponentChildren; fault?: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <span>{hint}</span>}
      {fault && <span class="fault" role="alert">{fault}</span>}
    </label>
  )
}

/** Select chooses one of few. */
export function Select({ label, value, options, onChange, bare }: {
  label: string; value: string; options: { value: string; label: string }[]; onChange: (value: string) => void
  /** bare leaves the label to those who hear the page. */
  bare?: boolean
}) {
  const select = (
    <select value={value} aria-label={bare ? label : undefined} onChange={(e) => onChange(e.currentTarget.value)}>
      {options.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
    </select>
  )
  return bare ? select : <Field label={label}>{select}</Field>
}

/** Choice is a row of buttons of which one is pressed. */
export function Choice<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: { value: T; label: string }[]; onChange: (value: T) => void }) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((o) => <button key={o.value} type="button" aria-pressed={o.value === value} onClick={() => onChange(o.value)}>{o.label}</button>)}
    </div>
  )
}

/** Tabs are links: each is a page of its own. What the query says goes along where keep names it. */
export function Tabs({ label, tabs, keep = [] }: { label: string; tabs: { path: string; label: string }[]; keep?: string[] }) {
  const { path, query } = usePlace()
  const along = new URLSearchParams([...query].filter(([name]) => keep.includes(name)))
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((t) => <a key={t.path} href={href(t.path, along)} aria-current={path === t.path ? "page" : undefined}>{t.label}</a>)}
    </nav>
  )
}

export function Badge({ kind, children, title }: { kind?: "good" | "warn" | "bad" | "mark"; children: ComponentChildren; title?: string }) {
  return <span class={kind ? `badge ${kind}` : "badge"} title={title}>{children}</span>
}

export function Card({ title, aside, flush, children, label }: { title?: ComponentChildren; aside?: ComponentChildren; flush?: boolean; children: ComponentChildren; label?: string }) {
  return (
    <section class={flush ? "card flush" : "card"} aria-label={label}>
      {(title || aside) && <header>{title && <h2>{title}</h2>}{aside}</header>}
      {children}
    </section>
  )
}

/** Theirs is text that a customer, a source or a model wrote. It is text and nothing else, whatever is in it. */
export function Theirs({ children, block }: { children: string | number | null | undefined; block?: boolean }) {
  const { words } = useSpeech()
  if (children === null || children === undefined) return null
  return block
    ? <blockquote class="theirs" title={words.common.untrusted} tabIndex={0}>{children}</blockquote>
    : <bdi class="theirs">{children}</bdi>
}

/** When is a time in words, with the exact one behind it. */
export function When({ at, zone, exact }: { at: string | null | undefined; zone?: string; exact?: boolean }) {
  const { format } = useSpeech()
  if (!at) return <>–</>
  return <time dateTime={at} title={format.time(at, zone)}>{exact ? format.time(at, zone) : format.ago(at)}</time>
}

/** About is a word with an explanation one click away. */
export function About({ word, children }: { word: ComponentChildren; children: ComponentChildren }) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const place = (event: MouseEvent) => {
    const at = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const style = box.current!.style
    style.left = `${Math.max(16, Math.min(at.left, innerWidth - 440))}px`
    style.top = at.bottom + 260 < innerHeight ? `${at.bottom + 6}px` : ""
    style.bottom = at.bottom + 260 < innerHeight ? "" : `${innerHeight - at.top + 6}px`
  }
  return (
    <>
      <button type="button" class="about-button" popovertarget={id} onClick={place}>{word}</button>
      <div ref={box} id={id} popover="auto" class="about">{children}</div>
    </>
  )
}

/** Modal is a dialog; drawer puts it at the side, for what is read beside the page; wide is for two things side by side. onClose is called however the reader closes it. */
export function Modal({ title, drawer, wide, onClose, children }: { title: ComponentChildren; drawer?: boolean; wide?: boolean; onClose: () => void; children: ComponentChildren }) {
  const { words } = useSpeech()
  const box = useRef<HTMLDialogElement>(null)
  const heading = useId()
  // The browser tells of a closing later. By then another dialog may stand in this one's place, and is not to go with it.
  const gone = useRef(false)
  // It is open before the next key is pressed: what a key means depends on it.
  useLayoutEffect(() => {
    const dialog = box.current!
    dialog.showModal()
    return () => {
      gone.current = true
      dialog.close()
    }
  }, [])
  return (
    <dialog ref={box} class={drawer ? "drawer" : wide ? "wide" : undefined} aria-labelledby={heading} onClose={() => { if (!gone.current) onClose() }}
      onClick={(e) => { if (e.target === e.currentTarget) onClose() }}>
      <header><h2 id={heading}>{title}</h2><Button kind="plain" onClick={onClose}>{words.common.actions.close}</Button></header>
      <div class="body stack">{children}</div>
    </dialog>
  )
}

/** CopyButton puts a text, or the page's address, on the clipboard. */
export function CopyButton({ text, label }: { text?: string; label?: string }) {
  const { words } = useSpeech()
  const [done, set] = useState(false)
  return (
    <Button small onClick={() => void navigator.clipboard.writeText(text ?? location.href).then(() => { set(true); setTimeout(() => set(false), 1500) })}>
      <span role="status">{done ? words.common.actions.copied : label ?? (text === undefined ? words.common.actions.copyLink : words.common.actions.copy)}</span>
    </Button>
  )
}
