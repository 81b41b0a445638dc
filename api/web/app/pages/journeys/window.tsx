// How long something may take, as the reports write it: 12h, 7d.
import { useSpeech } from "../../i18n"
import { Select } from "../../ui/parts"

const windows = ["1h", "12h", "1d", "3d", "7d", "14d", "30d", "90d"]
const seconds = { s: 1, m: 60, h: 3600, d: 86400 } as const

/** secondsOf reads a window; 0: it is none. */
function secondsOf(window: string): number {
  const [, n, unit] = /^(\d{1,8})([smhd])$/.exec(window) ?? []
  return n ? Number(n) * seconds[unit as "d"] : 0
}

export function WindowSelect({ value, onChange, label }: { value: string; onChange: (window: string) => void; label?: string }) {
  const { words } = useSpeech()
  const { hours, days } = words.journeys
  const lengthOf = (s: number) => (s % 86400 ? hours(s / 3600) : days(s / 86400))
  const all = [...new Set([...windows, value])].filter(secondsOf).sort((a, b) => secondsOf(a) - secondsOf(b))
  return <Select label={label ?? words.journeys.window} value={value} onChange={onChange} options={all.map((w) => ({ value: w, label: lengthOf(secondsOf(w)) }))} />
}

const gaps = [24, 72, 168, 336, 720]

/** GapSelect chooses within how many hours a contact goes on with a journey. */
export function GapSelect({ value, onChange }: { value: number; onChange: (hours: string) => void }) {
  const { words } = useSpeech()
  const { hours, days, gap } = words.journeys
  const all = [...new Set([...gaps, value])].sort((a, b) => a - b)
  return <Select bare label={gap} value={String(value)} onChange={onChange} options={all.map((h) => ({ value: String(h), label: words.journeys.gapWithin(h % 24 ? hours(h) : days(h / 24)) }))} />
}
