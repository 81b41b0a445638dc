// English, page by page. A word that is a function takes what goes into it.
import { common } from "./en/common"
import { overview } from "./en/overview"

export const en = { common, overview }
