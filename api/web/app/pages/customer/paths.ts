// Where a customer is found in the pages.
import { href } from "../../router"

export const tabs = ["", "timeline", "agent", "identity", "readers", "privacy"] as const
export type Tab = (typeof tabs)[number]

/** pathOf is a customer's page without the base, for tabs. */
export function pathOf(address: string, tab: string = ""): string {
  return "/customers/" + encodeURIComponent(address) + (tab && "/" + tab)
}

/** linkTo is the address of a customer's page. */
export function linkTo(address: string, tab: string = "", query?: Record<string, string>): string {
  return href(pathOf(address, tab), query)
}

/** short is the beginning of an id, by which people tell few of them apart. */
export function short(id: string): string {
  return id.slice(0, 8)
}
