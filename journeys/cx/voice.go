package cx

// Sources of definitions that several metrics share.
const (
	ownDefinition = "Tributary; see journeys/cx/README.md"
	wilsonCite    = "Interval: Wilson, Journal of the American Statistical Association 22 (1927)."
)

var (
	bySurvey  = []Dimension{ByChannel, BySource, ByTopic, ByAgentKind, ByTeam, ByQueue, ByLanguage, ByProduct}
	byContact = bySurvey
	byCase    = []Dimension{ByChannel, BySource, ByTopic, ByTeam, ByQueue, ByLanguage, ByProduct}
)

// voice are the metrics of what customers answer when they are asked.
var voice = []Metric{
	{
		ID: "csat", Name: "Customer satisfaction", Unit: UnitShare, Better: BetterLarger, Minimum: 30, By: bySurvey, Series: "scale", Comparable: true,
		Formula: "Answers to CSAT surveys with one of the two best points of their declared scale, of all answers on that scale.",
		Notes: "Scales are told apart and never averaged. Of a scale of fewer than five points the best one counts, of one of more than eleven the upper " +
			"fifth. An answer whose source declares no scale is counted as undeclared and has no value. Of several answers to one survey the last counts. " +
			"Channel, topic and the like are those of the conversation that was asked about, where it is known. " + wilsonCite,
		Source: "Top-2-box, as usual for scales of five; ISO 10004:2018 leaves the choice of the indicator open.",
		rows:   ofSurveys, kind: share, of: columns{counted: "csat", numerator: "csat_satisfied", denominator: "csat_scored", series: "scale_series", names: answeredNames},
	},
	{
		ID: "nps", Name: "Net promoter score", Unit: UnitPoints, Better: BetterLarger, Minimum: 100, By: bySurvey, Series: "survey_kind",
		Formula: "100 times (promoters, who answer 9 or 10, less detractors, who answer 0 to 6) through all who answer, on 0-10.",
		Notes: "Relationship and transactional surveys are told apart. Each person counts once in a bucket, with the last answer; with a breakdown " +
			"under what that answer is of. Answers on another scale than 0-10 are left out. " +
			"Interval: adjusted Wald, three answers added (Rocks, The American Statistician 70, 2016).",
		Source: "Reichheld, The One Number You Need to Grow, Harvard Business Review, December 2003",
		rows:   ofSurveys, kind: net, of: columns{counted: "nps", numerator: "nps_net", series: "kind_series", onePerson: true, names: answeredNames},
	},
	{
		ID: "ces", Name: "Customer effort score", Unit: UnitShare, Better: BetterLarger, Minimum: 30, By: bySurvey, Series: "scale",
		Formula: "Answers to CES surveys above the middle of their declared scale, that is that it was easy, of all answers on that scale.",
		Notes: "For surveys in which a higher answer means less effort (\"made it easy\": 5, 6 and 7 of 1-7). Scales are told apart, as for CSAT. " +
			"Of several answers to one survey the last counts. " + wilsonCite,
		Source: "Dixon, Toman, DeLisi, The Effortless Experience, 2013 (version 2.0 of the question)",
		rows:   ofSurveys, kind: share, of: columns{counted: "ces", numerator: "ces_easy", denominator: "ces_scored", series: "scale_series", names: answeredNames},
	},
	{
		ID: "survey_response_rate", Name: "Survey response rate", Unit: UnitShare, Better: BetterLarger, Minimum: 30, By: bySurvey, Series: "survey", WindowDays: 14,
		Formula: "Surveys sent that were answered within 14 days, of all that were sent, by when they were sent.",
		Notes: "Sending and answer are matched by source and survey_id; what was sent without one is not counted, nor are sources that do not tell of sending. " +
			"A CSAT of a tenth of the customers is the opinion of that tenth. " + wilsonCite,
		Source: "AAPOR, Standard Definitions, 10th edition (2023), response rate 1, with every survey sent taken as eligible",
		rows:   ofSurveys, kind: share, of: columns{
			counted: "sent", numerator: "responded", at: "sent_at", mature: "response_over", series: "survey_series", names: []string{"survey.sent"},
		},
	},
}

var answeredNames = []string{"survey.answered"}
