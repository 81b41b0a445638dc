// Who is in a segment, page by page; each leads to the customer.
import { answered, api } from "../../api"
import { useSpeech } from "../../i18n"
import { usePages } from "../../paged"
import { href } from "../../router"
import { Paged } from "../../ui/paged"
import { Modal, When } from "../../ui/parts"
import { Empty } from "../../ui/states"
import { Table } from "../../ui/table"

export function Members({ segment, onClose }: { segment: string; onClose: () => void }) {
  const { words } = useSpeech()
  const say = words.admin.definitions
  const pages = usePages(`admin members ${segment}`, (after, signal) =>
    api.GET("/v1/segments/{segment}/members", { params: { path: { segment }, query: { limit: 200, after } }, signal })
      .then(answered).then((page) => ({ items: page.members, next: page.next_cursor })))
  return (
    <Modal drawer title={segment} onClose={onClose}>
      <Paged pages={pages} empty={<Empty title={say.nobody} />}>{(rows) => (
        <Table label={say.membersOf(segment)} rows={rows} keyOf={(m) => m.profile} tall="70vh" columns={[
          { title: say.customer, cell: (m) => <a href={href("/customers/" + encodeURIComponent("profile:" + m.profile))}><code>{m.profile}</code></a> },
          { title: say.memberSince, cell: (m) => <When at={m.since} /> },
        ]} />
      )}</Paged>
    </Modal>
  )
}
