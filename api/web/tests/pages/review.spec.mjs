// The review queue, in every look, and decided by the keyboard alone, with the way back.
import { accessible, adminKey, expect, fits, settled, test, url } from "../tributary.mjs"

for (const tab of ["", "/decisions", "/precision"]) {
  test(`review${tab}`, async ({ signedIn: page }) => {
    await page.goto("/ui/review" + tab)
    await settled(page)
    await fits(page)
    await accessible(page)
  })
}

/** asked is how many questions there are. Hostile customers (hostile.mjs) are there under names that nearly agree, so some are. */
async function asked(request) {
  const answer = await request.get(`${url()}/v1/identity/reviews`, { headers: { Authorization: `Bearer ${adminKey()}` } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()).questions.length
}

test("the queue by the keyboard, and back", async ({ signedIn: page, request }) => {
  await expect.poll(() => asked(request)).toBeGreaterThan(2)
  await page.goto("/ui/review")
  await settled(page)
  const question = page.getByRole("heading", { name: "Are these one person?" })
  await expect(question).toBeFocused()
  await page.keyboard.press("p")
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Merge" })).toBeVisible()
  await page.keyboard.press("Escape")
  await expect(page.getByRole("dialog")).toHaveCount(0)
  const decided = page.getByText(/decided now/)
  for (const [n, key] of ["n", "m"].entries()) {
    await page.keyboard.press(key)
    await expect(decided).toContainText(`${n + 1} decided now`)
  }
  for (const left of [1, 0]) {
    await page.keyboard.press("u")
    await expect(decided).toContainText(`${left} decided now`)
  }
  await expect(question).toBeVisible()
})

test("keys that follow each other at once mean what the first made of the page", async ({ signedIn: page, request }) => {
  await expect.poll(() => asked(request)).toBeGreaterThan(2)
  await page.goto("/ui/review")
  await settled(page)
  await expect(page.getByRole("heading", { name: "Are these one person?" })).toBeFocused()
  const press = (...keys) => Promise.all(keys.map((key) => page.keyboard.press(key)))
  const decided = page.getByText(/decided now/)
  await press("p", "n") // the second is the dialog's
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Merge" })).toBeVisible()
  await press("Escape", "n") // and this one the page's again
  await expect(decided).toContainText("1 decided now")
  await expect(page.getByRole("dialog")).toHaveCount(0)
  await page.keyboard.press("u")
  await expect(decided).toContainText("0 decided now")
})

test("a decision that takes long, or is refused, belongs to its own pair", async ({ signedIn: page, request, expected }) => {
  expected.push(/console: .*409/)
  await expect.poll(() => asked(request)).toBeGreaterThan(2)
  await page.goto("/ui/review")
  await settled(page)
  await expect(page.getByRole("heading", { name: "Are these one person?" })).toBeFocused()
  const pair = () => new URL(page.url()).searchParams.get("pair")
  const standing = page.getByText(/decided now/)
  let answer
  await page.route("**/v1/identity/decisions", async (r) => {
    await new Promise((done) => { answer = (refused) => { done(refused ? r.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify({ title: "Contradicted" }) }) : r.continue()) } })
  })
  const sent = async (key) => { await Promise.all([page.waitForRequest("**/v1/identity/decisions"), page.keyboard.press(key)]) }
  await page.keyboard.press("j")
  await expect(standing).toContainText("Question 2 of")
  const second = pair()
  await sent("m")
  await page.keyboard.press("j")
  await expect(standing).toContainText("Question 3 of")
  const third = pair()
  answer(true)
  const refusal = page.getByRole("alert").filter({ hasText: "Contradicted" })
  await expect(refusal).toBeVisible()
  expect(pair()).toBe(second)
  await page.keyboard.press("j")
  await expect(standing).toContainText("Question 3 of")
  await expect(refusal).toHaveCount(0)
  await page.keyboard.press("k")
  await expect(standing).toContainText("Question 2 of")
  await sent("n")
  await page.keyboard.press("k")
  await expect(standing).toContainText("Question 1 of")
  const first = pair()
  answer(false)
  await expect(standing).toContainText("1 decided now")
  expect(pair()).toBe(first)
  await page.keyboard.press("j")
  await expect.poll(pair).toBe(third)
  await page.keyboard.press("u")
  await expect(standing).toContainText("0 decided now")
  expect(pair()).toBe(second)
})
