import { render } from "preact"
import { App, dress } from "./shell"

// No text becomes markup, but the empty one: ECharts empties its element so. Whatever else comes is refused.
const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: object): unknown } }
trustedTypes?.createPolicy("default", { createHTML: (text: string) => (text === "" ? text : null) })

dress()
render(<App />, document.body)
