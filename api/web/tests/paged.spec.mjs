// Lists that come a page at a time: the way on, a page that does not come, and answers that come too late.
import { adminKey, expect, key, settled, test, url } from "./tributary.mjs"

const address = "user_id:paged-1"
const where = (tab) => `/ui/customers/${encodeURIComponent(address)}${tab}`

/** customer makes sure that somebody is there who wrote nine times in the chat and once by e-mail, and had three plans. */
async function customer(request) {
  const secret = await key(request, { kind: "write", source: "paged" })
  const batch = Array.from({ length: 10 }, (_, n) => ({
    type: "track", userId: "paged-1", messageId: `paged-${n}`, event: "conversation.message", context: { channel: n === 4 ? "email" : "chat" },
    timestamp: new Date(Date.UTC(2026, 0, 1, n)).toISOString(),
    properties: { conversation_id: `paged-${n}`, author_role: "customer", direction: "inbound", text: `line ${n}` },
  }))
  for (const [n, plan] of ["basic", "silver", "gold"].entries()) {
    batch.push({ type: "identify", userId: "paged-1", messageId: `paged-plan-${n}`, timestamp: new Date(Date.UTC(2025, 0, 1, n)).toISOString(), traits: { plan } })
  }
  const sent = await request.post(`${url()}/v1/batch`, { data: { batch }, headers: { Authorization: `Basic ${btoa(secret + ":")}` } })
  expect(sent.ok(), await sent.text()).toBe(true)
  await expect.poll(async () => {
    const answer = await request.get(`${url()}/v1/profiles/${address}/timeline`, { headers: { Authorization: `Bearer ${adminKey()}` } })
    return answer.ok() ? (await answer.json()).events.length : 0
  }, { timeout: 120_000 }).toBe(13)
}

/** short has each page of a route hold so few items, and asks what becomes of a request. */
const short = (page, route, limit, answer) => page.route(route, (r) => {
  const to = new URL(r.request().url())
  to.searchParams.set("limit", limit)
  return answer(r, to)
})

test("what was asked of other channels is not shown when it comes late", async ({ signedIn: page, request }) => {
  await customer(request)
  let release
  const released = new Promise((done) => { release = done })
  await short(page, "**/timeline?**", 3, async (r, to) => {
    if (to.searchParams.has("cursor") && !to.searchParams.has("channel")) await released
    await r.continue({ url: to.href }).catch(() => {}) // nobody waits for it any more
  })
  const asked = page.waitForRequest((r) => r.url().includes("/timeline?") && r.url().includes("cursor="))
  await page.goto(where("/timeline"))
  await asked
  await page.getByRole("button", { name: "E-mail", exact: true }).click()
  const list = page.locator(".timeline > li")
  await expect(page.getByText("This is the beginning")).toBeVisible()
  await expect(list).toHaveCount(1)
  release()
  // And back again: all of them, once each.
  await page.getByRole("button", { name: "All", exact: true }).click()
  await expect(list).toHaveCount(13)
  await expect(page.getByText("This is the beginning")).toBeVisible()
})

/** history opens what was said of a plan, whose second page does not come at first. */
async function history(page, request, expected) {
  await customer(request)
  expected.push(/console: .*503/)
  let refused = 0
  await short(page, "**/traits/plan/history?**", 2, (r, to) => to.searchParams.has("cursor") && refused++ === 0
    ? r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Not now" }) })
    : r.continue({ url: to.href }))
  await page.goto(where(""))
  await settled(page)
  await page.getByRole("row").filter({ hasText: "plan" }).getByRole("button").click()
  const dialog = page.getByRole("dialog")
  return { dialog, more: dialog.getByRole("button", { name: "Show more" }) }
}

test("more by the keyboard: a page that does not come is asked for again, and the reader stays in the list", async ({ signedIn: page, request, expected }) => {
  const { dialog, more } = await history(page, request, expected)
  const values = dialog.locator(".history > li")
  await expect(values).toHaveCount(2)
  await more.focus()
  await page.keyboard.press("Enter")
  await expect(dialog.getByRole("alert")).toContainText("Not now")
  await expect(more).toBeFocused()
  await page.keyboard.press("Enter")
  await expect(values).toHaveCount(3)
  await expect(dialog.getByRole("alert")).toHaveCount(0)
  await expect(more).toHaveCount(0)
  // There is no more to press: who did goes on from the list.
  await expect(dialog.locator(":focus")).toContainText("gold")
})

test("a press that comes before a page is painted is not forgotten: the reader stays in the list", async ({ signedIn: page, request, expected }) => {
  const { dialog, more } = await history(page, request, expected)
  await more.focus()
  // It presses again as soon as the document says that it failed.
  await more.evaluate((button) => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("dialog [role=alert]")) return
      watch.disconnect()
      button.click()
    })
    watch.observe(document.body, { childList: true, subtree: true })
  })
  await page.keyboard.press("Enter")
  await expect(dialog.locator(".history > li")).toHaveCount(3)
  await expect(more).toHaveCount(0)
  await expect(dialog.locator(":focus")).toContainText("gold")
})
