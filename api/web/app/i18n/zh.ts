import type { Words } from "."
import { admin } from "./zh/admin"
import { common } from "./zh/common"
import { customer } from "./zh/customer"
import { drivers } from "./zh/drivers"
import { journeys } from "./zh/journeys"
import { metrics } from "./zh/metrics"
import { overview } from "./zh/overview"
import { review } from "./zh/review"
import { sources } from "./zh/sources"

export const zh: Words = { admin, common, customer, drivers, journeys, metrics, overview, review, sources }
