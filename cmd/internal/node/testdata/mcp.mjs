// Lists the tools of a server, asks for a customer's context, for nobody's, and for reports, with the official client of the
// Model Context Protocol, unmodified: it checks every answer against its tool's schema. Arguments: the URL of /mcp, a
// key, the customer's address, an analyst's key. Prints what it saw as JSON; exits with 1 on any failure.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [url, key, customer, analystKey] = process.argv.slice(2)

async function connect(key) {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${key}` } } }))
  return { client, tools: (await client.listTools()).tools } // from the list it has the schemas
}

async function answerOf(client, name, args) {
  const answer = await client.callTool({ name, arguments: args })
  if (answer.isError) throw new Error(`${name}: ${JSON.stringify(answer.structuredContent)}`)
  return answer.structuredContent
}

const { client, tools } = await connect(key)
const context = await answerOf(client, 'get_context', { customer, budget_tokens: 400 })
const nobody = await client.callTool({ name: 'get_context', arguments: { customer: 'user_id:nobody' } })
await client.close()

const { client: analyst } = await connect(analystKey)
const steps = [{ events: ['conversation.started'] }, { events: ['conversation.message'] }]
const reports = [
  await answerOf(analyst, 'ask_funnel', { from: '2026-01-01', steps }),
  await answerOf(analyst, 'ask_repeat_contacts', { from: '2026-01-01', days: 7 }),
  await answerOf(analyst, 'ask_drivers', { from: '2026-01-01' }),
]
await analyst.close()
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), context, refused: nobody.isError === true, reports }))
