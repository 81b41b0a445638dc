// The page of contact drivers, in every look.
import { accessible, expect, fits, settled, test } from "../tributary.mjs"

for (const tab of ["", "/forecast", "/staffing", "/labels"]) {
  test(`drivers${tab}`, async ({ signedIn: page }) => {
    await page.goto("/ui/drivers" + tab)
    await settled(page)
    await fits(page)
    await accessible(page)
  })
}

test("what is behind a number of drivers", async ({ signedIn: page }) => {
  await page.goto("/ui/drivers?of=topic:unknown")
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Unknown" })).toBeVisible()
  await settled(page)
  await fits(page)
  await accessible(page)
})
