package effect

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tributary/identity/stats"
	"tributary/ingest/event"
	"tributary/journeys/report"
)

// Verdict says whether a use of AI pays.
type Verdict string

// The verdicts: by which side of 0 the interval lies on.
const (
	VerdictPays      Verdict = "pays"
	VerdictDoesNot   Verdict = "does_not"
	VerdictUndecided Verdict = "undecided"
)

// Why a verdict is as it is.
const (
	ReasonInterval     = "interval"
	ReasonMinimum      = "below_minimum"
	ReasonNoHumanCost  = "no_human_cost" // of contacts about the topic
	ReasonNoAICost     = "no_ai_cost"
	ReasonNoComparison = "no_comparison" // of what people paid: nobody is alike
)

// UseCases is what is answered.
type UseCases struct {
	report.About
	By       []string  `json:"by"`
	Minimum  int       `json:"minimum"`
	Costs    CostBasis `json:"costs"`
	Value    *Outcomes `json:"value,omitempty"`
	UseCases []UseCase `json:"use_cases"` // those that save most in all first
	// NotAdjusted is what may be behind a difference of Value all the same.
	NotAdjusted []string `json:"not_adjusted,omitempty"`
	Untrusted   []string `json:"untrusted"` // members that sources and models wrote
}

// UseCase is one use of AI. Costs are of a contact.
type UseCase struct {
	Topic   string `json:"topic"` // empty: nobody named one
	Channel string `json:"channel,omitempty"`
	Agent   string `json:"agent,omitempty"`
	// Contacts are those begun by AI that are settled; Immature those that are not, which count nowhere.
	Contacts int `json:"contacts"`
	People   int `json:"people"`
	Immature int `json:"immature"`

	Contained     ShareOf `json:"contained"`
	Confirmed     ShareOf `json:"confirmed"`      // contained, and confirmed as resolved
	SilentFailure ShareOf `json:"silent_failure"` // of those contained

	AI    *AICost    `json:"ai,omitempty"`
	Human *HumanCost `json:"human,omitempty"` // contacts about the same topic that a human began
	// NetSaving is Human.Total less AI.Total, of a contact.
	NetSaving *Estimate `json:"net_saving,omitempty"`
	// Stayed and Paid are adjusted, AI less human, of a person; NetValue is NetSaving with Paid, of a contact.
	Stayed   *Outcome  `json:"stayed,omitempty"`
	Paid     *Outcome  `json:"paid,omitempty"`
	NetValue *Estimate `json:"net_value,omitempty"`
	// InAll is NetValue, or if that was not asked NetSaving, of all Contacts together.
	InAll        *float64 `json:"in_all,omitempty"`
	Verdict      Verdict  `json:"verdict"`
	Reason       string   `json:"reason"`
	BelowMinimum bool     `json:"below_minimum"`
	net          amount
}

// AICost is what a contact begun by AI costs.
type AICost struct {
	Named          float64  `json:"named"`           // by its events
	People         float64  `json:"people"`          // time of people to whom it came
	SilentFailures float64  `json:"silent_failures"` // the next contact of who was contained and came again within 7 days
	OtherRepeats   float64  `json:"other_repeats"`
	Total          Estimate `json:"total"`
}

// HumanCost is what a contact that a human began costs.
type HumanCost struct {
	Contacts int      `json:"contacts"` // that tell it
	Untold   int      `json:"untold"`   // that do not, and are left out
	People   int      `json:"people"`
	Own      float64  `json:"own"`
	Repeats  float64  `json:"repeats"` // the next contact of who came again within 7 days
	Total    Estimate `json:"total"`
}

const useDefinition = "use cases 1: contacts begun by AI, by topic, beside contacts about the same topic that a human began, as far as they are settled (7 days old, and over). What a contact costs is what its " +
	"events name, and people's talk, hold and wrap-up time by cost_per_minute if that is given; with the next contact of the person on any channel and about anything, if it began within 7 days: on both sides, " +
	"for people come again to humans as well. Net saving: human less AI, by contact; intervals of 95 % by the central limit theorem, people being the units. Pays, or does not: the interval lies on one side " +
	"of 0. One in twenty verdicts would come of chance alone. An AI may get the easier contacts of a topic: nothing here is a cause."

const valueDefinition = " Retention and revenue: an adjusted association as POST /v1/journeys/effect defines it, exposure ai_began, each person once by topic, within strata of what was known before. Net value: net saving, and the difference " +
	"in revenue of a person by people through contacts, as if they were independent."

// useCount is what is added up of one use.
type useCount struct {
	UseCase
	contained, confirmed, silent   int
	named, people, failed, repeats float64
	total                          clustered
}

// humanCount is what is added up of a topic.
type humanCount struct {
	untold       int
	own, repeats float64
	total        clustered
}

// UseCases reports which uses of AI pay. It fails as Effect does.
func (r *Reports) UseCases(ctx context.Context, workspace string, request UseCaseRequest) (*UseCases, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	definition := useDefinition
	if q.value != nil {
		definition += valueDefinition
	}
	answer := &UseCases{By: append([]string{"topic"}, request.By...), Minimum: q.minimum, UseCases: []UseCase{}, Untrusted: []string{
		"use_cases[].topic", "use_cases[].agent", "use_cases[].stayed.strata[].topic", "use_cases[].paid.strata[].topic",
	}}
	var err error
	if answer.About, err = r.reader.Resolve(ctx, &q.scope, definition); err != nil {
		return nil, err
	}
	rows, err := r.contacts(ctx, q)
	if err != nil {
		return nil, err
	}
	basis := request.basis(rows)
	uses, humans := tally(q, basis, rows)
	var compared *people
	if q.value != nil {
		q.value.scope = q.scope
		if compared, err = r.read(ctx, q.value); err != nil {
			return nil, err
		}
		answer.Value, answer.NotAdjusted = &q.value.Outcomes, notAdjusted(append([]Covariate{ByTopic}, q.value.Adjust...))
	}
	for key, u := range uses {
		u.fill(q, basis, humans[key.Topic])
		if compared != nil {
			u.value(q, compared)
		}
		u.judge(q)
		answer.UseCases = append(answer.UseCases, u.UseCase)
	}
	slices.SortFunc(answer.UseCases, ranked)
	answer.Costs, answer.Sample = *basis, sampled(rows)
	return answer, nil
}

// contacts reads what a query is about.
func (r *Reports) contacts(ctx context.Context, q *useQuery) ([]costRow, error) {
	var rows []costRow
	for row, err := range r.costs.Each(ctx, q.params()) {
		if err != nil {
			return nil, err
		}
		if len(rows) == MaxPeople {
			return nil, event.Errors{{Field: "from", Reason: "is too long ago: more than 500000 contacts were made since; ask for a shorter span, or fewer channels"}}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func sampled(rows []costRow) (s report.Sample) {
	for i := range rows {
		if i == 0 || rows[i].Profile != rows[i-1].Profile {
			s.People++
		}
	}
	s.Events = uint64(len(rows))
	return s
}

// tally adds rows up, by use and, of humans, by topic.
func tally(q *useQuery, basis *CostBasis, rows []costRow) (map[use]*useCount, map[string]*humanCount) {
	uses, humans := map[use]*useCount{}, map[string]*humanCount{}
	for i := range rows {
		row := &rows[i]
		if row.AI {
			key := q.use(row.Topic, row.Channel, row.Agent)
			if uses[key] == nil {
				uses[key] = &useCount{UseCase: UseCase{Topic: key.Topic, Channel: key.Channel, Agent: key.Agent}}
			}
			uses[key].add(basis, row)
			continue
		}
		if humans[row.Topic] == nil {
			humans[row.Topic] = &humanCount{}
		}
		humans[row.Topic].add(basis, row)
	}
	return uses, humans
}

func (u *useCount) add(basis *CostBasis, row *costRow) {
	if !row.Settled {
		u.Immature++
		return
	}
	u.contained += one(row.Contained)
	u.confirmed += one(row.Confirmed)
	u.silent += one(row.Contained && row.Again)
	named, people, made := basis.price(row.own())
	again, madeNext := basis.again(row)
	u.named, u.people = u.named+named, u.people+people
	if row.Contained {
		u.failed += again
	} else {
		u.repeats += again
	}
	basis.Imputed += one(made || madeNext)
	u.total.add(row.Profile, named+people+again)
}

func (h *humanCount) add(basis *CostBasis, row *costRow) {
	switch {
	case !row.Settled:
		return
	case !basis.measured(row):
		h.untold++
		return
	}
	named, people, _ := basis.price(row.own())
	again, made := basis.again(row)
	h.own, h.repeats = h.own+named+people, h.repeats+again
	basis.Imputed += one(made)
	h.total.add(row.Profile, named+people+again)
}

// again is what the next contact costs, if it is one that repeats.
func (b *CostBasis) again(row *costRow) (cost float64, made bool) {
	if !row.Again {
		return 0, false
	}
	named, people, made := b.price(row.next())
	return named + people, made
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// fill makes shares and costs of what was added up.
func (u *useCount) fill(q *useQuery, basis *CostBasis, h *humanCount) {
	u.Contacts, u.People = u.total.n, u.total.people
	u.Contained, u.Confirmed = shareOf(u.contained, u.Contacts), shareOf(u.confirmed, u.Contacts)
	u.SilentFailure = shareOf(u.silent, u.contained)
	u.Verdict, u.BelowMinimum = VerdictUndecided, u.total.people < q.minimum || h == nil || h.total.people < q.minimum
	var human amount
	if h != nil && h.total.n > 0 {
		n := float64(h.total.n)
		human = h.total.amount()
		u.Human = &HumanCost{h.total.n, h.untold, h.total.people, h.own / n, h.repeats / n, human.estimate()}
	}
	switch {
	case u.Contacts == 0:
		u.Reason = ReasonMinimum
		return
	case basis.CostOfAI == nil:
		u.Reason = ReasonNoAICost
		return
	}
	n, ai := float64(u.Contacts), u.total.amount()
	u.AI = &AICost{u.named / n, u.people / n, u.failed / n, u.repeats / n, ai.estimate()}
	if u.Human == nil {
		u.Reason = ReasonNoHumanCost
		return
	}
	u.net = human.less(ai)
	e := u.net.estimate()
	u.NetSaving = &e
}

// value compares what became of people, an AI's and others, about the topic.
func (u *useCount) value(q *useQuery, all *people) {
	some := &people{cuts: all.cuts}
	for i := range all.units {
		x := &all.units[i]
		if x.Topic == u.Topic && (!x.Exposed || q.use(x.Topic, x.Channel, x.Agent) == use{u.Topic, u.Channel, u.Agent}) {
			some.units = append(some.units, *x)
		}
	}
	stayed, paid := some.retention(&q.value.Outcomes, 0), some.revenue(&q.value.Outcomes, q.currency, 0)
	u.Stayed, u.Paid = &stayed, &paid
	if u.NetSaving == nil {
		return
	}
	if paid.Standardised == nil || paid.Standardised.Difference.Interval == nil {
		u.Reason = ReasonNoComparison
		return
	}
	u.BelowMinimum = u.BelowMinimum || min(paid.Standardised.Exposed.People, paid.Standardised.Unexposed.People) < q.minimum
	d, share := paid.Standardised.Difference, float64(u.People)/float64(u.Contacts)
	gain := amount{d.Value * share, (d.Interval.High - d.Value) / stats.Z95 * share}
	u.net = u.net.less(amount{-gain.mean, gain.err})
	e := u.net.estimate()
	u.NetValue = &e
}

// judge says whether the use pays.
func (u *useCount) judge(q *useQuery) {
	net := u.NetSaving
	if q.value != nil {
		net = u.NetValue
	}
	if net == nil {
		return
	}
	all := net.Value * float64(u.Contacts)
	u.InAll = &all
	switch u.Reason = ReasonInterval; {
	case u.BelowMinimum || net.Interval == nil:
		u.Reason = ReasonMinimum
	case net.Interval.Low > 0:
		u.Verdict = VerdictPays
	case net.Interval.High < 0:
		u.Verdict = VerdictDoesNot
	}
}

// ranked puts what saves most in all first, and what cannot be told last.
func ranked(a, b UseCase) int {
	if (a.InAll == nil) != (b.InAll == nil) {
		return cmp.Compare(one(a.InAll == nil), one(b.InAll == nil))
	}
	return cmp.Or(cmp.Compare(or(b.InAll), or(a.InAll)), strings.Compare(a.Topic, b.Topic), strings.Compare(a.Channel, b.Channel), strings.Compare(a.Agent, b.Agent))
}
