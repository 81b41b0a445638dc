package contact

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// The bounds of a repeat: within how many days somebody must be back for a contact to count as not settled.
const (
	DefaultRepeatDays = 7
	MaxRepeatDays     = 90
	// maxGroups bounds each list of an answer; how many kinds are beyond, LeftOut says.
	maxGroups = 200
)

// Repeats says how often people had to come again.
//
// A contact is a conversation in which the customer took part, with all that goes on from it
// (parent_conversation_id). It is repeated if the same person begins another one within so many days (24 hours each) of
// its begin; on the same topic if that of both is said and equal. The shares are of the contacts for which
// these days have passed by the time that the report is of; those too recent are counted and left out. Of a contact and the one
// that repeats it, the first only is counted as repeated; the second is judged on its own.
type Repeats struct {
	Days      int    `json:"days"`
	TooRecent int    `json:"too_recent"` // contacts left out
	People    int    `json:"people"`     // who made the contacts that count
	Returned  int    `json:"returned"`   // of them, who came again at least once
	Total     Repeat `json:"total"`
	// By the first contact, by its topic, and by it and the channel on which its person came again. Most repeats first;
	// at most 200 each, and LeftOut says of how many more kinds there were contacts.
	ByFirst []Repeat `json:"by_first"`
	ByTopic []Repeat `json:"by_topic"`
	ByPair  []Repeat `json:"by_pair"`
	LeftOut LeftOut  `json:"left_out"`
	// DaysToRepeat counts by whole days from begin to begin: element 0 is within 24 hours.
	DaysToRepeat []int `json:"days_to_repeat"`
}

// LeftOut is how many kinds of contacts are not in the lists of Repeats. Total counts them.
type LeftOut struct {
	ByFirst int `json:"by_first"`
	ByTopic int `json:"by_topic"`
	ByPair  int `json:"by_pair"`
}

// Repeat is how often a kind of contact was repeated. What the list is not by is empty.
type Repeat struct {
	Channel   string  `json:"channel,omitempty"`
	HandledBy Handler `json:"handled_by,omitempty"`
	Topic     *string `json:"topic,omitempty"` // empty: not said
	Next      string  `json:"next_channel,omitempty"`

	Contacts int   `json:"contacts"`
	Repeated int   `json:"repeated"`
	Rate     *Rate `json:"rate,omitempty"` // of the contacts; not by pair
	// Same topic: of those whose topic is said.
	WithTopic         int   `json:"with_topic"`
	RepeatedSameTopic int   `json:"repeated_same_topic"`
	SameTopicRate     *Rate `json:"same_topic_rate,omitempty"`
}

// contacts are somebody's, in order of their begins, which is that of the steps. What goes on from a conversation is
// part of it: its topic and resolution are the last that is said, its channel that of the first.
func contacts(steps []*Step) []*Step {
	root := roots(steps)
	byRoot := map[string]*Step{}
	var list []*Step
	for _, s := range steps {
		if !s.contact() {
			continue
		}
		whole := byRoot[root[s.Key]]
		if whole == nil {
			first := *s
			byRoot[root[s.Key]] = &first
			list = append(list, &first)
			continue
		}
		whole.AI, whole.Human, whole.Events = whole.AI || s.AI, whole.Human || s.Human, whole.Events+s.Events
		whole.Topic, whole.Resolution = cmp.Or(s.Topic, whole.Topic), cmp.Or(s.Resolution, whole.Resolution)
		whole.Sources = append(slices.Clone(whole.Sources), s.Sources...)
	}
	return list
}

// again is a contact of the period, judged.
type again struct {
	first     *Step
	next      *Step // nil: there was none in time
	sameTopic *Step
	tooRecent bool
}

// judge judges those of somebody's contacts that began in the period and that the filter lets through.
func (q *repeatQuery) judge(steps []*Step, asOf time.Time) []again {
	list := contacts(steps)
	var judged []again
	for i, first := range list {
		if !covers(&q.scope, first.BeganAt) || !takes(&q.scope, first) {
			continue
		}
		until := first.BeganAt.Add(q.window())
		a := again{first: first, tooRecent: until.After(asOf)}
		for _, later := range list[i+1:] {
			if !later.BeganAt.Before(until) {
				break
			}
			if a.next == nil {
				a.next = later
			}
			if a.sameTopic == nil && first.Topic != "" && later.Topic == first.Topic {
				a.sameTopic = later
			}
		}
		judged = append(judged, a)
	}
	return judged
}

// tally adds people up.
type tally struct {
	events                   uint64
	report                   Repeats
	byFirst, byTopic, byPair map[Repeat]*Repeat
	topics                   map[string]*string // one pointer for each topic, so that it can be a key
}

func newTally(days int) *tally {
	return &tally{
		report:  Repeats{Days: days, DaysToRepeat: make([]int, days)},
		byFirst: map[Repeat]*Repeat{}, byTopic: map[Repeat]*Repeat{}, byPair: map[Repeat]*Repeat{}, topics: map[string]*string{},
	}
}

func (t *tally) add(judged []again) {
	counted, returned := 0, 0
	for i := range judged {
		a := &judged[i]
		if a.tooRecent {
			t.report.TooRecent++
			continue
		}
		counted++
		t.events += a.first.Events
		t.count(&t.report.Total, a)
		first := Repeat{Channel: a.first.Channel, HandledBy: a.first.handler()}
		t.count(at(t.byFirst, first), a)
		t.count(at(t.byTopic, Repeat{Topic: t.topic(a.first.Topic)}), a)
		if a.next != nil {
			returned++
			first.Next = a.next.Channel
			t.count(at(t.byPair, first), a)
			t.report.DaysToRepeat[int(a.next.BeganAt.Sub(a.first.BeganAt)/day)]++
		}
	}
	if counted > 0 {
		t.report.People++
	}
	if returned > 0 {
		t.report.Returned++
	}
}

const day = 24 * time.Hour

func (t *tally) topic(name string) *string {
	if t.topics[name] == nil {
		t.topics[name] = &name
	}
	return t.topics[name]
}

func at(groups map[Repeat]*Repeat, key Repeat) *Repeat {
	if groups[key] == nil {
		group := key
		groups[key] = &group
	}
	return groups[key]
}

func (t *tally) count(r *Repeat, a *again) {
	r.Contacts++
	if a.next != nil {
		r.Repeated++
	}
	if a.first.Topic != "" {
		r.WithTopic++
	}
	if a.sameTopic != nil {
		r.RepeatedSameTopic++
	}
}

func (t *tally) done() *Repeats {
	t.report.Total.rates()
	t.report.ByFirst, t.report.LeftOut.ByFirst = ranked(t.byFirst)
	t.report.ByTopic, t.report.LeftOut.ByTopic = ranked(t.byTopic)
	t.report.ByPair, t.report.LeftOut.ByPair = ranked(t.byPair)
	for i := range t.report.ByPair { // all of a pair are repeated
		t.report.ByPair[i].Rate = nil
	}
	return &t.report
}

func (r *Repeat) rates() {
	r.Rate, r.SameTopicRate = rateOf(r.Repeated, r.Contacts), rateOf(r.RepeatedSameTopic, r.WithTopic)
}

// ranked lists the kinds with the most repeats, and counts the others.
func ranked(groups map[Repeat]*Repeat) (list []Repeat, leftOut int) {
	list = make([]Repeat, 0, min(len(groups), maxGroups))
	for _, r := range slices.SortedFunc(maps.Values(groups), busier) {
		if len(list) == maxGroups {
			break
		}
		r.rates()
		list = append(list, *r)
	}
	return list, len(groups) - len(list)
}

func busier(a, b *Repeat) int {
	return cmp.Or(cmp.Compare(b.Repeated, a.Repeated), cmp.Compare(b.Contacts, a.Contacts), strings.Compare(a.Channel, b.Channel),
		cmp.Compare(a.HandledBy, b.HandledBy), strings.Compare(a.Next, b.Next), strings.Compare(textOf(a.Topic), textOf(b.Topic)))
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
