import { plural } from ".."

export const common = {
  pages: {
    overview: "Overview", journeys: "Journeys", drivers: "Contact drivers", customers: "Customers", review: "Review queue",
    sources: "Sources", admin: "Admin",
  },
  menu: "Menu",
  skip: "Skip to the page",
  language: "Language",
  theme: { label: "Appearance", system: "As the system", light: "Light", dark: "Dark" },
  search: "Find a customer",
  signIn: {
    title: "Sign in", key: "Key", hint: "A key of this server, such as trb_r_…; it stays in a cookie that no script can read.",
    submit: "Sign in", out: "Sign out", ended: "Your session has ended. Sign in again to go on where you were.", with: (name: string) => `Sign in with ${name}`,
    or: "or", workspace: "Workspace", notOut: "You are still signed in: the server could not be reached.",
    faults: {
      unavailable: "The sign-in service cannot be reached. Try again in a moment, or sign in with a key.",
      refused: "The sign-in service did not sign you in.",
      stale: "The sign-in took too long, or began in another browser. Begin again.",
      invalid: "The sign-in service's answer could not be proven. Tell whoever runs this server.",
      no_rights: "Your account has no rights here. Ask whoever runs this server for them.",
      limited: "Too many sign-ins from here failed. Wait a few seconds, and begin again.",
    },
  },
  states: {
    loading: "Loading", slow: "This takes longer than usual. It is still being worked on.",
    empty: "Nothing here", error: "This could not be shown", retry: "Try again",
    unreachable: "The server cannot be reached", unreachableHint: "Check your connection. What was shown before may be out of date.",
    denied: "Your key does not allow this", deniedHint: (scope: string) => `It needs the scope ${scope}. Whoever gave you the key can give you one that has it.`,
    request: (id: string) => `Request ${id}`,
    notFound: "There is no such page", notFoundHint: "The address may be mistyped.",
  },
  denied: { needs: "It needs the scope", have: "Your key has", ask: "Somebody who administers this workspace can make you a key, here or where the server runs:" },
  actions: {
    close: "Close", cancel: "Cancel", copy: "Copy", copied: "Copied", copyLink: "Copy link", more: "Show more", table: "As a table", chart: "As a chart",
    save: "Save", apply: "Apply", reset: "Reset", add: "Add", remove: "Remove", undo: "Undo", download: "Download CSV", refresh: "Refresh",
  },
  filters: {
    label: "Filters", time: "Time", from: "From", until: "Until", zone: "Time zone", channel: "Channel", source: "Source", segment: "Segment",
    agentKind: "Answered by", all: "All", ai: "AI", human: "People", days: (n: number) => `Last ${n} days`, custom: "Choose days", clear: "Clear filters",
    more: "More filters", utc: "UTC", local: "Local time",
  },
  channels: {
    web: "Web", app: "App", email: "E-mail", chat: "Chat", voice: "Voice", sms: "SMS", rcs: "RCS", whatsapp: "WhatsApp", social: "Social media", store: "Store", mail: "Letter",
  },
  rows: (n: string, count: number) => plural(count, "1 row", `${n} rows`),
  people: (n: string, count: number) => plural(count, "1 person", `${n} people`),
  live: "Live", stale: (when: string) => `As of ${when}`,
  untrusted: "Written by a customer or a source",
  yes: "Yes", no: "No",
}
