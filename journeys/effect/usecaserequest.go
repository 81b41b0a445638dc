package effect

import (
	"math"
	"strconv"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// What use cases are told apart by besides their topic.
const (
	ByUseChannel = "channel"
	ByUseAgent   = "agent" // who of the AIs spoke first: agent_id, else the model
)

// UseCaseRequest asks which uses of AI pay. The filter chooses contacts, an AI's and a human's alike.
type UseCaseRequest struct {
	report.Request
	By []string `json:"by,omitempty"` // channel, agent
	// CostPerMinute is what a minute of a person's talk, hold and wrap-up costs, in the unit of the costs that events name.
	// Absent: what events name of contacts with a human is all.
	CostPerMinute *float64 `json:"cost_per_minute,omitempty"`
	// AICost stands for contacts begun by AI of which no event names a cost; absent: the mean of the others.
	AICost *float64 `json:"ai_cost_per_contact,omitempty"`
	// Currency is what costs are in, by ISO 4217; needed with Value, for money of several is never added.
	Currency string `json:"currency,omitempty"`
	// Value asks for the adjusted difference in retention and revenue, AI less human.
	Value   *Outcomes `json:"value,omitempty"`
	Minimum int       `json:"minimum,omitempty"` // contacts and people below which there is no verdict; default Minimum
}

// useQuery is a request that was checked.
type useQuery struct {
	scope    report.Scope
	channel  bool
	agent    bool
	minimum  int
	currency string
	value    *query // nil: not asked
}

// maxCost bounds what a minute or a contact may cost.
const maxCost = 1e9

func (r *UseCaseRequest) check(workspace string, now time.Time, faults *event.Errors) *useQuery {
	q := &useQuery{scope: r.Scope(workspace, now, faults), currency: r.Currency}
	for i, by := range r.By {
		switch by {
		case ByUseChannel:
			q.channel = true
		case ByUseAgent:
			q.agent = true
		default:
			faults.Add("by["+strconv.Itoa(i)+"]", "must be channel or agent; topics are always told apart")
		}
	}
	if len(r.Filter.AgentKinds) > 0 {
		faults.Add("filter.agent_kinds", "cannot be given: AI is set beside humans")
	}
	for field, v := range map[string]*float64{"cost_per_minute": r.CostPerMinute, "ai_cost_per_contact": r.AICost} {
		if v != nil && (math.IsNaN(*v) || *v < 0 || *v > maxCost) {
			faults.Add(field, "must be a number from 0 to 1000000000")
		}
	}
	q.minimum = number(r.Minimum, Minimum, 1_000_000, "minimum", faults)
	if r.Currency != "" && !isCurrency(r.Currency) {
		faults.Add("currency", "must be a currency by ISO 4217, such as EUR")
	}
	if r.Value != nil {
		if r.Currency == "" {
			faults.Add("currency", "is required with value: costs and revenue are added in it alone")
		}
		q.value = &query{Outcomes: *r.Value, perTopic: true, agents: q.agent, waitOver: DefaultWaitOver}
		q.value.exposure, _ = exposed(ExposureAIBegan)
		q.value.fillAt("value.", []Covariate{ByTenure, ByRevenueBefore, ByContactsBefore}, faults)
	}
	return q
}

// isCurrency says whether a text has the form of a currency.
func isCurrency(text string) bool {
	if len(text) != 3 {
		return false
	}
	for _, c := range text {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// fillAt is fill for outcomes that stand at a path.
func (o *Outcomes) fillAt(path string, adjust []Covariate, faults *event.Errors) {
	var own event.Errors
	o.fill(adjust, &own)
	for _, f := range own {
		faults.Add(path+f.Field, f.Reason)
	}
}

// params are the arguments of effect/costs.
func (q *useQuery) params() store.Params {
	p := q.scope.Params()
	reads(p, &q.scope, cx.Reach)
	p["agents"] = q.agent
	return p
}

// use is what is told apart.
type use struct{ Topic, Channel, Agent string }

func (q *useQuery) use(topic, channel, agent string) use {
	u := use{Topic: topic}
	if q.channel {
		u.Channel = channel
	}
	if q.agent {
		u.Agent = agent
	}
	return u
}
