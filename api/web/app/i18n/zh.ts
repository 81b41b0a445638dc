import type { Words } from "."
import { common } from "./zh/common"
import { customer } from "./zh/customer"
import { drivers } from "./zh/drivers"
import { journeys } from "./zh/journeys"
import { metrics } from "./zh/metrics"
import { overview } from "./zh/overview"

export const zh: Words = { common, customer, drivers, journeys, metrics, overview }
