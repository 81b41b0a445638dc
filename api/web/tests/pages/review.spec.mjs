// The review queue, in every look, and decided by the keyboard alone, with the way back.
import { accessible, expect, fits, settled, test } from "../tributary.mjs"

for (const tab of ["", "/decisions", "/precision"]) {
  test(`review${tab}`, async ({ signedIn: page }) => {
    await page.goto("/ui/review" + tab)
    await settled(page)
    await fits(page)
    await accessible(page)
  })
}

test("the queue by the keyboard, and back", async ({ signedIn: page }) => {
  await page.goto("/ui/review")
  await settled(page)
  const question = page.getByRole("heading", { name: "Are these one person?" })
  test.skip(!(await question.isVisible()), "the demo has no open question")
  await expect(question).toBeFocused()
  await page.keyboard.press("p")
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Merge" })).toBeVisible()
  await page.keyboard.press("Escape")
  await expect(page.getByRole("dialog")).toHaveCount(0)
  const decided = page.getByText(/decided now/)
  for (const [n, key] of ["n", "m"].entries()) {
    if (!(await question.isVisible())) break
    await page.keyboard.press(key)
    await expect(decided).toContainText(`${n + 1} decided now`)
  }
  for (let left = Number((await decided.textContent()).match(/(\d+) decided now/)[1]); left > 0; left--) {
    await page.keyboard.press("u")
    await expect(decided).toContainText(`${left - 1} decided now`)
  }
  await expect(question).toBeVisible()
})
