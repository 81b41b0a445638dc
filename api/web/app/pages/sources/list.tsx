// How every source is, as of a few seconds ago.
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { href, useParam } from "../../router"
import { About, Badge, Theirs, When } from "../../ui/parts"
import { Empty, Loaded } from "../../ui/states"
import { base, inQuarantine, ofSource } from "."
import { Bars, type Health, Lag, Signs } from "./parts"
import { usePolled } from "./poll"

/** healthOf asks how the sources are. */
export function healthOf(signal: AbortSignal) {
  return api.GET("/v1/source-health", { signal }).then(answered)
}

/** few is how many sources are looked over without a search. */
const few = 12

export function List() {
  const { words, format } = useSpeech()
  const say = words.sources
  const [find, setFind] = useParam("find")
  const load = usePolled("source-health", healthOf)
  return (
    <section class="card flush close" aria-label={say.tabs.list}>
      <Loaded load={load} bones={8}>{({ sources, at, rated }) => {
        const shown = sources.filter((s) => s.source.toLowerCase().includes(find.toLowerCase())).sort(byNeed)
        return (
          <>
            <header class="row apart list-head">
              {sources.length > few
                ? <input type="search" value={find} placeholder={say.find} aria-label={say.find} onInput={(e) => setFind(e.currentTarget.value)} />
                : <span class="soft">{say.asOf(format.time(at))}</span>}
              <span class="row">{sources.length > few && <small class="soft">{say.asOf(format.time(at))}</small>}<Badge kind="good">{words.common.live}</Badge></span>
            </header>
            {!rated && <p class="notice">{say.unrated}</p>}
            {shown.length === 0 ? <Empty title={sources.length ? undefined : say.none}>{!sources.length && <>{say.noneHint} <a href={href(`${base}/add`)}>{say.tabs.add}</a></>}</Empty> : <Rows sources={shown} />}
          </>
        )
      }}</Loaded>
    </section>
  )
}

/** byNeed puts first what somebody should look at. Forms that changed are no emergency. */
function byNeed(a: Health, b: Health): number {
  const urgent = (s: Health) => s.signs.filter((sign) => sign !== "drift").length
  return urgent(b) - urgent(a) || a.source.localeCompare(b.source)
}

function Rows({ sources }: { sources: Health[] }) {
  const { words } = useSpeech()
  const say = words.sources
  return (
    <div class="sources" role="table" aria-label={say.tabs.list}>
      <div role="row" class="head">
        <span role="columnheader">{say.name}</span>
        <span role="columnheader">{say.state}</span>
        <span role="columnheader">{say.last}</span>
        <span role="columnheader">{say.rate}</span>
        <span role="columnheader" class="figure">{say.now}</span>
        <span role="columnheader"><About word={say.lag}>{say.lagHint}</About></span>
        <span role="columnheader" class="figure">{say.today}</span>
        <span role="columnheader" class="figure">{say.tabs.quarantine}</span>
      </div>
      {sources.map((s) => <Row key={s.source} source={s} />)}
    </div>
  )
}

function Row({ source: s }: { source: Health }) {
  const { words, format } = useSpeech()
  const say = words.sources
  const lastHour = s.per_minute?.reduce((sum, n) => sum + n, 0)
  return (
    <div role="row">
      <span role="cell" class="who">
        <a href={ofSource(s.source)}><Theirs>{s.source}</Theirs></a>
        <small class="soft">{s.connector ? [s.connector, ...s.ways.map((w) => say[w])].join(" · ") : say.byKey}</small>
      </span>
      <span role="cell"><Signs signs={s.signs} /></span>
      <span role="cell" data-label={say.last}>{s.last_received ? <When at={s.last_received} /> : <span class="soft">{say.never}</span>}</span>
      <span role="cell">{s.per_hour && <Bars values={s.per_hour} label={`${say.rate}: ${format.number(s.per_hour.reduce((sum, n) => sum + n, 0))}`} />}</span>
      <span role="cell" class="figure" data-label={say.now}>{format.number(lastHour)}</span>
      <span role="cell" data-label={say.lag}><Lag lag={s.lag} /></span>
      <span role="cell" class="figure" data-label={say.today}>{format.number(s.today.received)}</span>
      <span role="cell" class="figure" data-label={say.tabs.quarantine}>
        {s.quarantined > 0 ? <a href={inQuarantine(s.source)}>{format.number(s.quarantined)}</a> : <span class="soft">0</span>}
      </span>
    </div>
  )
}
