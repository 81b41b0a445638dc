// Where the reader is: the path under /ui/ and what the query says. All state that two people may want to share is in it.
import { useEffect, useState } from "preact/hooks"

const base = "/ui"

export interface Place {
  /** path begins with a slash and is without base; its parts are still percent-encoded. */
  path: string
  query: URLSearchParams
}

const listeners = new Set<() => void>()

function here(): Place {
  return { path: location.pathname.slice(base.length) || "/", query: new URLSearchParams(location.search) }
}

function announce(): void {
  for (const listener of listeners) listener()
}
addEventListener("popstate", announce)

/** href is the address of a page, for links: a path such as "/review" with what its query is to say. */
export function href(path: string, query?: Record<string, string | undefined> | URLSearchParams): string {
  const all = query instanceof URLSearchParams ? query : new URLSearchParams()
  if (query && !(query instanceof URLSearchParams)) for (const [k, v] of Object.entries(query)) if (v) all.set(k, v)
  const text = all.toString()
  return base + path + (text && "?" + text)
}

/** go shows another page. With replace the one before is not in the history: for filters that are still being typed. */
export function go(to: string, replace = false): void {
  if (to === location.pathname + location.search) return
  history[replace ? "replaceState" : "pushState"](null, "", to)
  if (!replace) scrollTo(0, 0)
  announce()
}

/** usePlace is where the reader is, now and after every step. */
export function usePlace(): Place {
  const [place, set] = useState(here)
  useEffect(() => {
    const update = () => set(here())
    listeners.add(update)
    update()
    return () => void listeners.delete(update)
  }, [])
  return place
}

/** useParam is one word of the query, and how to change it. The default is not written into the URL. */
export function useParam(name: string, otherwise = ""): [string, (value: string) => void] {
  const { query } = usePlace()
  return [query.get(name) ?? otherwise, (value) => setParams({ [name]: value === otherwise ? "" : value })]
}

/** useParams is all values of a word of the query that may come several times. */
export function useParams(name: string): [string[], (values: string[]) => void] {
  const { query } = usePlace()
  return [query.getAll(name), (values) => setParams({ [name]: values })]
}

/** setParams changes words of the query and leaves the others; an empty value removes one. */
export function setParams(changes: Record<string, string | string[]>, replace = false): void {
  const { path, query } = here()
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name)
    for (const one of [value].flat()) if (one) query.append(name, one)
  }
  go(href(path, query), replace)
}

/** followed handles a click on a link of ours without loading the page anew; one with a modifier is the browser's. */
export function followed(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a")
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin || !link.pathname.startsWith(base + "/")) return
  event.preventDefault()
  go(link.pathname + link.search)
}
