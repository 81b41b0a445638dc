// Segments and computed traits by the form: made, counted, saved, looked into, changed, broken and removed, in every look.
import { accessible, adminKey, expect, fits, settled, test, url } from "../tributary.mjs"

const attack = '<img src=x onerror="hostile()">'
// refused: what is tried out with a fault in it is answered so.
const refused = /400.*\/v1\/(definitions|segments\/preview)/
const bearer = { Authorization: `Bearer ${adminKey()}` }

async function open(page, query = "") {
  await page.goto("/ui/admin/definitions" + query)
  await settled(page)
  await expect(page.getByRole("button", { name: "Form" })).toBeVisible()
}

/** saved reviews what changed, and puts it in force. */
async function saved(page) {
  await page.getByRole("button", { name: "Review and save" }).click()
  const review = page.getByRole("dialog")
  await expect(review.locator(".bones")).toHaveCount(0)
  await review.getByRole("button", { name: "Save" }).click()
  await expect(review).toHaveCount(0)
  await expect(page.getByText("Changes are not saved yet")).toHaveCount(0)
}

/** counted asks for the figures of the segment that is open. */
async function counted(page) {
  await page.getByRole("button", { name: "Count customers" }).click()
  const told = page.getByRole("region", { name: "Who would be in it" }).getByText(/would be in it/)
  await expect(told).toBeVisible()
  return Number((await told.textContent()).match(/[\d,]+/)[0].replace(",", ""))
}

for (const query of ["", "?segment=at-risk", "?trait=paid_90d", "?segment=no-such", "?as=document"]) {
  test(`definitions${query} stand, fit and can be read by everybody`, async ({ signedIn: page }) => {
    await open(page, query)
    await fits(page)
    await accessible(page)
  })
}

test("what is being typed stays, whatever the server says meanwhile", async ({ signedIn: page, expected }) => {
  expected.push(refused)
  let release
  const held = new Promise((done) => { release = done })
  await page.route("**/v1/definitions?dry_run=true", async (route) => { await held; await route.continue() })
  await open(page)
  await page.getByRole("button", { name: "Add a segment" }).click()
  await page.getByLabel(/^Name/).first().fill("half-writ")
  release()
  await expect(page.getByText(/1 fault/)).toBeVisible()
  await expect(page.getByLabel(/^Name/).first()).toHaveValue("half-writ")
  await page.keyboard.press("Tab")
  await expect(page).toHaveURL(/segment=half-writ$/)
})

test("a segment is built by the form alone, saved, changed, broken and removed", async ({ signedIn: page, expected }, { project }) => {
  expected.push(refused)
  const name = "built-" + project.name.replace(/\W+/g, "-")
  await open(page)
  await page.getByRole("button", { name: "Add a segment" }).click()
  await page.getByLabel(/^Name/).first().fill(name)
  await page.keyboard.press("Tab")
  await page.getByLabel("Description").fill(attack)
  await expect(page).toHaveURL(new RegExp(`segment=${name}$`))
  await page.getByRole("group", { name: "Trait", exact: true }).getByLabel("What").selectOption("computed")
  const leaf = page.getByRole("group", { name: "Computed trait", exact: true })
  await leaf.getByLabel("Name").fill("visits_30d")
  await leaf.getByLabel("Comparison").selectOption("at_least")
  await leaf.getByLabel("Type").selectOption("number")
  await leaf.getByLabel(/^Value/).fill("3")
  await fits(page)
  await accessible(page)
  const n = await counted(page)
  expect(n).toBeGreaterThan(0)

  // The document says the same, and what was there before stays as it was written.
  await page.getByRole("button", { name: "Document" }).click()
  const text = page.getByLabel("Document")
  await expect(text).toHaveValue(new RegExp(`name: ${name}`))
  await expect(text).toHaveValue(/# What the demo's company wants to know/)
  await page.getByRole("button", { name: "Form" }).click()
  await expect(leaf.getByLabel(/^Value/)).toHaveValue("3")

  await page.getByRole("button", { name: "Review and save" }).click()
  await expect(page.getByRole("dialog").getByText(`${n} customers would be in it`)).toBeVisible()
  await accessible(page)
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
  await saved(page)

  // Whoever is in it can be found.
  await page.getByRole("link", { name: "All segments and traits" }).click()
  await page.getByRole("button", { name: `Customers in ${name}: ${n}` }).click()
  await expect(page.getByRole("dialog").getByRole("link").first()).toHaveAttribute("href", /\/ui\/customers\/profile%3A/)
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click()

  // It is changed: nobody would be in it any more.
  await page.getByRole("link", { name }).click()
  await leaf.getByLabel(/^Value/).fill("100000")
  expect(await counted(page)).toBe(0)
  await expect(page.getByText(`0 would enter, ${n} would leave`)).toBeVisible()

  // What is wrong is told where it is.
  await leaf.getByLabel(/^Value/).fill("many")
  await expect(leaf.getByText("Give a number")).toBeVisible()
  await leaf.getByLabel(/^Value/).fill("4")
  await leaf.getByLabel("Name").fill("no_such")
  await expect(leaf.getByRole("alert")).toContainText("is not declared under computed")
  await expect(leaf.getByLabel("Name")).toHaveAttribute("aria-invalid", "true")
  await page.getByRole("button", { name: "Review and save" }).click()
  await expect(leaf.getByLabel("Name")).toBeFocused()
  await accessible(page)
  await page.getByRole("button", { name: "Discard changes" }).click()
  await page.getByRole("button", { name: "Undo" }).click()
  await expect(page.getByText("Changes are not saved yet")).toBeVisible()
  await page.getByRole("button", { name: "Discard changes" }).click()

  await page.getByRole("button", { name: `Remove ${name}` }).click()
  await expect(page.getByRole("dialog")).toContainText(`${n} customers are in it`)
  await accessible(page)
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
  await expect(page.getByRole("link", { name })).toHaveCount(0)
  await saved(page)
})

test("a computed trait is made, and its fault is at its field", async ({ signedIn: page, expected }) => {
  expected.push(refused)
  await open(page)
  await page.getByRole("button", { name: "Add a computed trait" }).click()
  await page.getByLabel("Add to Events").fill(attack)
  await page.getByLabel("Add to Events").press("Enter")
  await page.getByLabel("Within").fill("soon")
  await expect(page.getByLabel("Within")).toHaveAttribute("aria-invalid", "true")
  await expect(page.getByText("must be hours or days")).toBeVisible()
  await page.getByLabel("Within").fill("12h")
  await expect(page.getByText("must be hours or days")).toHaveCount(0)
  await fits(page)
  await accessible(page)
  // What is not saved is there when one comes back.
  await page.getByRole("link", { name: "Keys" }).click()
  await expect(page.getByRole("heading", { name: "Keys" })).toBeVisible()
  await page.getByRole("link", { name: "Segments and traits", exact: true }).click()
  await expect(page.getByRole("link", { name: "new_trait" })).toBeVisible()
  await page.getByRole("button", { name: "Discard changes" }).click()
  await expect(page.getByRole("link", { name: "new_trait" })).toHaveCount(0)
})

test("what somebody else changed meanwhile is not overwritten", async ({ signedIn: page, request, expected }) => {
  expected.push(/412/)
  await open(page, "?segment=regulars")
  await page.getByLabel("Description").fill("Mine")
  const before = (await (await request.get(`${url()}/v1/definitions`, { headers: bearer })).json()).document
  const put = (data) => request.put(`${url()}/v1/definitions`, { headers: { ...bearer, "Content-Type": "application/yaml" }, data })
  expect((await put(before + "# theirs\n")).ok()).toBe(true)
  await page.getByRole("button", { name: "Review and save" }).click()
  const review = page.getByRole("dialog")
  await review.getByRole("button", { name: "Save" }).click()
  await expect(review.getByRole("alert")).toContainText("It was changed since it was read")
  await review.getByRole("button", { name: "Discard mine, show theirs" }).click()
  await page.getByRole("button", { name: "Document" }).click()
  await expect(page.getByLabel("Document")).toHaveValue(/# theirs/)
  await put(before)
})
