// Every page, in every look.
import { accessible, everyPage, expect, fits, settled, test } from "../tributary.mjs"

test("every page stands, fits and can be read by everybody", async ({ signedIn: page }) => {
  test.slow()
  const all = await everyPage(page)
  expect(all.length).toBeGreaterThan(0)
  for (const address of all) {
    await test.step(address, async () => {
      await page.goto(address)
      await settled(page)
      await fits(page)
      await accessible(page)
    })
  }
})

test("the sign-in page, and what a provider refused", async ({ page }) => {
  for (const address of ["/ui/", "/ui/sign-in?error=no_rights"]) {
    await page.goto(address)
    await expect(page.getByLabel("Key")).toBeFocused()
    await fits(page)
    await accessible(page)
  }
  await expect(page.getByRole("alert")).toContainText("no rights here")
})

test("a page that a key does not open, and one that there is not", async ({ signedIn: page }) => {
  await page.goto("/ui/no-such-page")
  await expect(page.getByText("There is no such page")).toBeVisible()
  await fits(page)
  await accessible(page)
})
