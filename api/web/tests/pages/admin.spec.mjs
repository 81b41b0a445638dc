// Each part of the administrators' page, in every look, and its dialogs.
import { accessible, expect, fits, key, settled, signIn, test } from "../tributary.mjs"

for (const part of ["keys", "workspace", "policy", "policy?as=document", "definitions", "audit"]) {
  test(`admin: ${part}`, async ({ signedIn: page }) => {
    await page.goto("/ui/admin/" + part)
    await settled(page)
    await fits(page)
    await accessible(page)
  })
}

test("admin: a new key and a rule", async ({ signedIn: page }) => {
  await page.goto("/ui/admin/keys")
  await settled(page)
  await page.getByRole("button", { name: "Make a key" }).click()
  await accessible(page)
  await page.goto("/ui/admin/policy")
  await settled(page)
  await page.getByRole("button", { name: /^contact, support/ }).click()
  await expect(page.getByRole("dialog")).toBeVisible()
  await accessible(page)
})

test("admin: without the right", async ({ page, context, request }) => {
  await signIn(context, await key(request, { kind: "read" }))
  await page.goto("/ui/admin/keys")
  await expect(page.getByText("Your key does not allow this")).toBeVisible()
  await fits(page)
  await accessible(page)
})
