package contact

import (
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// Friction is a kind of effort that a customer was put to.
type Friction string

// The kinds of friction; the table below says what is counted as each.
const (
	FrictionTransfer       Friction = "transfer"
	FrictionReverification Friction = "reverification"
	FrictionRepeated       Friction = "repeated"
	FrictionChannelSwitch  Friction = "channel_switch"
	FrictionWait           Friction = "wait"
	FrictionReopened       Friction = "reopened"
	FrictionPaymentLoop    Friction = "payment_loop"
)

// Weighed is a kind of friction, with its weight in effort points.
type Weighed struct {
	Kind   Friction `json:"kind"`
	Weight float64  `json:"weight"`
	Counts string   `json:"counts"` // what is counted, and so what the weight is of
	Reason string   `json:"reason"` // why the default weight is what it is
}

// DefaultWaitOver is from how many seconds on a wait is an effort, and MaxWeight bounds a weight.
const (
	DefaultWaitOver = 60
	MaxWeight       = 100
)

// weights are the defaults. They are a convention, not a measurement: a transfer is 1, and the others are set against it
// by what is known of what makes customers leave (M. Dixon, K. Freeman, N. Toman: Stop Trying to Delight Your
// Customers, Harvard Business Review, July 2010: having to come again and to explain again are named most, then transfers and
// changes of channel). The report's correlations with CES, CSAT and churn are there to set one's own.
var weights = []Weighed{
	{FrictionTransfer, 1, "a conversation.transferred or conversation.handed_off", "the unit: one more person to get used to"},
	{FrictionReverification, 1, "a conversation.verified after the journey's first, and a conversation.identified after the first of its conversation",
		"as much work for the customer as a transfer, and often its consequence"},
	{FrictionRepeated, 2, "a text of 15 characters or more that the customer wrote before, in another conversation or before a transfer; or a contact without such, on a topic " +
		"that the journey's contacts told another agent before", "explaining again is named before transfers in the study"},
	{FrictionChannelSwitch, 1, "a contact on another channel than that of the journey's contact before", "named about as often as a transfer in the study"},
	{FrictionWait, 0.2, "a minute beyond the threshold of the wait_s of a conversation.answered or conversation.abandoned", "five minutes of waiting are as bad as a transfer: a convention"},
	{FrictionReopened, 3, "a case.reopened", "what was said to be solved was not: the customer begins again, which is named most in the study"},
	{FrictionPaymentLoop, 2, "an invoice.payment_failed after another one with no payment between", "the second failure is one that the first did not help with: a convention"},
}

// Weights returns the default weights.
func Weights() []Weighed { return slices.Clone(weights) }

// weigh returns the table with the weights that a request gives.
func weigh(given map[Friction]float64, faults *event.Errors) []Weighed {
	table := Weights()
	known := make([]string, len(table))
	for i := range table {
		kind := table[i].Kind
		known[i] = string(kind)
		if w, ok := given[kind]; ok {
			table[i].Weight, table[i].Reason = w, "as asked for"
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, string(kind)) {
			faults.Add("weights", "has a kind that is not known; known are "+strings.Join(known, ", "))
			continue
		}
		if w := given[kind]; !(w >= 0 && w <= MaxWeight) {
			faults.Add("weights."+string(kind), "must be a number from 0 to 100")
		}
	}
	return table
}
