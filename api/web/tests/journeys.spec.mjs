// The page of journeys: each tab shows something at once, a view is its address, and numbers lead to people.
import { expect, fits, key, settled, signIn, test } from "./tributary.mjs"

const tabs = ["funnel", "paths", "retention", "time-between", "contacts", "repeat", "friction"]

for (const tab of tabs) {
  test(`${tab} shows something of the company at once, and no wider than a telephone`, async ({ signedIn: page }) => {
    await page.goto(`/ui/journeys/${tab}`)
    await settled(page)
    await expect(page.getByText("How this is counted")).toBeVisible()
    await page.setViewportSize({ width: 375, height: 800 })
    await fits(page)
  })
}

test("a view is its address: steps, order, window and who is looked at", async ({ signedIn: page }) => {
  const behind = encodeURIComponent(JSON.stringify({ step: 2 }))
  await page.goto(`/ui/journeys/funnel?days=90&step=conversation.started&step=conversation.ended&order=strict&window=3d&behind=${behind}`)
  const drawer = page.getByRole("dialog", { name: "Reached: conversation.ended" })
  await expect(drawer.getByRole("link").first()).toHaveAttribute("href", /^\/ui\/customers\/profile%3A[0-9a-f-]{36}$/)
  await drawer.getByRole("button", { name: "Close" }).click()
  await expect(page).not.toHaveURL(/behind/)
  await expect(page.getByRole("button", { name: "Strictly in order" })).toHaveAttribute("aria-pressed", "true")
  await expect(page.getByLabel("Within")).toHaveValue("3d")
})

test("a step is added, chosen by its name and taken away again", async ({ signedIn: page }) => {
  await page.goto("/ui/journeys/funnel?days=90")
  await settled(page)
  await page.getByRole("button", { name: "Add a step" }).click()
  await expect(page.getByText("Choose an event for each step")).toBeVisible()
  const fourth = page.getByRole("group", { name: "Step 4" })
  await fourth.getByRole("combobox").fill("case.opened")
  await fourth.getByRole("combobox").press("Enter")
  await settled(page)
  await expect(page.getByRole("row", { name: /case\.opened/ })).toBeVisible()
  await expect(page).toHaveURL(/step=case\.opened/)
  await page.getByRole("button", { name: "Remove step 4" }).click()
  await expect(page).not.toHaveURL(/case\.opened/)
})

test("the table of paths leads to as many people as it says", async ({ signedIn: page }) => {
  await page.goto("/ui/journeys/paths?way=from&starts=invoice.payment_failed&days=90&depth=3")
  await settled(page)
  await page.getByRole("button", { name: "As a table" }).click()
  const row = page.getByRole("region", { name: "Paths" }).getByRole("row").filter({ has: page.getByRole("button", { name: "Open" }) }).last()
  const people = Number(await row.getByRole("cell").nth(3).innerText())
  await row.getByRole("button", { name: "Open" }).click()
  await expect(page.getByRole("dialog").getByRole("link", { name: /^Customer/ })).toHaveCount(Math.min(people, 50))
})

test("a weight that is changed counts, and stands in the address", async ({ signedIn: page }) => {
  await page.goto("/ui/journeys/friction")
  await settled(page)
  await page.getByLabel("Points each of: Transfer").fill("5")
  await page.getByLabel("Points each of: Transfer").press("Tab")
  await expect(page).toHaveURL(/weight=transfer%3A5/)
  await settled(page)
  await expect(page.getByRole("row", { name: /^Transfer/ }).first()).toBeVisible()
})

test("a key that may read no person is offered none", async ({ context, page, request }) => {
  await signIn(context, await key(request, { kind: "read", scopes: ["journeys:read"] }))
  await page.goto(`/ui/journeys/funnel?behind=${encodeURIComponent('{"step":1}')}`)
  await expect(page.getByRole("dialog").getByText("profiles:read")).toBeVisible()
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click()
  await expect(page.getByRole("button", { name: /show them/ })).toHaveCount(0)
})

test("an answer that fails says so, with its request and a way to try again", async ({ signedIn: page, expected }) => {
  expected.push(/status of 503/)
  await page.route("**/v1/journeys/funnel", (route) => route.fulfill({
    status: 503, contentType: "application/problem+json", headers: { "X-Request-Id": "r-1" },
    body: JSON.stringify({ title: "Unavailable", status: 503, detail: "reports cannot be read now" }),
  }))
  await page.goto("/ui/journeys/funnel")
  await expect(page.getByText("reports cannot be read now")).toBeVisible()
  await expect(page.getByText("r-1")).toBeVisible()
  await page.unroute("**/v1/journeys/funnel")
  await page.getByRole("button", { name: "Try again" }).click()
  await expect(page.getByRole("row", { name: /conversation\.started/ })).toBeVisible()
})
