// Each part of the page of sources, in every look; a bad event from its receipt to its end, and a mapping tried.
import { accessible, expect, fits, key, settled, signIn, test, url } from "../tributary.mjs"

/** putAside sends what cannot be an event, with markup in it. */
async function putAside(request, source) {
  const secret = await key(request, { kind: "write", source })
  const event = { type: "track", messageId: `${source}-1`, userId: "u-1", context: { traits: { email: "ada@example.com" } }, properties: { note: "<img src=/hostile onerror=hostile()>" } }
  await request.post(`${url()}/v1/batch`, { data: { batch: [event] }, headers: { Authorization: `Basic ${Buffer.from(secret + ":").toString("base64")}` } })
}

for (const part of ["", "/of/web", "/quarantine", "/add", "/add?way=connector", "/add?way=yaml"]) {
  test(`sources: ${part || "list"}`, async ({ signedIn: page, request }) => {
    await putAside(request, "bad-" + (test.info().project.name.replaceAll(/\W+/g, "-")))
    await page.goto("/ui/sources" + part)
    await settled(page)
    await fits(page)
    await accessible(page)
  })
}

test("sources: an item is looked at and discarded", async ({ signedIn: page, request }) => {
  const source = "gone-" + test.info().project.name.replaceAll(/\W+/g, "-") + Date.now()
  await putAside(request, source)
  await expect(async () => {
    await page.goto(`/ui/sources/quarantine?source=${source}`)
    await page.getByRole("button", { name: /^Look at item/ }).first().click({ timeout: 5000 })
  }).toPass()
  const drawer = page.getByRole("dialog")
  await expect(drawer.getByText("context.traits.email")).toBeVisible()
  await accessible(page)
  await drawer.getByRole("button", { name: "Discard" }).click()
  await page.getByRole("button", { name: "Discard them for good" }).click()
  await expect(page.getByText("What became of them")).toBeVisible()
})

test("sources: a mapping is tried, and its faults lead to their lines", async ({ signedIn: page }) => {
  await page.goto("/ui/sources/add?way=yaml")
  await page.getByRole("button", { name: "Try", exact: true }).click()
  await expect(page.getByText("1 event would come of it")).toBeVisible()
  const yaml = page.getByLabel("Mapping (YAML)")
  await yaml.fill((await yaml.inputValue()).replace("case.opened", "case.begun"))
  await page.getByRole("button", { name: "Try", exact: true }).click()
  await page.getByRole("button", { name: /Mapping, line/ }).click()
  await expect(yaml).toBeFocused()
})

test("sources: who may only read is not offered to change", async ({ page, context, request }) => {
  await signIn(context, await key(request, { kind: "read" }))
  await page.goto("/ui/sources/add")
  await expect(page.getByText("Making a key needs a key with the scope admin.")).toBeVisible()
})
