import { render } from "preact"
import { App, dress } from "./shell"

dress()
render(<App />, document.body)
