// Signing in and out, by the keyboard alone; and what becomes of a page whose reader may read no more.
import { adminKey, expect, key, framed, signIn, test } from "./tributary.mjs"

test("sign in and out by the keyboard", async ({ page, expected }) => {
  expected.push(/status of 401/) // of the wrong key, and of what was still being asked for when it was signed out
  await page.goto("/ui/overview?days=7")
  await expect(page).toHaveTitle("Sign in · Tributary")
  await page.keyboard.type("trb_r_wrong")
  await page.keyboard.press("Enter")
  await expect(page.getByRole("alert")).toContainText("no such key")
  await page.getByLabel("Key").press("ControlOrMeta+a")
  await page.keyboard.type(adminKey())
  await page.keyboard.press("Enter")
  await framed(page)
  await expect(page).toHaveURL(/\/ui\/overview\?days=7$/)
  await page.getByRole("button", { name: "Sign out" }).focus()
  await page.keyboard.press("Enter")
  await expect(page.getByLabel("Key")).toBeVisible()
  await page.reload()
  await expect(page.getByLabel("Key")).toBeVisible()
})

test("the key is nowhere that a script could read", async ({ signedIn: page }) => {
  await page.goto("/ui/")
  await framed(page)
  const kept = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.documentElement.outerHTML)
  expect(kept).not.toContain(adminKey())
  expect(await page.evaluate(() => document.cookie)).toBe("")
})

test("a session that ends leaves nothing to read, and goes on where it was", async ({ context, page, expected }) => {
  expected.push(/401/)
  await signIn(context)
  await page.goto("/ui/overview")
  await framed(page)
  await context.clearCookies()
  await page.goto("/ui/overview")
  await expect(page.getByLabel("Key")).toBeVisible()
  await signIn(context)
  await page.goto("/ui/overview")
  await framed(page)
  await context.clearCookies()
  await page.evaluate(() => { history.pushState(null, "", "/ui/overview?days=7"); dispatchEvent(new PopStateEvent("popstate")) })
  await expect(page.getByText("Your session has ended")).toBeVisible()
  await expect(page.locator("#menu")).toHaveCount(0)
  await page.getByLabel("Key").fill(adminKey())
  await page.getByRole("button", { name: "Sign in" }).click()
  await framed(page)
  await expect(page).toHaveURL(/days=7/)
})

test("who signs out in one window has in all", async ({ context, signedIn: page, expected }) => {
  expected.push(/status of 401/) // of what was still being asked for
  const other = await context.newPage()
  for (const window of [page, other]) {
    await window.goto("/ui/overview")
    await framed(window)
  }
  await page.getByRole("button", { name: "Sign out" }).click()
  await expect(other.getByText("Your session has ended")).toBeVisible()
})

test("who cannot sign out is told", async ({ context, signedIn: page, expected }) => {
  expected.push(/ERR_INTERNET_DISCONNECTED/)
  await page.goto("/ui/overview")
  await framed(page)
  await context.setOffline(true)
  await page.getByRole("button", { name: "Sign out" }).click()
  await expect(page.getByText("You are still signed in")).toBeVisible()
})

test("a key that opens no page is told which scope that needs", async ({ context, page, request, expected }) => {
  expected.push(/403/)
  await signIn(context, await key(request, { kind: "read", scopes: ["consent:read"] }))
  await page.goto("/ui/overview")
  await expect(page.getByText("journeys:read").first()).toBeVisible()
})

test("another site's page reads nothing by the cookie", async ({ context, signedIn: page, expected }) => {
  expected.push(/./) // the other page's own
  await page.goto("/ui/")
  await framed(page)
  const other = new URL(page.url())
  other.hostname = "localhost" // the same program, under another name: another site
  await context.addCookies([{ ...(await context.cookies())[0], domain: "localhost" }])
  await page.goto(other.href)
  const status = await page.evaluate((address) => fetch(address, { credentials: "include", mode: "no-cors" }).then((r) => r.type, () => "refused"), process.env.WEB_URL + "/v1/session")
  expect(["opaque", "refused"]).toContain(status)
})
