// The page of customers: found by what one knows, shown as the policy says, and nobody where there is nobody.
import { expect, settled, test } from "./tributary.mjs"

/** anEmail is an address by which the company knows somebody. */
async function anEmail(page) {
  const answer = await page.request.post("/v1/customers/search", { data: { query: "name:a", limit: 50 }, headers: { Origin: new URL(page.url()).origin } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()).customers.flatMap((c) => c.identifiers).find((i) => i.type === "email" && i.value).value
}

test("a slash leads from every page to a customer", async ({ signedIn: page }) => {
  await page.goto("/ui/customers")
  await settled(page)
  await page.getByRole("heading", { name: "Customers" }).click()
  await page.keyboard.press("/")
  await page.keyboard.type("name:a")
  await page.keyboard.press("Enter")
  await expect(page).toHaveURL(/\/ui\/customers\?q=name%3Aa/)
  await settled(page)
  await page.getByRole("main").getByRole("listitem").getByRole("link").first().click()
  await expect(page).toHaveURL(/\/ui\/customers\/profile%3A/)
  await settled(page)
  await expect(page.getByRole("heading", { name: "Golden record" })).toBeVisible()
})

test("asked by an e-mail address alone it says what to ask", async ({ signedIn: page }) => {
  await page.goto("/ui/customers")
  await page.goto("/ui/customers/" + encodeURIComponent("email:" + await anEmail(page)))
  await settled(page)
  await expect(page.getByText("Claimed", { exact: true })).toBeVisible()
  await expect(page.getByText("Anybody may know this address", { exact: false })).toBeVisible()
})

test("nobody is a state of its own, and leads back to the search", async ({ signedIn: page, expected }) => {
  expected.push(/404/)
  await page.goto("/ui/customers/user_id%3Anobody-at-all")
  await expect(page.getByText("Nobody is known by this")).toBeVisible()
  await page.getByRole("link", { name: "Search for it" }).click()
  await expect(page).toHaveURL(/q=nobody-at-all/)
})
