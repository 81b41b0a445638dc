// English, page by page. A word that is a function takes what goes into it.
import { common } from "./en/common"
import { drivers } from "./en/drivers"
import { metrics } from "./en/metrics"
import { overview } from "./en/overview"

import { journeys } from "./en/journeys"

export const en = { common, drivers, journeys, metrics, overview }
