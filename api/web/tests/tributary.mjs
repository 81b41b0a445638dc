// What every test begins with: somebody who is signed in, and an eye on all that must not happen on a page, whatever is
// looked at. Import test and expect from here, not from Playwright.
import { test as base, expect } from "@playwright/test"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { command } from "./start.mjs"

export { expect }
export const url = () => process.env.WEB_URL
export const adminKey = () => process.env.WEB_KEY

/** key makes a key that may do what its kind and scopes say. */
export async function key(request, body) {
  const answer = await request.post(`${url()}/v1/keys`, { data: body, headers: { Authorization: `Bearer ${adminKey()}` } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()).secret
}

/** workspace makes one with nothing in it, and answers with a key that may do everything there. */
export async function workspace(name) {
  test.skip(!process.env.WEB_DATA, "a workspace is made by whoever has the data folder: name it in WEB_DATA")
  await command("workspaces", "create", name)
  return command("keys", "create", "--kind", "admin", "--workspace", name, "--quiet")
}

/** signIn gives a context the cookie of whoever has a key. */
export async function signIn(context, secret = adminKey()) {
  const answer = await context.request.post(`${url()}/v1/session`, { data: { key: secret }, headers: { Origin: url() } })
  expect(answer.ok(), await answer.text()).toBe(true)
}

export const test = base.extend({
  baseURL: async ({}, use) => use(url()),

  /** expected are patterns of faults that a test brings about itself. */
  expected: async ({}, use) => use([]),

  /** watched fails a test on any error in the console, exception, report of the policy, dialog, or request to another host. */
  watched: [async ({ context, expected }, use) => {
    const faults = []
    const own = new URL(url()).host
    context.on("console", (m) => {
      // Who is not signed in hears 401 when the page asks who they are.
      const asks = m.location().url.endsWith("/v1/session") && m.text().includes("401")
      if (m.type() === "error" && !asks) faults.push(`console: ${m.text()} (${m.location().url})`)
    })
    context.on("weberror", (e) => faults.push(`exception: ${e.error()} (${e.page()?.url()})`))
    context.on("dialog", (d) => { faults.push(`dialog: ${d.message()}`); void d.dismiss() })
    context.on("request", (r) => {
      const to = new URL(r.url())
      if (!["data:", "blob:"].includes(to.protocol) && (to.host !== own || to.pathname === "/hostile")) faults.push(`request: ${r.url()}`)
    })
    await context.exposeFunction("hostile", () => { faults.push("a script of somebody else's ran") })
    await context.addInitScript(() => addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)))
    await use(faults)
    expect(faults.filter((f) => !expected.some((pattern) => pattern.test(f)))).toEqual([])
  }, { auto: true }],

  /** signedIn is a page of somebody who may do everything. */
  signedIn: async ({ context, page }, use) => {
    await signIn(context)
    await use(page)
  },
})

/** framed waits until the frame of a page is there, with whatever in it. */
export async function framed(page) {
  await page.locator("#menu").waitFor({ state: "attached" }) // on a telephone it is behind its button
}

/** settled waits until a page shows all that it has, reports over the whole company included. */
export async function settled(page) {
  await framed(page)
  await page.locator("main").locator("h1, .state").first().waitFor()
  await expect(page.locator(".bones")).toHaveCount(0, { timeout: 180_000 })
}

const axe = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** accessible fails on what axe calls serious or critical. */
export async function accessible(page) {
  await page.evaluate(await axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }))
  const grave = found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
  expect(grave.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual([])
}

/** fits fails where a page is wider than the window. */
export async function fits(page) { // soon: a chart is drawn anew a moment after its box changed
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await expect.poll(wide, { message: "pixels beyond the window" }).toBeLessThanOrEqual(0)
}

/** everyPage are the addresses of all pages in the menu. */
export async function everyPage(page) {
  await page.goto("/ui/no-such-page")
  await framed(page)
  return page.locator("#menu ul a").evaluateAll((links) => links.map((a) => a.getAttribute("href")))
}
