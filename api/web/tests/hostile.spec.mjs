// What attackers wrote stays text on every page. That no script of theirs ran, nothing was asked of another host and no
// policy was broken, every test sees to (tributary.mjs).
import { customer, texts } from "./hostile.mjs"
import { everyPage, expect, settled, test } from "./tributary.mjs"

/** markup is what the texts would be, were they markup. */
const markup = "main :is(script, iframe, base, meta, style, math, object, embed, [onerror], [onload], [onfocus], [onclick], [ontoggle], [srcdoc], [href^='javascript:' i], [href^='data:' i], form[action])"

async function inert(page) {
  await settled(page)
  await expect(page.locator(markup)).toHaveCount(0)
  expect(await page.locator("script").evaluateAll((all) => all.filter((s) => !s.src.startsWith(location.origin + "/ui/")).length)).toBe(0)
}

test("on every page of the menu", async ({ signedIn: page }) => {
  test.slow()
  for (const address of await everyPage(page)) {
    await test.step(address, async () => {
      await page.goto(address)
      await inert(page)
    })
  }
})

test("in addresses", async ({ signedIn: page, expected }) => {
  expected.push(/status of 4\d\d/) // nobody is found
  const words = Object.values(texts).filter((t) => t.length < 300 && t.isWellFormed()).map(encodeURIComponent)
  for (const address of await everyPage(page)) {
    for (const word of words) {
      const to = `${address}?q=${word}&tab=${word}&from=${word}`
      await page.evaluate((to) => { history.pushState(null, "", to); dispatchEvent(new PopStateEvent("popstate")) }, to)
      await page.evaluate(() => new Promise(requestAnimationFrame))
      await expect(page.locator(markup)).toHaveCount(0)
    }
  }
})

test("in what a provider is said to have refused", async ({ page }) => {
  for (const text of Object.values(texts).filter((t) => t.length < 300 && t.isWellFormed())) {
    await page.goto(`/ui/sign-in?error=${encodeURIComponent(text)}`)
    await page.getByLabel("Key").waitFor()
    await expect(page.locator(markup)).toHaveCount(0)
    await expect(page.getByRole("alert")).toHaveCount(0)
  }
})

test("of each customer", async ({ signedIn: page }) => {
  test.slow()
  const all = await everyPage(page)
  test.skip(!all.includes("/ui/customers"), "there is no page of customers yet")
  for (const name of Object.keys(texts)) {
    await test.step(name, async () => {
      await page.goto(`/ui/customers/user_id:${customer(name)}`)
      await inert(page)
    })
  }
})
