// The page of customers: found by what one knows, shown as the policy says, and nobody where there is nobody.
import { adminKey, expect, key, settled, test, url } from "./tributary.mjs"

const somebody = { userId: "sought-1", traits: { firstName: "Wilhelmina", lastName: "Sought", email: "wilhelmina@example.com" } }

/** known makes sure that somebody is, and is found by her name. */
async function known(request) {
  const secret = await key(request, { kind: "write", source: "sought" })
  const sent = await request.post(`${url()}/v1/identify`, { data: somebody, headers: { Authorization: `Basic ${btoa(secret + ":")}` } })
  expect(sent.ok(), await sent.text()).toBe(true)
  await expect.poll(async () => {
    const answer = await request.post(`${url()}/v1/customers/search`, { data: { query: "name:wilhelmina" }, headers: { Authorization: `Bearer ${adminKey()}` } })
    expect(answer.ok(), await answer.text()).toBe(true)
    return (await answer.json()).customers.length
  }, { timeout: 120_000 }).toBe(1)
}

test("a slash leads from every page to a customer", async ({ signedIn: page, request }) => {
  await known(request)
  await page.goto("/ui/customers")
  await settled(page)
  await page.getByRole("heading", { name: "Customers" }).click()
  await page.keyboard.press("/")
  await page.keyboard.type("name:wilhelmina")
  await page.keyboard.press("Enter")
  await expect(page).toHaveURL(/\/ui\/customers\?q=name%3Awilhelmina/)
  await settled(page)
  await page.getByRole("main").getByRole("listitem").getByRole("link").first().click()
  await expect(page).toHaveURL(/\/ui\/customers\/profile%3A/)
  await settled(page)
  await expect(page.getByRole("heading", { name: "Golden record" })).toBeVisible()
})

test("asked by an e-mail address alone it says what to ask", async ({ signedIn: page, request }) => {
  await known(request)
  await page.goto("/ui/customers/" + encodeURIComponent("email:" + somebody.traits.email))
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
