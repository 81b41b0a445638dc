// How the pages are tested: each in four looks, everything else in one. `make test-web` runs it; arguments go to Playwright,
// as in `npx playwright test -c api/web/tests -g "sign in"`.
import { defineConfig } from "@playwright/test"
import { browser } from "./browser.mjs"

const wide = { width: 1440, height: 900 }
const narrow = { width: 375, height: 812 }
const look = (name, viewport, colorScheme, testMatch) => ({ name, testMatch, use: { viewport, colorScheme } })
const everywhere = "pages/*.spec.mjs"

export default defineConfig({
  testDir: ".",
  outputDir: "results",
  globalSetup: "./start.mjs",
  // The server and the browser have two cores between them.
  workers: 1,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: { launchOptions: browser(), locale: "en-GB", timezoneId: "UTC", actionTimeout: 60_000, screenshot: "only-on-failure" },
  projects: [
    look("wide", wide, "light", ["*.spec.mjs", everywhere]),
    look("wide, dark", wide, "dark", [everywhere]),
    look("narrow", narrow, "light", [everywhere, "hostile.spec.mjs"]),
    look("narrow, dark", narrow, "dark", [everywhere, "states.spec.mjs"]),
  ],
})
