import { plural } from ".."

export const metrics = {
  names: {
    contacts: "Contacts", csat: "CSAT", nps: "NPS", ces: "CES", survey_response_rate: "Survey response rate", fcr: "First contact resolution",
    fcr_any_topic: "First contact resolution, any topic", repeat_contact_rate: "Repeat contacts", repeat_contact_rate_any_topic: "Repeat contacts, any topic",
    reopen_rate: "Reopened cases", aht_contact: "Handle time per contact", aht_leg: "Handle time per leg", chat_concurrency: "Chat concurrency",
    speed_of_answer: "Speed of answer", speed_of_answer_median: "Speed of answer, median", abandonment_rate: "Abandonment", transfer_rate: "Transfers",
    backlog: "Open cases", sla_met: "Service levels met", ai_containment: "AI containment", ai_confirmed_resolution: "AI confirmed resolution",
    ai_silent_failure: "AI silent failure", ai_silent_failure_topic: "AI silent failure, same topic", ai_handoff_rate: "AI hand-off rate",
    ai_cost_per_contact: "AI cost per contact", ai_cost_per_resolution: "AI cost per confirmed resolution", confirmed_resolution: "Confirmed resolution",
  },
  better: "Better is", direction: { larger: "more", smaller: "less", neither: "neither more nor less" },
  minimum: "Smallest sample", window: "Settles after", source: "Source", days: (n: number) => plural(n, "1 day", `${n} days`),
  points: (n: string) => `${n} pts`,
}
