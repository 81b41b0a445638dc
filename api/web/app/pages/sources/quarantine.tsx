// What could not be processed: how much of what, one by one, and what becomes of it when it is replayed.
import { useMemo, useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { setParams, useParam } from "../../router"
import { useMay } from "../../session"
import { Badge, Button, Card, Choice, Theirs, When } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { type Column, Table } from "../../ui/table"
import { Changing, type Target } from "./change"
import { ItemDrawer } from "./item"
import { type Filter, type Item, useItems } from "./pages"
import { usePolled } from "./poll"

type Status = Item["status"]
type Count = Schemas["QuarantineCount"]

export function Quarantine() {
  const { words } = useSpeech()
  const say = words.sources.quarantine
  const [source] = useParam("source")
  const [reason] = useParam("reason")
  const [status, setStatus] = useParam("status", "open")
  const [version, setVersion] = useState(0)
  const load = usePolled(`quarantine counts ${version}`, (signal) => api.GET("/v1/quarantine/counts", { signal }).then(answered), 10_000)
  const filter: Filter = { source: source || undefined, reason: reason || undefined, status: status === "all" ? undefined : status as Status }
  return (
    <Loaded load={load} bones={10}>{({ counts }) => counts.length === 0 ? <Card><Empty title={say.none}>{say.noneHint}</Empty></Card> : (
      <>
        <div class="row apart">
          <Choice label={say.status} value={status} onChange={setStatus}
            options={(["open", "replayed", "discarded", "all"] as const).map((s) => ({ value: s, label: s === "all" ? say.all : say.statuses[s] }))} />
          <span class="row">
            {source && <Chip label={say.source} text={source} clear={() => setParams({ source: "" })} />}
            {reason && <Chip label={say.reason} text={reason} clear={() => setParams({ reason: "" })} />}
          </span>
        </div>
        <Groups counts={counts.filter((c) => !filter.status || c.status === filter.status)} source={source} reason={reason} />
        <Items filter={filter} version={version} changed={() => setVersion((n) => n + 1)}
          total={sum(counts, filter)} open={sum(counts, { ...filter, status: "open" })} />
      </>
    )}</Loaded>
  )
}

function sum(counts: Count[], f: Filter): number {
  const fits = (c: Count) => (!f.source || c.source === f.source) && (!f.reason || c.reason === f.reason) && (!f.status || c.status === f.status)
  return counts.filter(fits).reduce((all, c) => all + c.items, 0)
}

/** Chip is a filter that can be taken off. */
function Chip({ label, text, clear }: { label: string; text: string; clear: () => void }) {
  const { words } = useSpeech()
  return <span class="badge mark">{label}: <Theirs>{text}</Theirs><button type="button" class="off" aria-label={`${words.common.actions.remove} ${label}`} onClick={clear}>×</button></span>
}

type Group = { source: string; reason: string; stage: string; items: number; days: number[]; last: string }

/** Groups is where to look first: how much of each source and reason, over the last two weeks. */
function Groups({ counts, source, reason }: { counts: Count[]; source: string; reason: string }) {
  const { words, format } = useSpeech()
  const say = words.sources.quarantine
  const groups = useMemo(() => {
    const all = new Map<string, Group>()
    for (const c of counts) {
      const key = JSON.stringify([c.source, c.reason, c.stage])
      const g = all.get(key) ?? { source: c.source, reason: c.reason, stage: c.stage, items: 0, days: [], last: c.day }
      g.items += c.items
      if (c.day > g.last) g.last = c.day
      all.set(key, g)
    }
    return [...all.values()].sort((a, b) => b.items - a.items)
  }, [counts])
  if (!groups.length) return null
  const columns: Column<Group>[] = [
    { title: say.source, cell: (g) => <Theirs>{g.source}</Theirs>, plain: (g) => g.source },
    { title: say.reason, plain: (g) => g.reason, cell: (g) => (
      <Button kind="plain" small aria-pressed={g.source === source && g.reason === reason} onClick={() => setParams({ source: g.source, reason: g.reason, item: "" })}><Theirs>{g.reason}</Theirs></Button>
    ) },
    { title: say.stage, cell: (g) => <span class="keep">{g.stage}</span>, plain: (g) => g.stage },
    { title: say.day, cell: (g) => <span class="keep">{format.date(g.last, "UTC")}</span>, plain: (g) => g.last },
    { title: say.items, number: true, cell: (g) => format.number(g.items), plain: (g) => g.items },
  ]
  return <Card title={say.by} flush><Table label={say.by} columns={columns} rows={groups} keyOf={(g) => g.source + " " + g.reason + " " + g.stage} tall="15rem" /></Card>
}

function Items({ filter, version, changed, total, open }: { filter: Filter; version: number; changed: () => void; total: number; open: number }) {
  const { words, format } = useSpeech()
  const say = words.sources.quarantine
  const may = useMay("admin")
  const [place, setPlace] = useParam("item")
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const [target, setTarget] = useState<Target>()
  const list = useItems(filter, version)
  const toggle = (at: string) => { const next = new Set(chosen); if (!next.delete(at)) next.add(at); choose(next) }
  const columns: Column<Item>[] = [
    { title: <span class="unseen">{say.choose("")}</span>, cell: (i) => i.status === "open" && <input type="checkbox" checked={chosen.has(i.place)} aria-label={say.choose(i.place)} onChange={() => toggle(i.place)} /> },
    { title: say.received, plain: (i) => i.received_at, cell: (i) => (
      <Button kind="plain" small onClick={() => setPlace(i.place)}><span class="unseen">{say.open(i.place)}: </span><When at={i.received_at} exact /></Button>
    ) },
    { title: say.source, cell: (i) => <Theirs>{i.source}</Theirs>, plain: (i) => i.source },
    { title: say.reason, cell: (i) => <Theirs>{i.reason}</Theirs>, plain: (i) => i.reason },
    { title: say.field, cell: (i) => i.field && <code><Theirs>{i.field}</Theirs></code>, plain: (i) => i.field },
    { title: say.kind, cell: (i) => say.kinds[i.kind], plain: (i) => i.kind },
    { title: say.status, cell: (i) => <Badge kind={i.status === "open" ? "warn" : undefined}>{say.statuses[i.status]}</Badge>, plain: (i) => i.status },
  ]
  const near = (e: Event) => {
    const box = e.target as HTMLElement
    if (!list.problem && box.scrollHeight - box.scrollTop - box.clientHeight < 4000) list.next()
  }
  const picked: Target["select"] = chosen.size ? undefined : { source: filter.source, reason: filter.reason }
  const doing = (step: Target["step"]) => setTarget({ step, select: picked, places: chosen.size ? [...chosen] : undefined, count: chosen.size || open })
  const done = () => { setTarget(undefined); choose(new Set()); changed() }
  const canChange = filter.status === "open" || filter.status === undefined
  return (
    <section class="card flush" aria-label={say.title}>
      <header class="row apart">
        <h2>{say.title}</h2>
        {canChange && open > 0 && (
          <span class="row">
            <span class="soft">{chosen.size ? say.chosen(format.number(chosen.size), chosen.size) : say.allFit(format.number(open), open)}</span>
            {chosen.size > 0 && <Button kind="plain" small onClick={() => choose(new Set())}>{say.unchoose}</Button>}
            <Button onClick={() => doing("rehearse")}>{say.rehearse}</Button>
            <Button kind="danger" disabled={!may} title={may ? undefined : say.adminOnly} onClick={() => doing("discard")}>{say.discard}</Button>
          </span>
        )}
      </header>
      <Loaded load={list.load} bones={8}>{() => !list.items.length ? <Empty title={say.noneFits} /> : (
        <div class="stack tight" onScrollCapture={near}>
          <Table label={say.title} columns={columns} rows={list.items} total={total} keyOf={(i) => i.place} selected={place || undefined} tall="min(36rem, 70dvh)" />
          {list.problem && <Notice problem={list.problem} />}
          <footer class="row apart">
            <small class="soft">{say.shown(format.number(list.items.length), format.number(Math.max(total, list.items.length)))}</small>
            {list.more && <Button small aria-disabled={list.busy} onClick={list.next}>{words.common.actions.more}</Button>}
          </footer>
        </div>
      )}</Loaded>
      {place && <ItemDrawer place={place} onClose={() => setPlace("")} changed={changed} />}
      {target && <Changing target={target} onClose={() => setTarget(undefined)} onDone={done} />}
    </section>
  )
}
