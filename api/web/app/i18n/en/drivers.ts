import { plural } from ".."

/** topics are those of the taxonomy (journeys/driver/topic); one that is not here goes by its id. */
const topics: Record<string, string> = {
  billing: "Billing", "billing/charge": "Charges", "billing/invoice": "Invoices", "billing/refund": "Refunds", "billing/payment": "Payments",
  delivery: "Delivery", "delivery/late": "Late", "delivery/lost": "Lost", "delivery/damaged": "Damaged", "delivery/wrong_item": "Wrong item", "delivery/address": "Address",
  product: "Product", "product/defect": "Defects", "product/setup": "Setup", "product/compatibility": "Compatibility", "product/quality": "Quality",
  "product/information": "Information", "product/return": "Returns", "product/outage": "Outages",
  account: "Account", "account/login": "Login", "account/password": "Password", "account/data": "Personal data", "account/cancellation": "Cancellation",
  "account/plan": "Plan", "account/security": "Security",
  service: "Service", "service/wait": "Waiting", "service/agent": "Agents", "service/unresolved": "Unresolved",
  unknown: "Unknown",
}
const toldBy: Record<string, string> = { label: "A person's label", source: "The source", text: "What customers wrote", model: "A model outside" }
const methods: Record<string, string> = {
  seasonal_naive: "As a week before", seasonal_mean: "Mean of four weeks", regression: "Regression", regression_with_causes: "Regression with causes",
}
const causes: Record<string, string> = { "invoice.issued": "Invoices issued", "incident.opened": "Incidents", "order.delayed": "Delayed orders" }

export const drivers = {
  tabs: { label: "Contact drivers", topics: "Drivers", forecast: "Forecast", staffing: "Staffing", labels: "Labels" },
  topics, toldBy, methods, causes,
  conversations: (n: string, count: number) => plural(count, "1 conversation", `${n} conversations`),
  ofPeople: (n: string, count: number) => plural(count, "of 1 person", `of ${n} people`),
  unknownShare: (share: string) => `${share} of unknown topic`,
  noneTitle: "Nobody made contact in this time", noneHint: "Choose a longer span, or fewer filters.",
  topic: "Topic", told: "Name by the source", volume: "Conversations", share: "Share", people: "People", change: "Change", course: "Before", now: "Now",
  changeHint: "Against the span of the same length just before. Small counts change much by chance: what rises beyond it is marked.",
  isNew: "new", open: "Show topics", close: "Hide topics",
  names: { label: "Names of topics", ours: "Taxonomy", theirs: "As sources say" },
  unknownHint: "Nothing says what these are about: no label, no topic by the source that the taxonomy knows, no text that is clear enough.",
  courseLabel: (counts: string) => `Earliest first: ${counts}`,
  rising: {
    title: "Rising this week", badge: "Rising",
    hint: "The last seven days against the eight weeks before. What is marked as rising is more than chance explains: of all that is ever marked, 5 in 100 are false.",
    nothing: "Nothing rises beyond chance.", closest: "Nearest to it:",
    short: (n: string) => `Too little history: ${n} of the four weeks before that it takes.`,
    against: (n: string, usual: string) => `${n} this week, usually ${usual}`,
    chance: (p: number, format: (n: number) => string) =>
      p < 0.001 ? "Had nothing changed, less than one week in 1,000 would have as many."
        : p < 0.4 ? `Had nothing changed, one week in ${format(Math.round(1 / p))} would have as many.`
        : "As many as in any week.",
  },
  weeks: { title: "By week", label: "Conversations by week and group of topics", week: "Week from", hint: "Weeks of seven days that end now. Conversations of unknown topic are not in it." },
  long: {
    title: "Long conversations", above: (time: string, n: string, others: string) => `${n} took longer than ${time}; ${others} did not.`,
    hint: "The longest tenth by talk, hold and wrap-up. Listed is what they have more often than the others, beyond chance. It goes with length, and need not bring it about.",
    none: "They share nothing that the others have less often.", few: "It takes 20 conversations with a handle time, and 3 long ones.", share: (long: string, other: string) => `${long} of long ones, ${other} of the others`,
    kinds: { topic: "Topic", told_topic: "Topic by the source", step: "Step" },
  },
  by: { title: "How topics are known", chart: "Conversations by what tells their topic" },
  model: {
    none: "No label yet: topics are told from words alone.",
    few: (n: string) => `${n} of the 50 labels from which on its accuracy is measured.`,
    measured: (labels: string, share: string, error: string) => `Right in ${share} of ${labels} labels that it had not seen. Its confidence is off by ${error} on average.`,
    title: "The classifier", teach: "Teach it",
    remote: (model: string, n: string) => `${model} told ${n}.`, incomplete: "Not every text was asked about, so that what it told is left out of comparisons.",
  },
  behind: {
    examples: "Examples", people: "People", view: "Behind this number", in: (from: string, until: string) => `${from} to ${until}`,
    facts: { expected: "Usual", before: "The span before", told: "Known from", words: "Words that decided" },
    rises: "Rises beyond chance", steady: "No rise beyond chance", shortHistory: "Too little history to tell a rise",
    wrote: "Written by the customer", cut: "Written by the customer; cut", silent: "No text is kept of this conversation.",
    customer: "Customer", sure: (share: string) => `topic told from the text, ${share} sure`, unclear: "text too unclear to tell a topic", handled: (time: string) => `handled in ${time}`, says: "The source says",
    noExamples: "No example", noExamplesHint: "There are conversations, but none with a text.", noPeople: "Nobody",
    contacts: (n: string, count: number) => plural(count, "1 conversation", `${n} conversations`),
    withheld: (what: string) => `The reader policy withholds ${what} from this key.`, all: "All that hold:",
    is: { topic: "Topic", by: "Known from", word: "Word", told: "Topic by the source", step: "Step", above: "Longer than" },
  },
  labels: {
    correct: "Topic", save: "Save label", saved: (topic: string) => `Labelled: ${topic}`, taken: "The label is taken back", undone: "Undone",
    labelled: "labelled", failed: "The label was not kept",
    title: "Conversations to label", of: "Of topic", hint: "A label corrects the reports at once, and teaches the classifier what such texts are about. Labels hold no text.",
    need: (scope: string) => `Labelling needs a key with the scope ${scope}. You can read along.`,
    taught: "Taught so far", all: "Every label", none: "No label yet", noneHint: "Label a conversation: reports use it at once.",
    count: "Labels", conversation: "Conversation", source: "Source", remove: "Take back", byTopic: "By topic",
  },
  forecast: {
    controls: "What to forecast", by: "Apart by", all: "All together", channel: "Channel", topic: "Topic", horizon: "Ahead", days: (n: string) => `${n} days`, level: "Interval", grain: "Steps", day: "Days", hour: "Hours",
    series: "Series", contacts: "In the history", ahead: (n: string) => `Next ${n} days`, change: "Change", method: "Method", error: "Error", naive: "Error, as last week", saved: "Less error", within: "Within the band",
    changeHint: "Against as many days just before, which have the same days of the week where it is whole weeks.",
    errorHint: "Mean absolute error of a day or hour in the backtest: the forecast was made from earlier moments, without what came later. Beside it is the error of taking what was a week before.",
    noTopic: "No topic told", everything: "All contacts",
    title: (name: string) => `${name}: history and forecast`, history: "Contacts", mean: "Forecast", band: (share: string) => `${share} interval`, at: "Time", lower: "Lower", upper: "Upper", today: "Now",
    leftOut: (n: string, contacts: string) => `${n} more series with ${contacts} contacts are not shown.`,
    empty: "Nothing to forecast", emptyHint: "No contacts in the history that is used: 26 weeks by hour, four years by day.",
    refused: "No forecast", small: "few contacts",
    backtest: {
      title: "How wrong it was",
      less: (error: string, naive: string, share: string) => `Off by ${error} on average; last week's figures would have been off by ${naive}. That is ${share} less.`,
      more: (error: string, naive: string) => `Off by ${error} on average; last week's figures would have been off by ${naive}.`,
      band: (share: string, nominal: string) => `${share} of what came lay within the band that was to hold ${nominal}.`,
      folds: (n: string, since: string) => `From ${n} moments since ${since}, each with the same horizon.`,
      mae: "Mean error", rmse: "Root mean square", used: "used", chosen: "The one with the least squared error is used, a simpler one unless another is 1 % better.",
    },
    upstream: {
      title: "What goes before contacts", none: "Nothing upstream made the forecast better.", noneHint: "Tried were invoices, incidents and delayed orders, each some hours or days before.",
      cause: "Event", lag: "After", factor: "At its largest", gain: "Saves of the error", times: (n: string) => `${n} × contacts`,
      hint: "Events upstream whose counts made forecasts of the past better, beyond chance. They go with contacts, and need not bring them about.",
    },
  },
  staffing: {
    goal: "Goal", queue: "Channel", level: "Answered in time, %", within: "Within, s", aht: "Handle time, s", fromHistory: "as in the history", patience: "Customers wait",
    patiences: { none: "For ever (Erlang C)", history: "As in the history (Erlang A)", given: "As given (Erlang A)" }, patienceS: "Patience, s", shrinkage: "Not at work, %", occupancy: "Busy at most, %",
    title: "By hour", measure: "Show", day: "Day", sum: "Hours", sumHint: "Hours of agents of the day",
    measures: { agents: "Agents", agents_paid: "With absence", agents_at_upper: "On a busy day", occupancy: "Occupancy", mean_speed_of_answer_s: "Wait", abandoned: "Given up", service_level: "In time" },
    hints: {
      agents: "The fewest that achieve the goal at what is forecast.", agents_paid: "With those who are not at work.", agents_at_upper: "The fewest at the upper end of the interval of 90 %.",
      occupancy: "Percent of their time in which agents are busy.", mean_speed_of_answer_s: "Mean wait until the answer, in seconds.", abandoned: "Percent that give up before the answer.", service_level: "Percent answered in time.",
    },
    load: "Load, Erlang", wait: "Waits", forecast: "Contacts",
    basis: (model: string, aht: string) => `${model}, handle time ${aht}`, basisHistory: (contacts: string) => `of ${contacts} contacts`, patient: (time: string) => `patience ${time}`,
    models: { erlang_c: "Erlang C", erlang_a: "Erlang A" },
    chats: "One agent serves one contact at a time. For chats side by side, give the handle time divided by how many.",
    refused: "No agents can be told", peak: (n: string, when: string) => `Most: ${n} at ${when}.`, total: (n: string) => `${n} hours of agents in all.`,
  },
}
