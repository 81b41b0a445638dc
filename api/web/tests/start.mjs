// Starts the program with a small company in it, on a free port of loopback, and plants hostile customers beside it.
// WEB_URL and WEB_KEY (an admin key) name a server that runs already instead. Its data folder is WEB_DATA while it runs.
import { execFile, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"
import { plant } from "./hostile.mjs"

const root = path.join(import.meta.dirname, "../../..")
const program = process.env.WEB_PROGRAM ?? path.join(root, "bin/tributary")

export default async function start() {
  const stop = process.env.WEB_URL ? async () => {} : await run(60)
  try {
    await plant(process.env.WEB_URL, process.env.WEB_KEY)
  } catch (fault) {
    await stop()
    throw fault
  }
  return stop
}

/** run starts the program with so many customers, and answers with what ends it. */
export async function run(customers) {
  if (!existsSync(program)) throw new Error(`${program} is not there: make build`)
  const folder = await mkdtemp(path.join(tmpdir(), "tributary-web-"))
  const listen = `127.0.0.1:${await freePort()}`
  const server = spawn(program, ["demo", "--customers", String(customers), "--data-dir", path.join(folder, "data")], {
    cwd: root, env: { ...process.env, TRIBUTARY_HTTP_LISTEN: listen }, stdio: ["ignore", "pipe", "pipe"],
  })
  const ended = new Promise((done) => server.once("close", done))
  const stop = async () => {
    server.kill("SIGTERM")
    await ended
    await rm(folder, { recursive: true })
  }
  process.env.WEB_URL = `http://${listen}`
  process.env.WEB_DATA = path.join(folder, "data")
  process.env.WEB_KEY = await adminKey(server, ended)
  return stop
}

/** command runs the program beside the server, as its operator, and answers with what it prints. */
export function command(...words) {
  return new Promise((done, failed) => {
    execFile(program, [...words, "--data-dir", process.env.WEB_DATA], (fault, said, told) => fault ? failed(new Error(`${words.join(" ")}: ${told}`)) : done(said.trim()))
  })
}

/** adminKey is what the program prints once it is ready. */
function adminKey(server, ended) {
  return new Promise((found, failed) => {
    let said = ""
    const read = (chunk) => {
      said += chunk
      const key = said.match(/admin key\s+(trb_a_\w+)/)
      if (key) found(key[1])
    }
    server.stdout.on("data", read)
    server.stderr.on("data", read)
    void ended.then(() => failed(new Error(`the program ended before it was ready:\n${said}`)))
  })
}

/** freePort is one that nobody listens on now. */
function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed)
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address()
      probe.close(() => found(port))
    })
  })
}
