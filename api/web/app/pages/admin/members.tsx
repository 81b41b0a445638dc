// Who is in a segment, page by page; each leads to the customer.
import { useState } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { useSpeech } from "../../i18n"
import { useLoad } from "../../load"
import { href } from "../../router"
import { Button, Modal, When } from "../../ui/parts"
import { Empty, Loaded, Notice } from "../../ui/states"
import { Table } from "../../ui/table"
import { useSend } from "./keydialogs"

type Page = Schemas["SegmentMembers"]

export function Members({ segment, onClose }: { segment: string; onClose: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const [more, setMore] = useState<Page[]>([])
  const { sending, problem, send } = useSend()
  const ask = (after?: string, signal?: AbortSignal) =>
    api.GET("/v1/segments/{segment}/members", { params: { path: { segment }, query: { limit: 200, ...(after ? { after } : {}) } }, signal }).then(answered)
  const load = useLoad(`admin members ${segment}`, (signal) => { setMore([]); return ask(undefined, signal) })
  return (
    <Modal drawer title={segment} onClose={onClose}>
      <Loaded load={load}>
        {(first) => {
          const pages = [first, ...more]
          const rows = pages.flatMap((p) => p.members)
          const next = pages.at(-1)!.next_cursor
          return rows.length === 0 ? <Empty title={say.nobody} /> : (
            <>
              <Table label={say.membersOf(segment)} rows={rows} keyOf={(m) => m.profile} tall="70vh" columns={[
                { title: say.customer, cell: (m) => <a href={href("/customers/" + encodeURIComponent("profile:" + m.profile))}><code>{m.profile}</code></a> },
                { title: say.memberSince, cell: (m) => <When at={m.since} /> },
              ]} />
              {problem && <Notice problem={problem} />}
              {next && <div><Button disabled={sending} onClick={() => send(async () => { const page = await ask(next); setMore([...more, page]) })}>{words.common.actions.more}</Button></div>}
            </>
          )
        }}
      </Loaded>
    </Modal>
  )
}
