import type { Words } from "."
import { common } from "./zh/common"
import { drivers } from "./zh/drivers"
import { metrics } from "./zh/metrics"
import { overview } from "./zh/overview"

import { journeys } from "./zh/journeys"

export const zh: Words = { common, drivers, journeys, metrics, overview }
