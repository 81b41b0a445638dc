// Takes the pictures that the README shows, of a company made up for it: `make screenshots`.
// WEB_URL and WEB_KEY (an admin key) name a server that runs already instead. A picture beyond 150 KB is refused.
import { mkdir, stat } from "node:fs/promises"
import path from "node:path"
import { chromium } from "@playwright/test"
import { browser } from "./tests/browser.mjs"
import { run } from "./tests/start.mjs"

const folder = path.join(import.meta.dirname, "screenshots")
const most = 150 * 1024
const wide = { width: 1280, height: 800 }
const narrow = { width: 375, height: 812 }

const stop = process.env.WEB_URL ? async () => {} : await run(300)
const program = await chromium.launch(browser())
try {
  await mkdir(folder, { recursive: true })
  await take("overview", wide, "light", () => "/ui/overview")
  await take("timeline", wide, "light", async () => `/ui/customers/profile%3A${await talkative()}/timeline`)
  await take("review", wide, "light", () => "/ui/review")
  await take("overview-dark", narrow, "dark", () => "/ui/overview")
} finally {
  await program.close()
  await stop()
}

/** take makes one picture of the page that where leads to, once it shows all that is in sight. */
async function take(name, viewport, colorScheme, where) {
  const context = await program.newContext({ viewport, colorScheme, locale: "en-GB", timezoneId: "UTC", baseURL: process.env.WEB_URL, reducedMotion: "reduce" })
  await context.request.post("/v1/session", { data: { key: process.env.WEB_KEY }, headers: { Origin: process.env.WEB_URL }, failOnStatusCode: true })
  const page = await context.newPage()
  await page.goto(await where())
  await page.locator("main h1").waitFor()
  await page.waitForFunction(inSight, undefined, { timeout: 180_000 })
  const file = path.join(folder, name + ".png")
  await page.screenshot({ path: file, animations: "disabled" })
  const { size } = await stat(file)
  if (size > most) throw new Error(`${file} has ${size} bytes, more than ${most}`)
  await context.close()
}

/** inSight says whether all is there that is in the window; what is further down may be asked for when it is come to. */
function inSight() {
  const waiting = [...document.querySelectorAll("main .bones, main [aria-busy=true]")]
  return !waiting.some((e) => e.getBoundingClientRect().top < innerHeight)
}

async function get(route) {
  const answer = await fetch(process.env.WEB_URL + route, { headers: { Authorization: `Bearer ${process.env.WEB_KEY}` } })
  if (!answer.ok) throw new Error(`${route} is answered with ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** talkative is somebody of whose conversations there is something to see. */
async function talkative() {
  const { members } = await get("/v1/segments/regulars/members?limit=20")
  const all = await Promise.all(members.map(async ({ profile }) => {
    const { events } = await get(`/v1/profiles/profile:${profile}/timeline?limit=100`)
    return { profile, conversations: new Set((events ?? []).map((e) => e.conversation_id).filter(Boolean)).size }
  }))
  return all.sort((a, b) => b.conversations - a.conversations)[0].profile
}
