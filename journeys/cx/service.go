package cx

const (
	fcrSource = "SQM Group and ICMI use the same measure, with windows from one day to thirty; seven days is ours"
	peopleCut = "Who is who decides about it: somebody taken for two people never comes back, so say the identity_version with the number. "
)

// talkNames are the events that conversations are made of.
var talkNames = []string{
	"conversation.started", "conversation.answered", "conversation.message", "conversation.transferred", "conversation.abandoned", "conversation.ended",
}

var handleParts = []part{{"talk", "talk_ms"}, {"hold", "hold_ms"}, {"wrap", "wrap_ms"}}

// service are the metrics of how contacts and cases are served.
var service = []Metric{
	{
		ID: "contacts", Name: "Contacts", Unit: UnitCount, Better: BetterNeither, By: byContact,
		Formula: "Inbound conversations that began, on any channel, whoever answered them, and whether anybody did.",
		Notes: "Of the bucket in which the first event of the conversation happened. Abandoned contacts count, agreed call backs and outbound conversations do not. " +
			"A bucket without any has no point: read it as 0.",
		Source: ownDefinition,
		rows:   ofContacts, kind: volume, of: columns{counted: "eligible", numerator: "1", names: talkNames},
	},
	{
		ID: "fcr", Name: "First contact resolution", Unit: UnitShare, Better: BetterLarger, Minimum: 50, By: byContact, Series: "callback", WindowDays: 7, Comparable: true,
		Formula: "First inbound contacts about a topic that the same person did not follow with another inbound contact about the topic, on any channel, within 7 days of " +
			"its start, of all first ones. First: handled, and no handled one of the same person and topic in the 7 days before.",
		Notes: peopleCut + "Contacts that name no topic are left out (fcr_any_topic has them), so are those abandoned or answered by nobody. Contacts in which " +
			"a call back was agreed are told apart, and the call back is no contact. Days younger than the window are too good yet: immature says how many. " + wilsonCite,
		Source: fcrSource,
		rows:   ofContacts, kind: share, of: columns{counted: "first_topic", numerator: "once_topic", mature: "week_over", series: "callback_series", names: talkNames},
	},
	{
		ID: "fcr_any_topic", Name: "First contact resolution, any topic", Unit: UnitShare, Better: BetterLarger, Minimum: 50, By: byContact, Series: "callback", WindowDays: 7, Comparable: true,
		Formula: "First inbound contacts that the same person did not follow with another inbound contact about anything, on any channel, within 7 days of its start, of all first ones.",
		Notes:   peopleCut + "As fcr, whatever the topic: the lower bound of it, and all there is where topics are not told. " + wilsonCite,
		Source:  fcrSource,
		rows:    ofContacts, kind: share, of: columns{counted: "first_any", numerator: "once_any", mature: "week_over", series: "callback_series", names: talkNames},
	},
	{
		ID: "repeat_contact_rate", Name: "Repeat contact rate", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact,
		Formula: "Inbound contacts about a topic that started within 7 days of the start of another inbound contact of the same person about that topic, on any channel, of all that name a topic.",
		Notes:   peopleCut + "Abandoned contacts count, agreed call backs do not. It looks back, so that it is settled at once. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "eligible_topic", numerator: "repeat_topic", names: talkNames},
	},
	{
		ID: "repeat_contact_rate_any_topic", Name: "Repeat contact rate, any topic", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact,
		Formula: "Inbound contacts that started within 7 days of the start of another inbound contact of the same person, on any channel, of all.",
		Notes:   peopleCut + "Abandoned contacts count, agreed call backs do not. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "eligible", numerator: "repeat_any", names: talkNames},
	},
	{
		ID: "reopen_rate", Name: "Reopen rate", Unit: UnitShare, Better: BetterSmaller, Minimum: 30, By: byCase, WindowDays: 7,
		Formula: "Resolutions of cases after which the case was reopened within 7 days, of all resolutions.",
		Notes:   "A case that is resolved twice counts twice; of several resolutions in a row the last one. " + wilsonCite,
		Source:  "HDI, service desk metrics, with a window",
		rows:    ofResolutions, kind: share, of: columns{counted: "resolved", numerator: "reopened", mature: "week_over", names: []string{"case.resolved", "case.reopened"}},
	},
	{
		ID: "aht_contact", Name: "Average handle time per contact", Unit: UnitSeconds, Better: BetterNeither, Minimum: 30, By: byContact,
		Formula: "Talk, hold and wrap-up time of all legs together, through contacts that a human answered.",
		Notes: "Contacts whose sources tell no talk time are left out. In chat an agent has several at once, so that handling time is not the time of an agent: read it with chat_concurrency. " +
			"Shorter is not better: see fcr.",
		Source: "Cleveland, Call Center Management on Fast Forward, 4th edition, 2019: talk, hold and after-call work",
		rows:   ofContacts, kind: mean, of: columns{counted: "human_timed", numerator: "handle_ms", scale: 1000, parts: handleParts, names: talkNames},
	},
	{
		ID: "aht_leg", Name: "Average handle time per leg", Unit: UnitSeconds, Better: BetterNeither, Minimum: 30, By: []Dimension{ByChannel, BySource, ByTopic, ByTeam, ByQueue},
		Formula: "Talk, hold and wrap-up time, through legs: what one person did with a conversation, from the answer to the transfer or the end.",
		Notes: "A contact that was transferred once has two legs. Time without leg_id is of the leg answered last before it. Topic is that named in the leg. " +
			"In chat read it with chat_concurrency.",
		Source: "As aht_contact",
		rows:   ofLegs, kind: mean, of: columns{counted: "timed", numerator: "handle_ms", scale: 1000, parts: handleParts, names: talkNames},
	},
	{
		ID: "chat_concurrency", Name: "Chat concurrency", Unit: UnitRatio, Better: BetterNeither, Minimum: 30, By: []Dimension{ByChannel, BySource, ByTeam, ByQueue},
		Formula: "Time of all legs of agents in chat and messaging, through the time in which those agents had at least one.",
		Notes:   "By channel, and by what the source calls an agent. A leg is of the span in which it was answered. Divide handle time by it to estimate the time of an agent that a chat takes.",
		Source:  ownDefinition,
		rows:    ofLegs, kind: mean, of: columns{counted: "messaging", numerator: "span_ms", denominator: "covered_ms", names: talkNames},
	},
	{
		ID: "speed_of_answer", Name: "Average speed of answer", Unit: UnitSeconds, Better: BetterSmaller, Minimum: 30, By: byContact,
		Formula: "Mean wait of inbound contacts until a human first answered.",
		Notes:   "The wait is what the source says; if it says none, the time from queue or offer to answer. A few long waits move it: read speed_of_answer_median as well. Who gave up is not in it.",
		Source:  "Cleveland, 2019",
		rows:    ofContacts, kind: mean, of: columns{counted: "inbound_waited", numerator: "wait_ms", scale: 1000, names: talkNames},
	},
	{
		ID: "speed_of_answer_median", Name: "Median speed of answer", Unit: UnitSeconds, Better: BetterSmaller, Minimum: 30, By: byContact,
		Formula: "The wait of inbound contacts until a human first answered that half of them do not exceed.",
		Notes:   "As speed_of_answer; with an even number, half-way between the two in the middle.",
		Source:  "Cleveland, 2019",
		rows:    ofContacts, kind: median, of: columns{counted: "inbound_waited", numerator: "wait_ms", scale: 1000, names: talkNames},
	},
	{
		ID: "abandonment_rate", Name: "Abandonment rate", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact,
		Formula: "Inbound contacts that the customer gave up before a human answered, of all that were queued, offered, answered by a human or given up.",
		Notes:   "Those given up within 10 seconds are left out of both: they are mistakes as often as not. " + wilsonCite,
		Source:  "Cleveland, 2019, with short abandons left out",
		rows:    ofContacts, kind: share, of: columns{counted: "offered", numerator: "lost", names: talkNames},
	},
	{
		ID: "transfer_rate", Name: "Transfer rate", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact,
		Formula: "Contacts that were transferred at least once, of all that a human answered.",
		Notes:   "Hand-offs from AI to a human are no transfers: see ai_handoff_rate. " + wilsonCite,
		Source:  "COPC and ICMI use it alike",
		rows:    ofContacts, kind: share, of: columns{counted: "human", numerator: "human_transferred", names: talkNames},
	},
	{
		ID: "backlog", Name: "Open cases", Unit: UnitCases, Better: BetterSmaller, By: byCase,
		Formula: "Cases opened or reopened, and not resolved since, at the end of the bucket.",
		Notes:   "From the first event that is kept of each. A case stands under what was last said of its team, topic and the like.",
		Source:  ownDefinition,
		rows:    ofBacklog, kind: stock, of: columns{counted: "changed", numerator: "opened", names: []string{"case.opened", "case.resolved", "case.reopened"}},
	},
	{
		ID: "sla_met", Name: "Service levels met", Unit: UnitShare, Better: BetterLarger, Minimum: 30, By: byCase,
		Formula: "Cases of which no service level was breached, of all of which one was met or breached.",
		Notes:   "A case is of the time at which the first was decided. Conversations stand for themselves where no case is named. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofSLAs, kind: share, of: columns{counted: "decided", numerator: "met", names: []string{"sla.met", "sla.breached"}},
	},
}
