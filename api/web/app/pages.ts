// Every page: its path, its name, the scopes without which it shows nothing, and the part that it is fetched in.
import type { ComponentType } from "preact"
import type { Words } from "./i18n"

export interface Page {
  /** path is its first part, such as "/overview"; what follows is the page's own. */
  path: string
  name: keyof Words["common"]["pages"]
  /** scope opens it. */
  scope: string
  /** inside: others open parts of it, and the page itself says which. */
  inside?: true
  load: () => Promise<{ default: ComponentType }>
}

export const pages: Page[] = [
  { path: "/overview", name: "overview", scope: "journeys:read", load: () => import("./pages/overview") },
  { path: "/journeys", name: "journeys", scope: "journeys:read", load: () => import("./pages/journeys") },
  { path: "/drivers", name: "drivers", scope: "journeys:read", load: () => import("./pages/drivers") },
  { path: "/customers", name: "customers", scope: "profiles:read", load: () => import("./pages/customer") },
  { path: "/review", name: "review", scope: "identity:write", load: () => import("./pages/review") },
  { path: "/sources", name: "sources", scope: "sources:read", load: () => import("./pages/sources") },
  { path: "/admin", name: "admin", scope: "admin", inside: true, load: () => import("./pages/admin") },
]
