// Measures the overview in Chromium: node api/web/tests/measure.mjs URL KEY [TIMES] prints a line of JSON with the medians of
// first contentful paint, of the moment at which every number of the span is to be seen, and of that at which the chart and the
// period before are as well, all in milliseconds from the navigation, and the bytes that came over the wire with an empty cache.
import { chromium } from "@playwright/test"
import { browser } from "./browser.mjs"

const [url, key, times = "3"] = process.argv.slice(2)
const started = await chromium.launch(browser())
const runs = []
for (let n = 0; n < Number(times); n++) runs.push(await once())
await started.close()
const median = (name) => runs.map((r) => r[name]).sort((a, b) => a - b)[Math.floor(runs.length / 2)]
console.log(JSON.stringify({ fcp_ms: median("fcp"), numbers_ms: median("numbers"), complete_ms: median("complete"), bytes: median("bytes"), requests: median("requests"), times: runs.length }))

async function once() {
  const context = await started.newContext({ viewport: { width: 1440, height: 900 } })
  const signed = await context.request.post(new URL("/v1/session", url).href, { data: { key }, headers: { Origin: new URL(url).origin } })
  if (!signed.ok()) throw new Error(`sign in: ${signed.status()}`)
  const page = await context.newPage()
  const wire = await context.newCDPSession(page)
  await wire.send("Network.enable")
  let bytes = 0
  let requests = 0
  wire.on("Network.loadingFinished", (e) => { bytes += e.encodedDataLength; requests++ })
  await page.goto(new URL("/ui/overview", url).href)
  // seen goes over as text, and may close over nothing. The page says what changes, and the frame after is when it is seen. To look in every frame would have the page draw sixty a second, on the
  // cores that answer it.
  const until = (seen) => page.evaluate(`new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error("not there after two minutes")), 120_000)
    const look = () => {
      if (!(${seen})()) return
      watch.disconnect()
      clearTimeout(late)
      requestAnimationFrame(() => requestAnimationFrame(() => done(Math.round(performance.now()))))
    }
    const watch = new MutationObserver(look)
    watch.observe(document, { subtree: true, childList: true, attributes: true })
    look()
  })`)
  const numbers = await until(() => {
    const tiles = [...document.querySelectorAll(".tile")]
    return tiles.length > 0 && tiles.every((t) => t.querySelector(".spark") && !t.querySelector(".bones, .state"))
  })
  const complete = await until(() => !document.querySelector(".tile[aria-busy=true]") && document.querySelector("figure.chart canvas"))
  const fcp = await page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime))
  await context.close()
  return { fcp, numbers, complete, bytes, requests }
}
