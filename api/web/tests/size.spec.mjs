// Large: a quarantine of WEB_ITEMS items (10,000), and more questions than a page of the review queue has. Both come in
// through the gateway, into workspaces of their own.
import { writeFile } from "node:fs/promises"
import { command } from "./start.mjs"
import { expect, settled, signIn, test, url, workspace } from "./tributary.mjs"

const items = Number(process.env.WEB_ITEMS ?? 10_000)
const broken = 2500 // of them, that break a contract: they are events, and are stored once it is gone
const shown = (n) => n.toLocaleString("en-GB")

/** ask calls the API by a key. */
async function ask(request, key, path, data) {
  const headers = { Authorization: path === "/v1/batch" ? `Basic ${btoa(key + ":")}` : `Bearer ${key}` }
  const answer = await (data ? request.post(url() + path, { data, headers }) : request.get(url() + path, { headers }))
  expect(answer.ok(), await answer.text()).toBe(true)
  return answer.json()
}

/** send puts events through the gateway, a batch after the other. */
async function send(request, admin, source, events) {
  const { secret } = await ask(request, admin, "/v1/keys", { kind: "write", source })
  for (let from = 0; from < events.length; from += 1000) await ask(request, secret, "/v1/batch", { batch: events.slice(from, from + 1000) })
}

const counted = async (request, admin) => (await ask(request, admin, "/v1/quarantine/counts?status=open")).counts.reduce((sum, c) => sum + c.items, 0)

let quarantine
/** quarantined makes the workspace with the items, once. */
function quarantined(request) {
  return quarantine ??= (async () => {
    const name = `quarantine-${Date.now()}`
    const admin = await workspace(name)
    const contract = `${process.env.WEB_DATA}/${name}.json`
    await writeFile(contract, JSON.stringify({ type: "object", required: ["till"] }))
    await command("schema", "set", "tills", "Sold", contract, "--policy", "quarantine", "--workspace", name)
    const sale = (n) => ({
      type: "track", messageId: `sale-${n}`, userId: `u-${n % 500}`, event: n < broken ? "Sold" : undefined,
      context: { traits: { email: `ada${n}@example.com` } }, properties: { total: n },
    })
    await send(request, admin, "tills", Array.from({ length: items }, (_, n) => sale(n)))
    await expect.poll(() => counted(request, admin), { timeout: 240_000 }).toBe(items)
    return { name, admin }
  })()
}

/** heap is what the page's scripts hold, in MB, and how many nodes there are, once the garbage is gone. */
async function heap(page) {
  const wire = await page.context().newCDPSession(page)
  await wire.send("Performance.enable")
  await wire.send("HeapProfiler.collectGarbage")
  const { metrics } = await wire.send("Performance.getMetrics")
  const value = (name) => metrics.find((m) => m.name === name).value
  return { megabytes: value("JSHeapUsedSize") / 2 ** 20, nodes: value("Nodes") }
}

/**
 * walked goes through a table from its first row to its last, thirty rows at a time, of the 36 that are drawn, and notes the row in each place. The table is told that it
 * was scrolled, for to wait until each window is painted takes ten times as long.
 */
function walked(region) {
  return region.evaluate(async (box) => {
    const rows = new Map()
    let drawn = 0
    const turn = new MessageChannel()
    for (box.scrollTop = 0; ; box.scrollTop += 1080) {
      box.dispatchEvent(new Event("scroll"))
      await new Promise((done) => { turn.port1.onmessage = done; turn.port2.postMessage("") })
      const now = box.querySelectorAll("tr[aria-rowindex]")
      for (const row of now) rows.set(row.getAttribute("aria-rowindex"), row.querySelector("button").textContent)
      drawn = Math.max(drawn, now.length)
      if (box.scrollTop + box.clientHeight > box.scrollHeight - 2) return { places: [...rows.values()], drawn }
    }
  })
}

test("a quarantine of thousands is read to its end", async ({ context, page, request }) => {
  test.setTimeout(180_000 + 8 * items)
  const { admin } = await quarantined(request)
  await signIn(context, admin)
  await page.goto("/ui/sources/quarantine")
  await settled(page)
  await expect(page.getByText(`all ${shown(items)} open items`)).toBeVisible()
  const region = page.getByRole("region", { name: "What could not be processed" }).and(page.locator(".table"))
  const here = page.getByText(new RegExp(`^[\\d,]+ of ${shown(items)}$`))
  const fetched = async () => Number((await here.textContent()).split(" ")[0].replaceAll(",", ""))
  await region.hover()
  while (await fetched() < 3000) await page.mouse.wheel(0, 10_000)
  await region.focus()
  while (await fetched() < items) {
    const before = await fetched()
    await page.keyboard.press("End")
    await expect.poll(fetched, { intervals: [20] }).toBeGreaterThan(before)
  }
  await page.keyboard.press("End")
  await expect(region.locator(`tr[aria-rowindex="${items + 1}"]`)).toBeInViewport()
  const { places, drawn } = await walked(region)
  expect(places.length).toBe(items)
  expect(new Set(places).size).toBe(items)
  expect(drawn).toBeLessThan(80)
  const { megabytes, nodes } = await heap(page)
  console.log(`${items} items: ${megabytes.toFixed(0)} MB, ${nodes} nodes, ${drawn} rows drawn`)
  expect(megabytes).toBeLessThan(40 + items / 1000)
  expect(nodes).toBeLessThan(20_000)
})

test("what was put aside for a reason is looked at, masked, and replayed", async ({ context, page, request }) => {
  const { name, admin } = await quarantined(request)
  await signIn(context, admin)
  await page.goto("/ui/sources/quarantine")
  await settled(page)
  await page.getByRole("button", { name: "schema", exact: true }).click()
  await expect(page).toHaveURL(/reason=schema/)
  await expect(page.getByText(`all ${shown(broken)} open items`)).toBeVisible()
  await page.getByRole("button", { name: /^Look at item/ }).first().click()
  const drawer = page.getByRole("dialog")
  await expect(drawer.getByText("context.traits.email")).toBeVisible()
  await expect(drawer.getByRole("row", { name: /context\.traits\.email/ })).toContainText("a***@example.com")
  await page.keyboard.press("Escape")
  await command("schema", "remove", "tills", "Sold", "--workspace", name)
  await page.getByRole("button", { name: "Try a replay" }).click()
  await expect(drawer.getByRole("row", { name: /stored/ })).toContainText(shown(broken))
  await drawer.getByRole("button", { name: "Replay them" }).click()
  await expect(drawer.getByText("What became of them")).toBeVisible()
  await expect(drawer.getByRole("row", { name: /replayed/ })).toContainText(shown(broken))
  await drawer.getByRole("button", { name: "Close" }).last().click()
  await expect(page.getByText("Nothing fits these filters")).toBeVisible()
  await expect.poll(() => counted(request, admin)).toBe(items - broken)
})

const pairs = 120

test("more questions than a page has are gone through by the keyboard", async ({ context, page, request }) => {
  const admin = await workspace(`review-${Date.now()}`)
  // Two customers of one seldom name are a question each.
  const letters = (n) => [...String(n).padStart(3, "0")].map((d) => "bdfgklmnrt"[d] + "aeiou"[d % 5]).join("")
  const named = (n, of) => ({ type: "identify", userId: `${of}-${n}`, traits: { firstName: letters(n), lastName: letters(999 - n) } })
  await send(request, admin, "till", Array.from({ length: pairs }, (_, n) => [named(n, "a"), named(n, "b")]).flat())
  const open = async () => (await ask(request, admin, "/v1/identity/reviews?limit=1")).open
  await expect.poll(open, { timeout: 120_000 }).toBe(pairs)
  await signIn(context, admin)
  await page.goto("/ui/review")
  await settled(page)
  const standing = page.getByRole("status").filter({ hasText: "decided now" })
  const asked = new Set()
  for (let n = 1; n <= pairs; n++) {
    await expect(standing).toContainText(`Question ${n} of`)
    if (n > 1) asked.add(new URL(page.url()).searchParams.get("pair"))
    await page.keyboard.press("j")
  }
  await expect(standing).toContainText(`Question 1 of ${pairs}`)
  asked.add(new URL(page.url()).searchParams.get("pair"))
  expect(asked.size).toBe(pairs)
  await page.keyboard.press("k")
  await page.keyboard.press("n")
  await expect(standing).toContainText(`of ${pairs - 1} · 1 decided now`)
  await expect.poll(open).toBe(pairs - 1)
  await page.keyboard.press("u")
  await expect(standing).toContainText(`of ${pairs} · 0 decided now`)
})
