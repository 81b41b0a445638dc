// Who did what, or tried: the newest first, more as one scrolls.
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { usePages } from "../../paged"
import { setParams, usePlace } from "../../router"
import { Badge, Button, Card, Field, Select, Theirs, When } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { DownloadCSV, Table, type Column } from "../../ui/table"
import { useWritten } from "../../ui/written"

type Line = Schemas["AuditLine"]
const names = ["actor", "action", "outcome", "since", "until"] as const

export function Audit() {
  const { words } = useSpeech()
  const { query } = usePlace()
  const say = words.admin.audit
  const filter = Object.fromEntries(names.map((n) => [n, query.get(n) ?? ""])) as Record<(typeof names)[number], string>
  const boxes = { actor: useWritten(filter.actor), action: useWritten(filter.action), since: useWritten(filter.since), until: useWritten(filter.until) }
  const apply = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setParams(Object.fromEntries(["actor", "action", "since", "until"].map((n) => [n, String(form.get(n) ?? "").trim()])))
  }
  return (
    <Card flush title={say.title}>
      <form class="filters audit" onSubmit={apply}>
        <Field label={say.actor}><input ref={boxes.actor} name="actor" autocomplete="off" spellcheck={false} placeholder="key:…" /></Field>
        <Field label={say.action}><input ref={boxes.action} name="action" autocomplete="off" spellcheck={false} placeholder="key.create" /></Field>
        <Select label={say.outcome} value={filter.outcome} onChange={(outcome) => setParams({ outcome })}
          options={["", "done", "refused", "failed"].map((value) => ({ value, label: value ? say.outcomes[value as "done"] : words.common.filters.all }))} />
        <Field label={words.common.filters.from}><input ref={boxes.since} name="since" type="date" /></Field>
        <Field label={words.common.filters.until}><input ref={boxes.until} name="until" type="date" /></Field>
        <Button type="submit">{words.common.actions.apply}</Button>
        {names.some((n) => filter[n]) && <Button kind="plain" onClick={() => setParams(Object.fromEntries(names.map((n) => [n, ""])))}>{words.common.filters.clear}</Button>}
      </form>
      <Trail key={query.toString()} filter={filter} />
    </Card>
  )
}

function Trail({ filter }: { filter: Record<(typeof names)[number], string> }) {
  const { words, format } = useSpeech()
  const say = words.admin.audit
  const day = (text: string) => (text ? `${text}T00:00:00Z` : undefined)
  const { load, items: rows, more, busy, problem, next } = usePages("admin audit " + JSON.stringify(filter), (cursor, signal) => api.GET("/v1/audit", {
    params: { query: {
      limit: 100, cursor, actor: filter.actor || undefined, action: filter.action || undefined,
      outcome: (filter.outcome || undefined) as Line["outcome"] | undefined, since: day(filter.since), until: day(filter.until),
    } }, signal,
  }).then(answered).then((page) => ({ items: page.lines, next: page.next_cursor })))
  const near = (e: Event) => {
    const box = e.target as HTMLElement
    if (!problem && box.scrollTop + box.clientHeight > box.scrollHeight - 600) next()
  }
  const columns: Column<Line>[] = [
    { title: say.at, cell: (l) => <When at={l.at} exact />, plain: (l) => l.at },
    { title: say.actor, cell: (l) => <div class="key-name"><Theirs>{l.actor}</Theirs>{l.on_behalf && <small class="soft">{say.onBehalf} <Theirs>{l.on_behalf}</Theirs></small>}</div>, plain: (l) => l.actor },
    { title: say.action, cell: (l) => <code>{l.action}</code>, plain: (l) => l.action },
    { title: say.subject, cell: (l) => <>{l.subject_kind && <span class="soft">{l.subject_kind} </span>}<Theirs>{l.subject}</Theirs></>, plain: (l) => l.subject },
    { title: say.outcome, cell: (l) => <Badge kind={l.outcome === "done" ? undefined : l.outcome === "refused" ? "warn" : "bad"}>{say.outcomes[l.outcome]}</Badge>, plain: (l) => l.outcome },
    { title: say.reason, cell: (l) => <Theirs>{l.reason}</Theirs>, plain: (l) => l.reason },
  ]
  return (
    <Loaded load={load} bones={10}>
      {() => rows.length === 0 ? <Empty title={say.none}>{say.noneHint}</Empty> : (
        <>
          <div onScrollCapture={near}>
            <Table label={say.title} rows={rows} keyOf={(l, n) => `${l.at} ${l.request_id ?? ""} ${n}`} columns={columns} tall="calc(100dvh - 17rem)" />
          </div>
          {problem && <Notice problem={problem} retry={next} />}
          <div class="row apart foot">
            <span class="soft small" role="status">{words.common.rows(format.number(rows.length), rows.length)}{more ? "" : " · " + say.all}</span>
            <span class="row">{more && <Button small aria-disabled={busy} onClick={next}>{words.common.actions.more}</Button>}<DownloadCSV name="audit" columns={columns} rows={rows} /></span>
          </div>
        </>
      )}
    </Loaded>
  )
}
