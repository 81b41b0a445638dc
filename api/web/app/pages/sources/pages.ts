// What is quarantined, fetched a page at a time, as far down as somebody scrolls.
import { useEffect, useRef } from "preact/hooks"
import { answered, api, type Schemas } from "../../api"
import { type Pages, usePages } from "../../paged"

export type Item = Schemas["Quarantined"]
export type Filter = { source?: string; reason?: string; status?: Item["status"] }

/** perPage is the most that one request lists. */
const perPage = 1000

/** useItems lists what fits. Another version has it begin anew. */
export function useItems(filter: Filter, version: number): Pages<Item> {
  const pages = usePages<Item>("quarantine " + JSON.stringify(filter), (after, signal) =>
    api.GET("/v1/quarantine", { params: { query: { ...filter, limit: perPage, after } }, signal }).then(answered))
  const listed = useRef(version)
  useEffect(() => {
    if (listed.current !== version) pages.load.reload()
    listed.current = version
  }, [version])
  return pages
}
