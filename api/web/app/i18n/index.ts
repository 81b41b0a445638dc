// The words of the pages, one place per language, and how numbers and times are written in it.
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import { en } from "./en"
import { zh } from "./zh"

/** Words is what every language has to say. English is the measure: a word that another lacks does not build. */
export type Words = typeof en

export const languages = { en: { name: "English", words: en, locale: "en" }, zh: { name: "简体中文", words: zh, locale: "zh-CN" } } as const
export type Language = keyof typeof languages

const storage = "tributary.language"

/** preferred is the language chosen before, or the browser's. */
export function preferred(): Language {
  const chosen = localStorage.getItem(storage)
  if (chosen && chosen in languages) return chosen as Language
  return navigator.languages.some((l) => l.toLowerCase().startsWith("zh")) && !navigator.language.toLowerCase().startsWith("en") ? "zh" : "en"
}

/** choose keeps a language for the next time. */
export function choose(language: Language): void {
  localStorage.setItem(storage, language)
}

export interface Speech {
  language: Language
  words: Words
  format: Format
}

/** Format writes values as the language does. What is undefined or null is a dash. */
export interface Format {
  number(value: number | null | undefined, digits?: number): string
  /** compact writes 12,300 as 12.3K. */
  compact(value: number | null | undefined): string
  /** percent takes a share: 0.8 is 80 %. */
  percent(value: number | null | undefined, digits?: number): string
  /** signed has a plus or a minus always, with digits after the point. */
  signed(value: number, digits?: number): string
  /** duration takes seconds. */
  duration(seconds: number | null | undefined): string
  money(amount: number | string | null | undefined, currency: string): string
  /** date takes a time or a day, and zone an IANA name. */
  date(at: string | Date | null | undefined, zone?: string): string
  day(at: string | Date | null | undefined, zone?: string): string
  time(at: string | Date | null | undefined, zone?: string): string
  /** ago is relative to now: "3 hours ago". */
  ago(at: string | Date | null | undefined): string
  list(items: string[]): string
}

const dash = "–"

function formatOf(locale: string): Format {
  const numbers = new Map<string, Intl.NumberFormat>()
  const number = (options: Intl.NumberFormatOptions) => {
    const key = JSON.stringify(options)
    if (!numbers.has(key)) numbers.set(key, new Intl.NumberFormat(locale, options))
    return numbers.get(key)!
  }
  const times = new Map<string, Intl.DateTimeFormat>()
  const time = (at: string | Date | null | undefined, options: Intl.DateTimeFormatOptions) => {
    if (!at) return dash
    const when = new Date(at)
    if (Number.isNaN(when.getTime())) return dash
    const key = JSON.stringify(options)
    if (!times.has(key)) times.set(key, new Intl.DateTimeFormat(locale, options))
    return times.get(key)!.format(when)
  }
  const none = (v: unknown) => v === null || v === undefined || Number.isNaN(v)
  const unit = (value: number, unit: string, digits = 0) =>
    number({ style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: digits }).format(value)
  return {
    number: (v, digits = 0) => (none(v) ? dash : number({ maximumFractionDigits: digits, minimumFractionDigits: digits }).format(v!)),
    compact: (v) => (none(v) ? dash : number({ notation: "compact", maximumFractionDigits: 1 }).format(v!)),
    percent: (v, digits = 1) => (none(v) ? dash : number({ style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(v!)),
    signed: (v, digits = 1) => number({ signDisplay: "exceptZero", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(v),
    duration: (v) => {
      if (none(v)) return dash
      const s = Math.abs(v!)
      if (s < 10) return unit(v!, "second", 1)
      if (s < 60) return unit(v!, "second")
      if (s < 3600) return [unit(Math.floor(s / 60), "minute"), Math.round(s % 60) ? unit(Math.round(s % 60), "second") : ""].join(" ").trim()
      if (s < 86400) return [unit(Math.floor(s / 3600), "hour"), unit(Math.round((s % 3600) / 60), "minute")].join(" ")
      return unit(v! / 86400, "day", 1)
    },
    money: (v, currency) => (none(v) ? dash : number({ style: "currency", currency }).format(Number(v))),
    date: (at, zone) => time(at, { dateStyle: "medium", timeZone: zone }),
    day: (at, zone) => time(at, { day: "numeric", month: "short", timeZone: zone }),
    time: (at, zone) => time(at, { dateStyle: "medium", timeStyle: "short", timeZone: zone }),
    ago: (at) => {
      if (!at) return dash
      const seconds = (new Date(at).getTime() - Date.now()) / 1000
      const steps: [Intl.RelativeTimeFormatUnit, number][] = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]]
      const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" })
      for (const [name, length] of steps) if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), name)
      return relative.format(Math.round(seconds), "second")
    },
    list: (items) => new Intl.ListFormat(locale).format(items),
  }
}

/** speechOf is all that a language says. */
export function speechOf(language: Language): Speech {
  const { words, locale } = languages[language]
  return { language, words: words as Words, format: formatOf(locale) }
}

export const Speaking = createContext<Speech>(speechOf("en"))

/** useSpeech is the language of the page. */
export function useSpeech(): Speech {
  return useContext(Speaking)
}

/**
 * wordOf is what a table calls a name that came from data, or the name itself where it has no word. Only the table's own
 * words count: to a customer whose event is called __proto__, an index alone would answer with what all objects share.
 */
export function wordOf<N extends string | null | undefined>(table: Readonly<Record<string, string>>, name: N): string | N {
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name]! : name
}

/** plural chooses by number: plural(n, "1 person", `${n} people`). Chinese has one form, and needs it not. */
export function plural(n: number, one: string, many: string): string {
  return n === 1 ? one : many
}
