// How every page stands while there is nothing to show: it loads, it is slow, there is nothing yet, the server fails or
// cannot be reached, the key does not allow it. WEB_SHOTS names a folder for a picture of each.
import { expect, fits, framed, key, settled, signIn, test, url, workspace } from "./tributary.mjs"

/** pages are all addresses of the menu, with their tabs, and the scope without which each shows nothing. */
const pages = [
  ...of("journeys:read", "/overview"),
  ...of("journeys:read", "/journeys/funnel", "/journeys/paths", "/journeys/retention", "/journeys/time-between", "/journeys/contacts", "/journeys/repeat", "/journeys/friction"),
  ...of("journeys:read", "/drivers", "/drivers/forecast", "/drivers/staffing", "/drivers/labels"),
  ...of("profiles:read", "/customers?q=ada"),
  ...of("identity:write", "/review", "/review/decisions", "/review/precision"),
  ...of("sources:read", "/sources", "/sources/of/web", "/sources/quarantine", "/sources/add?way=connector"),
  ...of("admin", "/admin/keys", "/admin/workspace", "/admin/policy", "/admin/definitions"),
  ...of("audit:read", "/admin/audit"),
]

function of(scope, ...addresses) {
  return addresses.map((at) => ({ at, scope }))
}

/** each does a step for each page of those that a scope opens, or of all, without loading the document anew. */
async function each(page, state, step, only) {
  await page.goto("/ui/no-such-page")
  await framed(page)
  for (const one of pages.filter((p) => !only || p.scope === only)) {
    await test.step(one.at, async () => {
      await page.evaluate((to) => { history.pushState(null, "", to); dispatchEvent(new PopStateEvent("popstate")) }, "/ui" + one.at)
      await expect(page.locator("main h1")).toBeVisible()
      await step(one, async () => {
        if (!process.env.WEB_SHOTS) return
        const name = [state, test.info().project.name, one.at].join("-").replaceAll(/\W+/g, "-")
        await page.screenshot({ path: `${process.env.WEB_SHOTS}/${name}.png`, fullPage: true })
      })
      await fits(page)
      await expect(page.locator("main")).not.toContainText(/NaN|undefined|\bnull\b|Infinity|\[object/)
    })
  }
}

/** answers has every call but those of the frame answered in one way. */
const answers = (page, how) => page.route((to) => to.pathname.startsWith("/v1/") && !["/v1/session", "/v1/stream"].includes(to.pathname), how)

let made
/** empty is the key of a workspace to which nothing came yet. */
const empty = () => made ??= workspace(`empty-${Date.now()}`)

const none = /status of 404.*\/v1\/sources\/web/ // there is no such source
const alerts = (page) => page.locator("main").getByRole("alert")

test("nothing there yet", async ({ context, page, expected }) => {
  expected.push(none)
  await signIn(context, await empty())
  await each(page, "empty", async (_, shoot) => {
    await settled(page)
    await expect.poll(() => page.evaluate(() => { // what is further down is asked for when it is looked at
      const below = document.querySelector("main .unsought")
      below?.scrollIntoView()
      return !below
    })).toBe(true)
    await settled(page)
    await shoot()
    await expect(alerts(page)).toHaveCount(0)
    await expect(page.locator("main canvas")).toHaveCount(0)
  })
})

test("the server fails, until it does not", async ({ context, page, expected }) => {
  expected.push(none, /status of 503/)
  await signIn(context, await empty())
  let failing = true
  await answers(page, (route) => !failing ? route.continue() : route.fulfill({
    status: 503, headers: { "X-Request-Id": "b7c1" }, contentType: "application/problem+json", json: { title: "The store does not answer", detail: "It is started again.", status: 503 },
  }))
  await each(page, "error", async (_, shoot) => {
    const told = alerts(page).first()
    for (const part of ["The store does not answer", "It is started again.", "Request b7c1"]) await expect(told).toContainText(part)
    await shoot()
    failing = false
    await expect(async () => {
      for (const again of (await page.locator("main").getByRole("button", { name: "Try again" }).all()).reverse()) await again.click({ timeout: 5000 })
      await settled(page)
      await expect(alerts(page)).toHaveCount(0, { timeout: 1000 })
    }).toPass()
    failing = true
  })
})

test("the server cannot be reached", async ({ context, page, expected }) => {
  expected.push(/ERR_/)
  await signIn(context, await empty())
  await answers(page, (route) => route.abort("internetdisconnected"))
  await each(page, "unreachable", async (_, shoot) => {
    await expect(alerts(page).first()).toContainText("The server cannot be reached")
    await shoot()
  })
})

test("it loads, slowly, and what stood there before stays where it is", async ({ context, page, expected }) => {
  expected.push(none)
  await signIn(context, await empty())
  await page.clock.install()
  let held = []
  let holding = true
  await answers(page, (route) => holding ? void held.push(route) : route.continue())
  const standing = () => page.locator("main").locator("h1, .tabs, .filters").evaluateAll((all) => all.map((e) => [e.className, e.getBoundingClientRect().top + scrollY]))
  await each(page, "slow", async (_, shoot) => {
    await expect(page.locator("main .bones").first()).toBeVisible()
    await page.clock.fastForward(3100)
    await expect(page.locator("main").getByText("This takes longer than usual").first()).toBeVisible()
    await shoot()
    const before = await standing()
    holding = false
    for (const route of held) await route.continue().catch(() => {}) // of a page before
    held = []
    await settled(page)
    expect(await standing()).toEqual(before)
    holding = true
  })
})

test("the key does not allow it", async ({ context, page, request }) => {
  await signIn(context, await key(request, { kind: "read", scopes: ["consent:read"] }))
  await each(page, "denied", async ({ scope }, shoot) => {
    await expect(page.locator("main .facts")).toContainText(scope)
    await shoot()
    await expect(page.locator("main :is(input, select, textarea, button)").filter({ hasNotText: "Copy" })).toHaveCount(0)
  })
})

for (const scope of new Set(pages.map((p) => p.scope))) {
  test(`a key for ${scope} alone is refused nothing on its pages`, async ({ context, page, request, expected }) => {
    expected.push(none)
    const answer = await request.post(url() + "/v1/keys", { data: { kind: "admin", scopes: [scope] }, headers: { Authorization: `Bearer ${await empty()}` } })
    expect(answer.ok(), await answer.text()).toBe(true)
    await signIn(context, (await answer.json()).secret)
    await each(page, `alone-${scope}`, async (_, shoot) => {
      await settled(page)
      await shoot()
    }, scope)
  })
}
