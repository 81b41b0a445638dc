package cx

const begunByAI = "Begun by AI: inbound, and the first answer or reply was an AI's. "

// automation are the metrics of what AI did, and what it did not.
var automation = []Metric{
	{
		ID: "ai_containment", Name: "AI containment", Unit: UnitShare, Better: BetterLarger, Minimum: 50, By: byContact, WindowDays: 1,
		Formula: "Contacts begun by AI that reached no human, of all begun by AI.",
		Notes: begunByAI + "What was abandoned or handed off, and where a human or a call back was asked for, is not contained, whether somebody came or not. " +
			"A contact without an end counts as over a day after its last event; until then it is immature. Contained is not resolved: " +
			"read it with ai_silent_failure and ai_confirmed_resolution. " + wilsonCite,
		Source: ownDefinition,
		rows:   ofContacts, kind: share, of: columns{counted: "ai_began", numerator: "contained", mature: "finished", names: talkNames},
	},
	{
		ID: "ai_confirmed_resolution", Name: "AI confirmed resolution", Unit: UnitShare, Better: BetterLarger, Minimum: 50, By: byContact, WindowDays: 1,
		Formula: "Contacts begun by AI that were contained and whose resolution was confirmed, of all begun by AI.",
		Notes:   begunByAI + "Assumed resolutions do not count: silence is not consent. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "ai_began", numerator: "ai_confirmed", mature: "finished", names: talkNames},
	},
	{
		ID: "ai_silent_failure", Name: "AI silent failure", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact, WindowDays: 7,
		Formula: "Contained contacts whose person contacted us again, on any channel and about anything, within 7 days of the start, of all contained.",
		Notes:   peopleCut + "It is what containment hides. About anything, so that a second contact whose topic nobody named is not missed: the upper bound; ai_silent_failure_topic is the lower one. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "contained", numerator: "silent_any", mature: "week_over", names: talkNames},
	},
	{
		ID: "ai_silent_failure_topic", Name: "AI silent failure, same topic", Unit: UnitShare, Better: BetterSmaller, Minimum: 50, By: byContact, WindowDays: 7,
		Formula: "Contained contacts about a topic whose person contacted us again about that topic, on any channel, within 7 days of the start, of all contained that name a topic.",
		Notes:   peopleCut + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "contained_topic", numerator: "silent_topic", mature: "week_over", names: talkNames},
	},
	{
		ID: "ai_handoff_rate", Name: "AI hand-off rate", Unit: UnitShare, Better: BetterNeither, Minimum: 50, By: byContact, WindowDays: 1,
		Formula: "Contacts begun by AI that were handed off, of all begun by AI.",
		Notes:   begunByAI + "Neither direction is better: an AI that hands off what it cannot do does right. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "ai_began", numerator: "ai_handed_off", mature: "finished", names: talkNames},
	},
	{
		ID: "ai_cost_per_contact", Name: "AI cost per contact", Unit: UnitCost, Better: BetterSmaller, Minimum: 30, By: byContact,
		Formula: "Cost that events of contacts begun by AI name, through those contacts.",
		Notes:   "Contacts of which no event names a cost are left out. Cost is in the unit of the sources, which must be one for the sum to mean something; people's time is not in it.",
		Source:  ownDefinition,
		rows:    ofContacts, kind: mean, of: columns{counted: "ai_priced", numerator: "cost_nano", scale: 1e9, names: talkNames},
	},
	{
		ID: "ai_cost_per_resolution", Name: "AI cost per confirmed resolution", Unit: UnitCost, Better: BetterSmaller, Minimum: 30, By: byContact, WindowDays: 1,
		Formula: "Cost that events of contacts begun by AI name, those that failed included, through those of them that were contained and confirmed as resolved.",
		Notes:   "As ai_cost_per_contact. Without a confirmed resolution it has no value.",
		Source:  ownDefinition,
		rows:    ofContacts, kind: mean, of: columns{counted: "ai_priced", numerator: "cost_nano", denominator: "ai_confirmed", scale: 1e9, mature: "finished", names: talkNames},
	},
	{
		ID: "confirmed_resolution", Name: "Confirmed resolution", Unit: UnitShare, Better: BetterLarger, Minimum: 50, By: byContact, WindowDays: 1, Comparable: true,
		Formula: "Inbound contacts with a confirmed resolution, of all that an AI or a human answered.",
		Notes:   "Whoever resolved it in the end: compared by who answered first, so that an AI gains nothing by handing off what is hard. " + wilsonCite,
		Source:  ownDefinition,
		rows:    ofContacts, kind: share, of: columns{counted: "begun", numerator: "begun_confirmed", mature: "finished", names: talkNames},
	},
}
