// Small pictures inside rows: a course of counts, and a share.
import { useSpeech } from "../../i18n"

/** Bars draws the counts of the spans before, the earliest first, and that of now. */
export function Bars({ before, now }: { before: number[]; now: number }) {
  const { words, format } = useSpeech()
  const counts = [...before].reverse().concat(now)
  const most = Math.max(...counts, 1)
  const width = 72 / Math.max(counts.length, 9)
  return (
    <svg class="driver-bars" viewBox="0 0 72 20" role="img" aria-label={words.drivers.courseLabel(counts.map((n) => format.number(n)).join(", "))}>
      {counts.map((n, i) => {
        const height = Math.max((n / most) * 19, 1)
        return <rect key={i} class={i === counts.length - 1 ? "last" : undefined} x={i * width + 0.75} width={width - 1.5} y={20 - height} height={height} rx={0.75} />
      })}
    </svg>
  )
}

/** Bar fills a part of its width; several fill it in a row. */
export function Bar({ parts }: { parts: { share: number; kind: number }[] }) {
  return <span class="driver-bar" aria-hidden="true">{parts.map((p) => p.share > 0 && <i key={p.kind} class={`kind-${p.kind}`} style={{ width: `${p.share * 100}%` }} />)}</span>
}
