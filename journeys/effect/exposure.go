package effect

import (
	"slices"
	"strings"
)

// Exposure is a quality of service by which contacts are told apart.
type Exposure string

// The exposures.
const (
	ExposureCSAT                Exposure = "csat"
	ExposureFCR                 Exposure = "fcr"
	ExposureFCRAnyTopic         Exposure = "fcr_any_topic"
	ExposureConfirmedResolution Exposure = "confirmed_resolution"
	ExposureRepeatContact       Exposure = "repeat_contact"
	ExposureSilentFailure       Exposure = "silent_failure"
	ExposureLongWait            Exposure = "long_wait"
	ExposureAbandoned           Exposure = "abandoned"
	ExposureTransferred         Exposure = "transferred"
	ExposureAIBegan             Exposure = "ai_began"
	ExposureContained           Exposure = "contained"
)

// Exposed says what an exposure compares.
type Exposed struct {
	Name Exposure `json:"name"`
	// Of says which contacts it tells something of, Exposed which of these are exposed; the others are not.
	Of      string `json:"of"`
	Exposed string `json:"exposed"`
	// SettlesDays is how long after the begin of the contact it is known; 0: at the end of the contact. Outcomes are
	// counted from then on (a landmark: Anderson, Cain and Gelber, Journal of Clinical Oncology 1, 1983).
	SettlesDays int `json:"settles_days"`
}

// settles is how many days an exposure takes that is about a week after the contact; sql/queries/effect has it too.
const settles = 7

// exposures are those of sql/queries/effect/units.sql; the words of contacts are those of journeys/cx.
var exposures = []Exposed{
	{ExposureCSAT, "contacts about which a CSAT survey with a declared scale was answered within 7 days of the begin", "the last such answer is one of the two best points of its scale", settles},
	{ExposureFCR, "handled contacts about a topic, with no handled one of the same person and topic in the 7 days before", "no other contact of the person about the topic within 7 days", settles},
	{ExposureFCRAnyTopic, "handled contacts, with no handled one of the same person in the 7 days before", "no other contact of the person within 7 days", settles},
	{ExposureConfirmedResolution, "contacts that an AI or a human answered", "the resolution was confirmed", 0},
	{ExposureRepeatContact, "contacts", "followed by another contact of the person within 7 days", settles},
	{ExposureSilentFailure, "contacts that an AI contained", "followed by another contact of the person within 7 days", settles},
	{ExposureLongWait, "contacts that waited for a human, and met one", "the wait was longer than wait_over_s", 0},
	{ExposureAbandoned, "contacts that were queued, offered, answered by a human or given up, but for those given up within 10 seconds", "given up before a human answered", 0},
	{ExposureTransferred, "contacts that a human answered", "transferred at least once", 0},
	{ExposureAIBegan, "contacts that an AI or a human answered", "an AI answered first", 0},
	{ExposureContained, "contacts that an AI began", "no human took part or was asked for, and nobody gave up", 0},
}

// Exposures lists what exposures there are.
func Exposures() []Exposed { return slices.Clone(exposures) }

// exposed finds an exposure.
func exposed(name Exposure) (Exposed, bool) {
	at := slices.IndexFunc(exposures, func(x Exposed) bool { return x.Name == name })
	if at < 0 {
		return Exposed{}, false
	}
	return exposures[at], true
}

func exposureNames() string {
	names := make([]string, len(exposures))
	for i, x := range exposures {
		names[i] = string(x.Name)
	}
	return strings.Join(names, ", ")
}

// Retained is what it means that a customer stayed.
type Retained string

// The meanings.
const (
	// RetainedNotChurned: active, and not cancelled.
	RetainedNotChurned Retained = "not_churned"
	// RetainedActive: visited page or app, or ordered or paid, within the last ActiveDays of the window.
	RetainedActive Retained = "active"
	// RetainedNotCancelled: no subscription was cancelled in the window without another one being started after.
	RetainedNotCancelled Retained = "not_cancelled"
)

// of says whether somebody stayed.
func (r Retained) of(u *unit) bool {
	switch r {
	case RetainedActive:
		return u.Active
	case RetainedNotCancelled:
		return !u.Cancelled
	case RetainedNotChurned:
	}
	return u.Active && !u.Cancelled
}

// Covariate is something known before the contact in which people are made alike.
type Covariate string

// The covariates.
const (
	ByTenure         Covariate = "tenure"
	ByRevenueBefore  Covariate = "revenue_before"
	ByContactsBefore Covariate = "contacts_before"
	ByTopic          Covariate = "topic"
	ByChannel        Covariate = "channel"
)

// Covariates lists all of them, in the order in which strata show them.
func Covariates() []Covariate {
	return []Covariate{ByTenure, ByRevenueBefore, ByContactsBefore, ByTopic, ByChannel}
}
