// Sends one call of each kind with Segment's own library, unmodified, and waits until all of them
// are delivered. Arguments: the gateway's URL and a write key. Exits with 1 on any failure.
import { Analytics } from '@segment/analytics-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushAt: 3, flushInterval: 50 })

let failures = 0
analytics.on('error', (error) => {
  failures++
  console.error('error', error.code, String(error.reason))
})

analytics.identify({ userId: 'u-1', traits: { email: 'ann@example.com', name: 'Ann Lee', plan: 'pro' } })
analytics.track({ userId: 'u-1', event: 'Item Purchased', properties: { price: 14.99 } })
analytics.track({
  userId: 'u-1',
  event: 'survey.answered',
  properties: { survey: 'nps', score: 9, conversation_id: 'c-1' },
  context: { channel: 'email' },
})
analytics.page({ anonymousId: 'x-1', category: 'Docs', name: 'Home', properties: { url: 'https://www.example.com/' } })
analytics.screen({ anonymousId: 'x-1', name: 'Cart' })
analytics.group({ userId: 'u-1', groupId: 'g-1', traits: { name: 'Initech' } })
analytics.alias({ userId: 'u-1', previousId: 'x-1' })
analytics.track({ userId: 'u-2', event: 'Old', timestamp: new Date('2016-02-03T04:05:06.789Z'), messageId: 'chosen' })

await analytics.closeAndFlush({ timeout: 20_000 })
process.exit(failures ? 1 : 0)
