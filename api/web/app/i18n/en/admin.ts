import { plural } from ".."
import { definitions } from "./definitions"

export const admin = {
  tabsLabel: "Administration",
  tabs: { keys: "Keys", workspace: "Workspace", policy: "Reader policy", definitions: "Segments and traits", audit: "Audit" },
  about: {
    keys: "Keys say who may read and write in this workspace, for which purpose, and until when.",
    workspace: "What the key that you are signed in with is of.",
    policy: "The reader policy says what becomes of each class of data, for each kind of reader and purpose.",
    definitions: "Segments and computed traits are declared here, for the whole workspace.",
    audit: "Who did what in this workspace, or tried.",
  },
  check: "Check",
  purposes: { support: "Support", billing: "Billing", sales: "Sales", marketing: "Marketing", analytics: "Analytics", operations: "Operations" },
  readers: { human: "People", own_ai: "Own AI", third_party_ai: "AI of others", system: "Systems" },
  classes: {
    account: "Accounts", behaviour: "Behaviour", computed: "Computed traits", consent: "Consent", contact: "Contact details", content: "What was said", conversation: "That there was contact",
    identifier: "Identifiers", identity: "Names and birth dates", meta: "Ids and counts", money: "Money", provenance: "Sources and reasons", satisfaction: "Satisfaction", segment: "Segments", trait: "Traits",
  },
  workspace: { title: "Workspace", name: "Name", signedIn: "Signed in with a key of the kind", ends: "The session ends", others: "A key knows its own workspace alone. Others are made, closed and opened again by who runs the server:" },
  keys: {
    title: "Keys", which: "Which keys", active: "Active", create: "Make a key", none: "No keys", noneHint: "Make one for each program and person, so that each can be taken back alone.",
    note: "Name", noteHint: "What or who it is for.", unnamed: "Without a name", kind: "Kind", what: "For", scopes: "Scopes", scopeCount: (n: string) => `${n} scopes`, lastUsed: "Last used", expires: "Ends", never: "Never", actions: "Actions",
    kinds: { read: "Read", agent: "Agent", write: "Write", admin: "Admin" },
    kindHints: {
      read: "For dashboards, analysts and programs that read.", agent: "For who serves customers, people or models: reads, and writes hand-offs, promises and notes.",
      write: "For a source: sends events, and reads nothing.", admin: "May do all that your own key may. Give it to few.",
    },
    purpose: "Purpose", reader: "Reader", sourceHint: "What its events come from.", lane: "Lane", live: "Live", bulk: "Bulk", origins: "Pages", originsHint: "Only for a key that stands in web pages: their origins.",
    standing: { revoked: "Revoked", expired: "Expired" }, goesOn: "Replaced, goes on until",
    rotate: "Rotate", rotateOf: (name: string) => `Rotate ${name}`, rotateTitle: "Replace this key", rotateHint: "A new key with the same rights is made. The old one goes on for a while, so that nothing stops while you put the new one in its place.", grace: "The old key goes on for",
    revoke: "Revoke", revokeOf: (name: string) => `Revoke ${name}`, revokeTitle: "Revoke this key", revokeHint: "Whoever uses it is refused at once. This cannot be undone.", usedLast: (when: string) => `It was last used ${when}.`, usedNever: "It was never used.", revoked: "The key was revoked",
    secret: "Your new key", secretHint: "This is the only time that it is shown. Put it where the program that uses it reads its secrets.", kept: "I have kept it",
  },
  policy: {
    title: "Reader policy", as: "How it is shown", matrix: "Table", document: "Document", own: "Own policy", builtIn: "Built-in policy",
    hint: "What a reader sees of a customer, by the purpose of the key. Choose a cell to change it; nothing holds before you save.",
    reader: "Reader", class: "Data", caption: (reader: string) => `What ${reader} see`,
    does: { show: "Show", mask: "Mask", withhold: "Withhold" }, changed: "changed",
    from: { matched: "if matched", verified: "if verified" }, then: ", ", belowIt: (action: string) => `else ${action.toLowerCase()}`, upTo: (age: string) => `up to ${age}`, most: (n: string) => `at most ${n}`, agreed: (purposes: string) => `agreed: ${purposes}`,
    changes: (n: string, count: number) => plural(count, "1 cell changed", `${n} cells changed`), review: "Review and save",
    action: "What becomes of it", needs: "From which level on", below: "Under that level", levels: { "": "Claimed: anybody who asks", matched: "Matched", verified: "Verified" },
    maxAge: "Not older than", maxAgeHint: "Such as 365d; empty: any age.", limit: "At most", limitHint: "Elements in one answer; empty: all.", consent: "Agreed to", consentHint: "A purpose that the customer agreed to, such as marketing; empty: none needed.",
    said: "Where the policy says so now",
    differences: (n: string, count: number) => plural(count, "One rule will be another:", `${n} rules will be others:`), noDifference: "Nothing will change for anybody", before: "Now", after: "Then", looser: "Shows more", stricter: "Shows less",
    comments: "The document has comments. They are not kept when it is saved from the table; edit the document to keep them.", saved: "The policy holds from now on", valid: "The document is a policy.",
    toBuiltIn: "Back to the built-in policy", toBuiltInHint: "The workspace's own document is removed, and the policy that comes with the program holds at once.",
  },
  definitions,
  audit: {
    title: "Audit trail", at: "When", actor: "Who", onBehalf: "for", action: "What", subject: "Of what", outcome: "Outcome", reason: "Reason", outcomes: { done: "Done", refused: "Refused", failed: "Failed" },
    none: "Nothing is on record", noneHint: "Choose other filters or a longer time. Lines show once they are in ClickHouse.", all: "that is all",
  },
}
