// The overview: its numbers are one answer, its filters are the URL, and what fails can be tried again.
import { expect, key, settled, test, url } from "./tributary.mjs"

const isValues = (r) => new URL(r.url()).pathname === "/v1/metrics/values"

test("overview: the tiles are one answer, and so is the course of the chosen one", async ({ signedIn: page }) => {
  const asked = []
  page.on("request", (r) => { if (new URL(r.url()).pathname.startsWith("/v1/metrics/")) asked.push(new URL(r.url()).pathname) })
  const answer = page.waitForResponse(isValues)
  await page.goto("/ui/overview?days=90")
  const { values } = await (await answer).json()
  await settled(page)
  await expect(page.locator(".tile .value")).toHaveCount(values.length)
  const contacts = values.find((v) => v.metric.id === "contacts")
  await expect(page.getByRole("article", { name: "Contacts", exact: true })).toContainText(new Intl.NumberFormat("en-GB").format(contacts.whole[0].value))
  await page.getByRole("article", { name: "First contact resolution", exact: true }).locator("a.value").click()
  await expect(page).toHaveURL(/metric=fcr/)
  await settled(page)
  await expect(page.locator("figure.chart canvas")).toBeVisible()
  expect(asked.filter((path) => path !== "/v1/metrics/targets" && !path.endsWith("/comparison") && path !== "/v1/metrics/values")).toEqual([])
})

test("overview: sources to choose of come when they are asked for", async ({ signedIn: page }) => {
  await page.goto("/ui/overview?days=90")
  await settled(page)
  await page.getByText("Source", { exact: true }).locator("..").locator("summary").click()
  const first = page.locator(".filters details[open] .check").first()
  const name = await first.innerText()
  const again = page.waitForResponse((r) => isValues(r) && new URL(r.url()).searchParams.get("source") === name)
  await first.getByRole("checkbox").check()
  expect((await again).ok()).toBe(true)
  await expect(page).toHaveURL(new RegExp(`source=${encodeURIComponent(name)}`))
})

test.describe("overview: when the store is not there", () => {
  test.use({ expected: [/503/] })
  test("it says so once, and tries again", async ({ signedIn: page }) => {
    let refuse = true
    await page.route((to) => to.pathname === "/v1/metrics/values", (route) => refuse
      ? route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "X-Request-Id": "one-of-the-tests" }, body: JSON.stringify({ title: "The store is away", status: 503, detail: "Try again in a minute." }) })
      : route.continue())
    await page.goto("/ui/overview")
    await expect(page.getByText("The store is away").first()).toBeVisible()
    await expect(page.getByText("one-of-the-tests").first()).toBeVisible()
    refuse = false
    await page.getByRole("button", { name: "Try again" }).first().click()
    await settled(page)
    await expect(page.locator(".tile .value").first()).toBeVisible()
  })
})

test("overview: what changes while somebody looks is asked for anew, and what is there stays meanwhile", async ({ signedIn: page, request }) => {
  test.setTimeout(120_000)
  const secret = await key(request, { kind: "write", source: "live" })
  await page.goto("/ui/overview?days=90")
  await settled(page)
  await expect(page.getByText("Live", { exact: true })).toBeVisible()
  let held
  await page.route((to) => to.pathname === "/v1/metrics/values", async (route) => { held = route })
  const sent = await request.post(`${url()}/v1/track`, { headers: { Authorization: `Basic ${btoa(secret + ":")}` }, data: {
    messageId: crypto.randomUUID(), userId: `live-${Date.now()}`, event: "page viewed", timestamp: new Date().toISOString() } })
  expect(sent.ok(), await sent.text()).toBe(true)
  await expect.poll(() => !!held, { timeout: 90_000 }).toBe(true)
  await expect(page.locator(".tile .value")).not.toHaveCount(0)
  await expect(page.locator(".tile .bones")).toHaveCount(0)
  await held.continue()
})
