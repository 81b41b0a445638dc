// English, page by page. A word that is a function takes what goes into it.
import { admin } from "./en/admin"
import { common } from "./en/common"
import { customer } from "./en/customer"
import { drivers } from "./en/drivers"
import { journeys } from "./en/journeys"
import { metrics } from "./en/metrics"
import { overview } from "./en/overview"
import { review } from "./en/review"
import { sources } from "./en/sources"

export const en = { admin, common, customer, drivers, journeys, metrics, overview, review, sources }
