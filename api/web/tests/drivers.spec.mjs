// The page of contact drivers: from a number to what customers said, labels and their undoing, forecasts, what a key may not.
import { expect, key, settled, signIn, test } from "./tributary.mjs"

/** changed answers the report of drivers as it is but for what change does to it. */
async function changed(page, change) {
  await page.route("**/v1/journeys/drivers", async (route) => {
    const response = await route.fetch()
    const report = await response.json()
    change(report)
    await route.fulfill({ response, json: report })
  })
}

test("a topic leads to what customers said, and to the people", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers?days=90")
  await settled(page)
  const topic = page.getByRole("table").getByRole("rowheader").getByRole("link").first()
  const name = await topic.textContent()
  await topic.focus()
  await page.keyboard.press("Enter")
  const drawer = page.getByRole("dialog")
  await expect(drawer.getByRole("heading")).toContainText(name)
  await settled(page)
  await drawer.getByRole("button", { name: "People" }).click()
  await expect(page).toHaveURL(/view=people/)
  await expect(drawer.getByText(/^\d+ conversations?$/).first()).toBeVisible()
  await page.keyboard.press("Escape")
  await expect(drawer).toHaveCount(0)
  await expect(page).toHaveURL(/\/ui\/drivers\?days=90$/)
})

test("groups of topics fold, and the address keeps it", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers?days=90")
  await settled(page)
  const fold = page.getByRole("button", { name: /^Hide topics/ }).first()
  const rows = page.getByRole("rowheader")
  const all = await rows.count()
  await fold.press("Enter")
  await expect(page).toHaveURL(/closed=/)
  expect(await rows.count()).toBeLessThan(all)
  await page.reload()
  await settled(page)
  await expect(page.getByRole("button", { name: /^Show topics/ })).toHaveCount(1)
})

test("what rises is said in words", async ({ signedIn: page }) => {
  await changed(page, (report) => Object.assign(report, {
    spans_before: 8,
    topics: [{ topic: "billing/refund", conversations: 40, share: 0.5, people: 38, by: { label: 0, source: 40, text: 0, model: 0 }, confidence: 0, words: [], before: [9, 11, 10, 10, 9, 11, 10, 10], expected: 10, p: 0.00001, q: 0.0001, emerging: true }],
    told: [],
  }))
  await page.goto("/ui/drivers")
  await expect(page.getByText("40 this week, usually 10")).toBeVisible()
  await expect(page.getByText("less than one week in 1,000")).toBeVisible()
  await expect(page.getByRole("row", { name: /Refunds/ }).getByText("Rising")).toBeVisible()
  await expect(page.getByRole("row", { name: /Refunds/ })).toContainText("+344%")
})

test("a label is kept, listed and undone", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers/labels?days=90")
  await settled(page)
  const example = page.getByRole("article").first()
  await example.getByLabel("Topic").selectOption("service/agent")
  await example.getByRole("button", { name: "Save label" }).click()
  await expect(example.getByText("labelled")).toBeVisible()
  await expect(page.getByRole("row", { name: /Service: Agents/ })).toBeVisible()
  await page.getByRole("button", { name: "Undo" }).click()
  await expect(page.getByText("Undone")).toBeVisible()
  await expect(example.getByText("labelled")).toHaveCount(0)
  await expect(page.getByRole("row", { name: /Service: Agents/ })).toHaveCount(0)
})

test("a forecast says how far off it was, or what is missing", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers/forecast?by=all&ahead=7")
  await settled(page)
  await expect(page.getByText(/last week's figures would have been off by|too little history|too few contacts/).first()).toBeVisible()
})

test("the goal of agents is in the address", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers/staffing?queue=all&patience=none")
  await settled(page)
  const asked = page.waitForRequest((r) => r.url().endsWith("/v1/journeys/forecast"))
  await page.getByLabel("Answered in time, %").fill("90")
  await page.keyboard.press("Tab")
  expect((await asked).postDataJSON().staffing.service_level).toBe(0.9)
  await expect(page).toHaveURL(/goal=90/)
})

test("a key that may not read people sees numbers, and is told what it lacks", async ({ context, page, request }) => {
  await signIn(context, await key(request, { kind: "read", scopes: ["journeys:read"] }))
  await page.goto("/ui/drivers?days=90&of=topic:unknown")
  await expect(page.getByRole("dialog").getByText("It needs the scope profiles:read")).toBeVisible()
  await page.goto("/ui/drivers/labels")
  await expect(page.getByText("Labelling needs a key with the scope agent:write")).toBeVisible()
  await expect(page.getByRole("button", { name: "Save label" })).toHaveCount(0)
})

test("a failure is told once, with its request", async ({ signedIn: page, expected }) => {
  expected.push(/status of 500/)
  await page.route("**/v1/journeys/drivers", (route) => route.fulfill({
    status: 500, headers: { "X-Request-Id": "b7c1" }, contentType: "application/problem+json", json: { title: "The store does not answer", status: 500 },
  }))
  await page.goto("/ui/drivers")
  await expect(page.getByRole("alert")).toHaveCount(1)
  await expect(page.getByRole("alert")).toContainText("Request b7c1")
})
