package contact

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// RepeatRequest asks for Repeats. The filter chooses the first contacts: their channels, the sources of their events, who
// handled them, and people in the segment. What repeats them may be of any.
type RepeatRequest struct {
	report.Request
	Days int `json:"days,omitempty"` // default DefaultRepeatDays
}

// repeatQuery is a request that was checked.
type repeatQuery struct {
	scope report.Scope
	days  int
}

func (r *RepeatRequest) check(workspace string, now time.Time, faults *event.Errors) *repeatQuery {
	q := &repeatQuery{scope: r.Scope(workspace, now, faults), days: number(r.Days, DefaultRepeatDays, MaxRepeatDays, "days", faults)}
	return q
}

// number is n, or what stands for 0; it must be from 1 to most.
func number(n, otherwise, most int, field string, faults *event.Errors) int {
	if n == 0 {
		return otherwise
	}
	if n < 0 || n > most {
		faults.Add(field, "must be a whole number from 1 to "+strconv.Itoa(most))
	}
	return n
}

func (q *repeatQuery) window() time.Duration { return time.Duration(q.days) * day }

func (q *repeatQuery) reading() *reading {
	return &reading{scope: &q.scope, lead: looksBack, follow: q.window()}
}

// RepeatReport is what is answered.
type RepeatReport struct {
	report.About
	Repeats
	Untrusted []string `json:"untrusted"` // members that sources and customers made up
}

const repeatDefinition = "A contact is a conversation in which the customer took part, with the conversations that go on from it " +
	"(parent_conversation_id). It is repeated if the same person, as identity knows them, begins another one on any channel within the days " +
	"(of 24 hours) after its begin; on the same topic if the topic of both is said and equal. Counted are contacts that begin in the period and for which these " +
	"days have passed by as_of; the filter chooses the first contact alone. Intervals are of 95 %, by Wilson's score."

// Repeats reports how often people had to come again. It fails with event.Errors, and as report.Reader.Resolve and
// the store do.
func (r *Reports) Repeats(ctx context.Context, workspace string, request RepeatRequest) (*RepeatReport, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	if len(faults) > 0 {
		return nil, faults
	}
	about, err := r.reader.Resolve(ctx, &q.scope, repeatDefinition)
	if err != nil {
		return nil, err
	}
	sum := newTally(q.days)
	for steps, err := range r.people(ctx, q.reading()) {
		if err != nil {
			return nil, err
		}
		sum.add(q.judge(steps, about.AsOf))
	}
	answer := &RepeatReport{About: about, Repeats: *sum.done(), Untrusted: []string{"by_topic[].topic"}}
	answer.Sample = report.Sample{People: uint64(answer.People), Events: sum.events} //nolint:gosec // a count
	return answer, nil
}

// RepeatPeopleRequest asks for the people behind a number of Repeats.
type RepeatPeopleRequest struct {
	RepeatRequest
	Of RepeatGroup `json:"of,omitzero"`
	Page
}

// RepeatGroup names a number: what is not given is any.
type RepeatGroup struct {
	Channel   *string `json:"channel,omitempty"`
	HandledBy Handler `json:"handled_by,omitempty"`
	Topic     *string `json:"topic,omitempty"`
	Next      *string `json:"next_channel,omitempty"`
	Day       *int    `json:"day,omitempty"` // of DaysToRepeat
	SameTopic bool    `json:"same_topic,omitempty"`
	// All lists the contacts that were not repeated as well.
	All bool `json:"all,omitempty"`
}

func (g *RepeatGroup) check(faults *event.Errors) {
	if g.HandledBy != "" && !slices.Contains(Handlers(), g.HandledBy) {
		faults.Add("of.handled_by", "must be ai, human, ai_and_human or none")
	}
	if g.All && (g.Next != nil || g.Day != nil || g.SameTopic) {
		faults.Add("of.all", "cannot go with next_channel, day or same_topic, which are of repeated contacts")
	}
}

// takes returns the contact that repeats, of those that the group counts.
func (g *RepeatGroup) takes(a *again) (next *Step, ok bool) {
	next = a.next
	if g.SameTopic {
		next = a.sameTopic
	}
	switch {
	case a.tooRecent, next == nil && !g.All:
	case g.Channel != nil && *g.Channel != a.first.Channel:
	case g.HandledBy != "" && g.HandledBy != a.first.handler():
	case g.Topic != nil && *g.Topic != a.first.Topic:
	case g.Next != nil && *g.Next != a.next.Channel:
	case g.Day != nil && *g.Day != int(a.next.BeganAt.Sub(a.first.BeganAt)/day):
	default:
		return next, true
	}
	return nil, false
}

// RepeatPeople is a page of the people behind a number, each with the contacts that it counts.
type RepeatPeople struct {
	report.About
	People []RepeatPerson `json:"people" policy:"-"`
	Next   *uuid.UUID     `json:"next,omitempty" policy:"meta"` // asks for the next page; absent: there is none
	// Untrusted are the members that sources and customers made up.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// RepeatPerson is one of them.
type RepeatPerson struct {
	Profile  uuid.UUID       `json:"profile" policy:"meta"`
	Contacts []RepeatContact `json:"contacts" policy:"-"`
}

// RepeatContact is a contact and the one that repeats it.
type RepeatContact struct {
	First Contact  `json:"first" policy:"-"`
	Next  *Contact `json:"next,omitempty" policy:"-"`
}

// Contact is one contact; Source and MessageID are its first event.
type Contact struct {
	ConversationID string    `json:"conversation_id" policy:"conversation"`
	BeganAt        time.Time `json:"began_at" policy:"conversation"`
	Channel        string    `json:"channel" policy:"conversation"`
	HandledBy      Handler   `json:"handled_by" policy:"conversation"`
	Topic          string    `json:"topic,omitempty" policy:"conversation"`
	Source         string    `json:"source" policy:"provenance"`
	MessageID      string    `json:"message_id" policy:"provenance"`
}

func (s *Step) contactView() *Contact {
	if s == nil {
		return nil
	}
	return &Contact{
		ConversationID: s.Key, BeganAt: s.BeganAt.UTC(), Channel: s.Channel, HandledBy: s.handler(), Topic: s.Topic,
		Source: s.Source, MessageID: s.MessageID,
	}
}

// RepeatPeople lists the people behind a number, in the order of the analytics store. It fails as Repeats does.
func (r *Reports) RepeatPeople(ctx context.Context, workspace string, request RepeatPeopleRequest) (*RepeatPeople, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	request.Of.check(&faults)
	limit := number(request.Limit, DefaultPeople, MaxPeople, "limit", &faults)
	if len(faults) > 0 {
		return nil, faults
	}
	about, err := r.reader.Resolve(ctx, &q.scope, repeatDefinition)
	if err != nil {
		return nil, err
	}
	answer := &RepeatPeople{About: about, Untrusted: []string{
		"people[].contacts[].first.conversation_id", "people[].contacts[].first.topic", "people[].contacts[].first.message_id",
		"people[].contacts[].next.conversation_id", "people[].contacts[].next.topic", "people[].contacts[].next.message_id",
	}}
	answer.People, answer.Next, err = pageOf(ctx, r, q.reading(), request.After, limit, func(steps []*Step) (RepeatPerson, bool) {
		person := RepeatPerson{Profile: steps[0].Profile}
		for _, a := range q.judge(steps, about.AsOf) {
			if next, ok := request.Of.takes(&a); ok {
				person.Contacts = append(person.Contacts, RepeatContact{*a.first.contactView(), next.contactView()})
			}
		}
		return person, len(person.Contacts) > 0
	})
	return answer, err
}
