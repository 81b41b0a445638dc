// Drives the page of journeys over the demo: TRIBUTARY_URL and TRIBUTARY_KEY name a server that has it, and a key that may read profiles.
// TRIBUTARY_REPORTS_KEY, if given, is one that may read reports and no person.
import { expect, test } from "@playwright/test"
import { browser } from "./browser.mjs"

const url = process.env.TRIBUTARY_URL ?? "http://127.0.0.1:8080"
test.use({ baseURL: url, launchOptions: browser(), locale: "en-US" })
test.setTimeout(180_000)
expect.configure({ timeout: 60_000 })

const slow = { timeout: 60_000 }

/** signIn opens a path of the page, and fails the test for whatever the browser complains of. */
async function signIn(page, path, key = process.env.TRIBUTARY_KEY) {
  const complaints = []
  page.on("pageerror", (fault) => complaints.push(String(fault)))
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()) })
  const signed = await page.request.post("/v1/session", { data: { key }, headers: { Origin: new URL(url).origin } })
  expect(signed.ok()).toBe(true)
  await page.goto("/ui" + path)
  return complaints
}

/** settled waits until nothing on the page is being asked for. */
async function settled(page) {
  await expect(page.locator("main .card").first()).toBeVisible(slow)
  await expect(page.locator("main .bones, main [aria-busy=true]")).toHaveCount(0, slow)
}

const tabs = ["funnel", "paths", "retention", "time-between", "contacts", "repeat", "friction"]

for (const tab of tabs) {
  test(`${tab} shows something of the demo at once, and no wider than a telephone`, async ({ page }) => {
    const complaints = await signIn(page, `/journeys/${tab}`)
    await settled(page)
    await expect(page.getByText("How this is counted")).toBeVisible(slow)
    await page.setViewportSize({ width: 375, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    expect(complaints).toEqual([])
  })
}

test("a view is its address: steps, order, window and who is looked at", async ({ page }) => {
  const behind = encodeURIComponent(JSON.stringify({ step: 2 }))
  await signIn(page, `/journeys/funnel?days=90&step=conversation.started&step=conversation.ended&order=strict&window=3d&behind=${behind}`)
  const drawer = page.getByRole("dialog", { name: "Reached: conversation.ended" })
  await expect(drawer.getByRole("link").first()).toHaveAttribute("href", /^\/ui\/customers\/profile%3A[0-9a-f-]{36}$/, slow)
  await drawer.getByRole("button", { name: "Close" }).click()
  await expect(page).not.toHaveURL(/behind/)
  await expect(page.getByRole("button", { name: "Strictly in order" })).toHaveAttribute("aria-pressed", "true")
  await expect(page.getByLabel("Within")).toHaveValue("3d")
})

test("a step is added, chosen by its name and taken away again", async ({ page }) => {
  await signIn(page, "/journeys/funnel?days=90")
  await settled(page)
  await page.getByRole("button", { name: "Add a step" }).click()
  await expect(page.getByText("Choose an event for each step")).toBeVisible()
  const fourth = page.getByRole("group", { name: "Step 4" })
  await fourth.getByRole("combobox").fill("case.opened")
  await fourth.getByRole("combobox").press("Enter")
  await settled(page)
  await expect(page.getByRole("row", { name: /case\.opened/ })).toBeVisible(slow)
  await expect(page).toHaveURL(/step=case\.opened/)
  await page.getByRole("button", { name: "Remove step 4" }).click()
  await expect(page).not.toHaveURL(/case\.opened/)
})

test("the table of paths leads to as many people as it says", async ({ page }) => {
  await signIn(page, "/journeys/paths?way=from&starts=invoice.payment_failed&days=90&depth=3")
  await settled(page)
  await page.getByRole("button", { name: "As a table" }).click()
  const row = page.getByRole("region", { name: "Paths" }).getByRole("row").filter({ has: page.getByRole("button", { name: "Open" }) }).last()
  const people = Number(await row.getByRole("cell").nth(3).innerText())
  await row.getByRole("button", { name: "Open" }).click()
  await expect(page.getByRole("dialog").getByRole("link", { name: /^Customer/ })).toHaveCount(Math.min(people, 50), slow)
})

test("a weight that is changed counts, and stands in the address", async ({ page }) => {
  await signIn(page, "/journeys/friction")
  await settled(page)
  await page.getByLabel("Points each of: Transfer").fill("5")
  await page.getByLabel("Points each of: Transfer").press("Tab")
  await expect(page).toHaveURL(/weight=transfer%3A5/)
  await settled(page)
  await expect(page.getByRole("row", { name: /^Transfer/ }).first()).toBeVisible()
})

test("a key that may read no person is offered none", async ({ page }) => {
  test.skip(!process.env.TRIBUTARY_REPORTS_KEY, "TRIBUTARY_REPORTS_KEY names no key")
  await signIn(page, `/journeys/funnel?behind=${encodeURIComponent('{"step":1}')}`, process.env.TRIBUTARY_REPORTS_KEY)
  await expect(page.getByRole("dialog").getByText("profiles:read")).toBeVisible(slow)
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click()
  await expect(page.getByRole("button", { name: /show them/ })).toHaveCount(0)
})

test("an answer that fails says so, with its request and a way to try again", async ({ page }) => {
  await page.route("**/v1/journeys/funnel", (route) => route.fulfill({
    status: 503, contentType: "application/problem+json", headers: { "X-Request-Id": "r-1" },
    body: JSON.stringify({ title: "Unavailable", status: 503, detail: "reports cannot be read now" }),
  }))
  await signIn(page, "/journeys/funnel")
  await expect(page.getByText("reports cannot be read now")).toBeVisible(slow)
  await expect(page.getByText("r-1")).toBeVisible()
  await page.unroute("**/v1/journeys/funnel")
  await page.getByRole("button", { name: "Try again" }).click()
  await expect(page.getByRole("row", { name: /conversation\.started/ })).toBeVisible(slow)
})
