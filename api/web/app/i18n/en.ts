// English, page by page. A word that is a function takes what goes into it.
import { common } from "./en/common"
import { metrics } from "./en/metrics"
import { overview } from "./en/overview"

export const en = { common, metrics, overview }
