// Which browser the tests drive: Debian's Chromium, or the one that CHROMIUM names.
import { existsSync } from "node:fs"

export function browser() {
  const named = process.env.CHROMIUM
  const executablePath = (named ? [named] : ["/usr/bin/chromium", "/usr/bin/chromium-browser"]).find((p) => existsSync(p))
  if (!executablePath) throw new Error("Chromium is not there: apt-get install chromium, or name one in CHROMIUM")
  // Chromium refuses its sandbox to root, as whom CI runs.
  return { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] }
}
