// Builds the dashboards: `node api/web/build.mjs` bundles api/web/app into api/web/dist, from which the program embeds
// them. With --dev PORT --api URL it serves them at once, builds anew on each request, and passes everything else on to
// a server that runs already; with --key KEY as who has it, without signing in.
import { build, context } from "esbuild"
import openapiTS, { astToString } from "openapi-typescript"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { createServer, request } from "node:http"
import { readFile, readdir, rm, writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"
import path from "node:path"

const here = import.meta.dirname
const app = path.join(here, "app")
const dist = path.join(here, "dist")
const base = "/ui/"

const { values: flags } = parseArgs({
  options: { dev: { type: "string" }, api: { type: "string", default: "http://127.0.0.1:8080" }, key: { type: "string" } },
})

// What the REST API answers is typed by its own document, so that a page which misreads it does not build.
const types = await openapiTS(new URL("../openapi.yaml", import.meta.url))
await writeFile(path.join(app, "schema.d.ts"), astToString(types))

const options = {
  absWorkingDir: app,
  entryPoints: { app: "main.tsx", style: "css/app.css" },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome123", "firefox121", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !flags.dev,
  entryNames: flags.dev ? "[name]" : "[name]-[hash]",
  chunkNames: "part-[hash]",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  define: { "process.env.NODE_ENV": flags.dev ? '"development"' : '"production"' },
}

/** page is index.html with the names that the files were given. What the first page needs is asked for at once. */
async function page(meta) {
  const outputs = Object.entries(meta.outputs).map(([name, output]) => ({ name: path.basename(name), ...output }))
  const script = outputs.find((o) => o.entryPoint === "main.tsx")
  const style = outputs.find((o) => o.entryPoint === "css/app.css")
  const parts = script.imports.filter((i) => i.kind === "import-statement").map((i) => path.basename(i.path))
  const links = parts.map((p) => `  <link rel="modulepreload" href="${base}${p}">`).join("\n")
  const html = await readFile(path.join(app, "index.html"), "utf8")
  return html.replace("<!-- parts -->", links).replaceAll("app.js", base + script.name).replaceAll("style.css", base + style.name)
}

/** policy is that of web.go, so that what breaks it is seen while it is written. */
async function policyOf() {
  const source = await readFile(path.join(here, "web.go"), "utf8")
  return [...source.match(/const Policy = ((?:.|\n)*?)\n\n/)[1].matchAll(/"([^"]*)"/g)].map((m) => m[1]).join("")
}
const policy = flags.dev ? await policyOf() : ""

if (flags.dev) await develop(Number(flags.dev), new URL(flags.api))
else await release()

async function release() {
  execFileSync(process.execPath, [createRequire(import.meta.url).resolve("typescript/bin/tsc"), "-p", here], { stdio: "inherit" })
  for (const name of await readdir(dist)) if (name !== "README") await rm(path.join(dist, name), { recursive: true })
  const { metafile } = await build(options)
  await writeFile(path.join(dist, "index.html"), await page(metafile))
  for (const name of await readdir(dist)) {
    if (name === "README") continue
    const content = await readFile(path.join(dist, name))
    await writeFile(path.join(dist, name + ".gz"), gzipSync(content, { level: 9 }))
    await writeFile(path.join(dist, name + ".br"), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  }
}

async function develop(port, api) {
  const bundle = await context({ ...options, write: false, sourcemap: "inline" })
  const media = { ".js": "text/javascript", ".css": "text/css" }
  createServer(async (req, res) => {
    const name = new URL(req.url, api).pathname
    if (!name.startsWith(base)) {
      // The browser's own headers go along, so that the server sees where a request is from.
      const up = request(new URL(req.url, api), { method: req.method, headers: { ...req.headers, host: api.host, ...(flags.key && { authorization: `Bearer ${flags.key}` }) } }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers)
        answer.pipe(res)
      })
      up.on("error", () => res.writeHead(502).end())
      req.pipe(up)
      return
    }
    try {
      const { metafile, outputFiles } = await bundle.rebuild()
      const file = outputFiles.find((f) => path.basename(f.path) === path.basename(name))
      const html = !/^[^/]*\.(js|css)$/.test(name.slice(base.length))
      if (!file && !html) return res.writeHead(404).end()
      res.writeHead(200, { "Content-Type": html ? "text/html" : media[path.extname(name)], "Cache-Control": "no-store", "Content-Security-Policy": policy })
      res.end(html ? await page(metafile) : file.contents)
    } catch (fault) {
      res.writeHead(500, { "Content-Type": "text/plain" }).end(String(fault))
    }
  }).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}${base} of ${api.origin}`))
}
