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
