package contact_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/journeys/report"
)

// talk is a contact as the naive model has it.
type talk struct {
	ids              map[string]bool
	began            time.Time
	channel, topic   string
	ai, human        bool
	lastID, sources  string
	customer, silent bool
}

func (c *talk) handler() contact.Handler {
	return map[[2]bool]contact.Handler{
		{true, true}: contact.HandlerBoth, {true, false}: contact.HandlerAI, {false, true}: contact.HandlerHuman, {false, false}: contact.HandlerNone,
	}[[2]bool{c.ai, c.human}]
}

func isConversation(e *event.Event) bool {
	return e.CX.ConversationID != "" &&
		(strings.HasPrefix(e.Name, "conversation.") || strings.HasPrefix(e.Name, "callback.") || e.Name == "ivr.step")
}

// conversations are those of one person's events, which are in order, alone: nothing goes on from another.
func conversations(events []*event.Event) (list []*talk, parents map[string]string) {
	byID := map[string]*talk{}
	parents = map[string]string{}
	for _, e := range events {
		if !isConversation(e) {
			continue
		}
		id := e.CX.ConversationID
		c := byID[id]
		if c == nil {
			c = &talk{ids: map[string]bool{id: true}, began: e.At, lastID: id}
			byID[id] = c
			list = append(list, c)
		}
		if c.channel == "" {
			c.channel = string(e.Channel)
		}
		if e.CX.Topic != "" {
			c.topic = e.CX.Topic
		}
		c.ai = c.ai || e.CX.AuthorRole == event.AuthorAI
		c.human = c.human || e.CX.AuthorRole == event.AuthorHuman
		c.customer = c.customer || e.CX.AuthorRole == event.AuthorCustomer || e.CX.Direction == event.DirectionInbound
		c.silent = c.silent || e.CX.Direction == event.DirectionOutbound
		c.sources += e.Source + " "
		if parents[id] == "" {
			parents[id] = e.CX.ParentConversationID
		}
	}
	slices.SortStableFunc(list, func(a, b *talk) int {
		if c := a.began.Compare(b.began); c != 0 {
			return c
		}
		return strings.Compare(a.lastID, b.lastID)
	})
	return list, parents
}

// naiveContacts joins conversations that go on from one another, and leaves out those without the customer.
func naiveContacts(events []*event.Event) []*talk {
	list, parents := conversations(events)
	top := func(id string) string {
		seen := map[string]bool{}
		for at := id; ; at = parents[at] {
			if seen[at] {
				return id
			}
			seen[at] = true
			if _, known := parents[parents[at]]; !known {
				return at
			}
		}
	}
	var all []*talk
	for _, c := range list {
		if c.silent && !c.customer {
			continue
		}
		joined := false
		for _, one := range all {
			if top(one.lastID) != top(c.lastID) {
				continue
			}
			joined = true
			one.ai, one.human, one.sources = one.ai || c.ai, one.human || c.human, one.sources+c.sources
			if c.topic != "" {
				one.topic = c.topic
			}
		}
		if !joined {
			all = append(all, c)
		}
	}
	return all
}

// naiveRepeats counts by name of what is counted.
func naiveRepeats(s *space, from, until, asOf time.Time, days int, source string) map[string]int {
	counts := map[string]int{}
	for _, events := range s.people() {
		var known []*event.Event
		for _, e := range events {
			if !e.At.After(asOf) && e.At.Before(until.AddDate(0, 0, days)) && !e.At.Before(from.AddDate(0, 0, -30)) {
				known = append(known, e)
			}
		}
		list := naiveContacts(known)
		for _, c := range list {
			if c.began.Before(from) || !c.began.Before(until) || !strings.Contains(c.sources, source) {
				continue
			}
			if c.began.AddDate(0, 0, days).After(asOf) {
				counts["too recent"]++
				continue
			}
			var next, same *talk
			for _, other := range list {
				later := other.began.After(c.began) || other.began.Equal(c.began) && other.lastID > c.lastID
				if !later || !other.began.Before(c.began.AddDate(0, 0, days)) {
					continue
				}
				if next == nil {
					next = other
				}
				if same == nil && c.topic != "" && c.topic == other.topic {
					same = other
				}
			}
			names := []string{"total", fmt.Sprint("first ", c.channel, " ", c.handler()), "topic " + c.topic}
			if next != nil {
				names = append(names, fmt.Sprint("pair ", c.channel, " ", c.handler(), " ", next.channel))
				counts[fmt.Sprint("day ", int(next.began.Sub(c.began).Hours()/24))]++
			}
			for _, name := range names {
				counts[name]++
				if next != nil {
					counts[name+" repeated"]++
				}
				if c.topic != "" {
					counts[name+" with topic"]++
				}
				if same != nil {
					counts[name+" same"]++
				}
			}
		}
	}
	return counts
}

func counted(r *contact.RepeatReport) map[string]int {
	counts := map[string]int{"too recent": r.TooRecent}
	put := func(name string, x contact.Repeat) {
		counts[name], counts[name+" repeated"], counts[name+" with topic"], counts[name+" same"] = x.Contacts, x.Repeated, x.WithTopic, x.RepeatedSameTopic
	}
	put("total", r.Total)
	for _, x := range r.ByFirst {
		put(fmt.Sprint("first ", x.Channel, " ", x.HandledBy), x)
	}
	for _, x := range r.ByPair {
		put(fmt.Sprint("pair ", x.Channel, " ", x.HandledBy, " ", x.Next), x)
	}
	for _, x := range r.ByTopic {
		put("topic "+*x.Topic, x)
	}
	for i, n := range r.DaysToRepeat {
		counts[fmt.Sprint("day ", i)] = n
	}
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	return counts
}

func TestRepeatsAreThoseOfANaiveCount(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		all, home := drawContacts(rt)
		s := w.plant(t, rt, all, home)
		days := rapid.IntRange(1, 12).Draw(rt, "days")
		known := epoch.AddDate(0, 0, rapid.IntRange(15, 45).Draw(rt, "known at"))
		source := drawn(rt, "of source", "", "", "bot")
		request := contact.RepeatRequest{Request: report.Request{From: "2026-03-01", Until: "2026-03-16"}, Days: days}
		request.KnownAt = known.Format(time.RFC3339)
		if source != "" {
			request.Filter.Sources = []string{source}
		}
		got, err := s.reports.Repeats(t.Context(), s.name, request)
		s.must(rt, err)
		want := naiveRepeats(s, epoch, epoch.AddDate(0, 0, 15), got.AsOf, days, source)
		if !reflect.DeepEqual(counted(got), want) {
			rt.Fatalf("counted\n%v, want\n%v", counted(got), want)
		}
	})
}
