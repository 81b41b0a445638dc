import type { Words } from ".."

export const overview: Words["overview"] = { title: "总览" }
