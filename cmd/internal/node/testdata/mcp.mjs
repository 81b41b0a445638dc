// Lists the tools of a server, asks for a customer's context, and for nobody's, with the official client of the
// Model Context Protocol, unmodified: it checks every answer against its tool's schema. Arguments: the URL of /mcp, a
// key, the customer's address. Prints what it saw as JSON; exits with 1 on any failure.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [url, key, customer] = process.argv.slice(2)
const client = new Client({ name: 'test', version: '1' })
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${key}` } } }))
const { tools } = await client.listTools()
const context = await client.callTool({ name: 'get_context', arguments: { customer, budget_tokens: 400 } })
if (context.isError) throw new Error(JSON.stringify(context.structuredContent))
const nobody = await client.callTool({ name: 'get_context', arguments: { customer: 'user_id:nobody' } })
await client.close()
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), context: context.structuredContent, refused: nobody.isError === true }))
