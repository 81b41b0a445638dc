import type { Words } from "."
import { common } from "./zh/common"
import { overview } from "./zh/overview"

export const zh: Words = { common, overview }
