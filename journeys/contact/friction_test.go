package contact_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/journeys/report"
)

// part is a step of a journey as the naive model has it: a conversation, a case, or one event.
type part struct {
	kind, key    string
	events       []*event.Event
	began, ended time.Time
}

// parts are the steps of one person that hold journeys together, in order.
func parts(events []*event.Event) []*part {
	byKey := map[string]*part{}
	for _, e := range events {
		kind, key := e.Name, e.Source+" "+e.MessageID
		switch {
		case isConversation(e):
			kind, key = "conversation", e.CX.ConversationID
		case strings.HasPrefix(e.Name, "case.") && e.CX.CaseID != "":
			kind, key = "case", e.CX.CaseID
		case e.Name == "survey.answered":
			continue
		}
		p := byKey[kind+" "+key]
		if p == nil {
			p = &part{kind: kind, key: key, began: e.At, ended: e.At}
			byKey[kind+" "+key] = p
		}
		p.events = append(p.events, e)
		if e.Name != "conversation.wrapped" {
			p.ended = e.At
		}
	}
	list := slices.Collect(maps.Values(byKey))
	list = slices.DeleteFunc(list, func(p *part) bool { return p.kind == "conversation" && !p.customer() })
	slices.SortFunc(list, func(a, b *part) int {
		if c := a.began.Compare(b.began); c != 0 {
			return c
		}
		if c := strings.Compare(a.kind, b.kind); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	return list
}

func (p *part) customer() bool {
	out, in := false, false
	for _, e := range p.events {
		out = out || e.CX.Direction == event.DirectionOutbound
		in = in || e.CX.Direction == event.DirectionInbound || e.CX.AuthorRole == event.AuthorCustomer
	}
	return in || !out
}

// last is the last of something that the events say.
func (p *part) last(of func(*event.Event) string) (value string) {
	for _, e := range p.events {
		if v := of(e); v != "" {
			value = v
		}
	}
	return value
}

func (p *part) has(role event.AuthorRole) bool {
	return slices.ContainsFunc(p.events, func(e *event.Event) bool { return e.CX.AuthorRole == role })
}

func (p *part) channel() string {
	for _, e := range p.events {
		if e.Channel != "" {
			return string(e.Channel)
		}
	}
	return ""
}

// naiveJourneys cuts one person's parts into journeys.
func naiveJourneys(events []*event.Event, gap time.Duration) (list [][]*part) {
	var ended time.Time
	for _, p := range parts(events) {
		if list == nil || p.began.After(ended.Add(gap)) {
			list = append(list, nil)
			ended = p.ended
		}
		list[len(list)-1] = append(list[len(list)-1], p)
		if p.ended.After(ended) {
			ended = p.ended
		}
	}
	return list
}

// naiveFriction counts the friction points of a journey by kind; minutes of waiting.
func naiveFriction(journey []*part, waitOver float64) map[contact.Friction]float64 {
	n := map[contact.Friction]float64{}
	verified, failed := 0, 0
	said := map[string]string{}
	told := map[string]string{}
	channel := ""
	first := true
	for _, p := range journey {
		switch p.kind {
		case "case":
			for _, e := range p.events {
				if e.Name == "case.reopened" {
					n[contact.FrictionReopened]++
				}
			}
			continue
		case "invoice.payment_failed":
			if failed++; failed > 1 {
				n[contact.FrictionPaymentLoop]++
			}
			continue
		case "invoice.paid":
			failed = 0
			continue
		case "conversation":
		default:
			continue
		}
		if c := p.channel(); !first && c != "" && channel != "" && c != channel {
			n[contact.FrictionChannelSwitch]++
		}
		channel, first = p.channel(), false
		transfers, identified, again := 0, 0, false
		for _, e := range p.events {
			switch e.Name {
			case "conversation.transferred", "conversation.handed_off":
				n[contact.FrictionTransfer]++
				transfers++
			case "conversation.verified":
				if verified++; verified > 1 {
					n[contact.FrictionReverification]++
				}
			case "conversation.identified":
				if identified++; identified > 1 {
					n[contact.FrictionReverification]++
				}
			case "conversation.answered", "conversation.abandoned":
				if e.CX.WaitS != nil && *e.CX.WaitS > waitOver {
					n[contact.FrictionWait] += (*e.CX.WaitS - waitOver) / 60
				}
			case "conversation.message":
				text := strings.ToLower(strings.Join(strings.Fields(e.CX.Text), " "))
				here := fmt.Sprint(p.key, transfers)
				if e.CX.AuthorRole != event.AuthorCustomer || len(text) < 15 {
					continue
				}
				if said[text] == "" {
					said[text] = here
				} else if said[text] != here {
					n[contact.FrictionRepeated]++
					again = true
				}
			}
		}
		topic := p.last(func(e *event.Event) string { return e.CX.Topic })
		agent := p.last(func(e *event.Event) string { return e.CX.AgentID })
		if agent == "" && p.has(event.AuthorAI) && !p.has(event.AuthorHuman) {
			agent = "ai"
		}
		if topic != "" && agent != "" {
			if !again && told[topic] != "" && told[topic] != agent {
				n[contact.FrictionRepeated]++
			}
			told[topic] = agent
		}
	}
	return n
}

func TestFrictionIsThatOfANaiveCount(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		all, home := drawContacts(rt)
		s := w.plant(t, rt, all, home)
		gap := time.Duration(rapid.IntRange(1, 10*24).Draw(rt, "gap")) * time.Hour
		wait := rapid.IntRange(0, 120).Draw(rt, "wait")
		request := contact.FrictionRequest{FrictionMeasure: contact.FrictionMeasure{
			ChainRequest: contact.ChainRequest{Request: report.Request{From: "2026-03-01", Until: "2026-03-16"}, GapHours: int(gap.Hours())}, WaitOverS: &wait,
		}}
		got, err := s.reports.Friction(t.Context(), s.name, request)
		s.must(rt, err)
		want, journeys := map[contact.Friction]float64{}, 0
		for _, events := range s.people() {
			for _, j := range naiveJourneys(events, gap) {
				began := j[0].began
				if began.Before(epoch) || !began.Before(epoch.AddDate(0, 0, 15)) || !slices.ContainsFunc(j, func(p *part) bool { return p.kind == "conversation" }) {
					continue
				}
				journeys++
				for kind, n := range naiveFriction(j, float64(wait)) {
					want[kind] += n
				}
			}
		}
		if got.Journeys != journeys {
			rt.Fatalf("%d journeys, want %d", got.Journeys, journeys)
		}
		total := 0.0
		for _, w := range got.Weights {
			n := 0.0
			for _, p := range got.Kinds {
				if p.Kind == w.Kind {
					n = p.Effort
				}
			}
			total += n
			if math.Abs(n-want[w.Kind]*w.Weight) > 1e-9*math.Max(1, n) {
				rt.Fatalf("%s: %v points, want %v", w.Kind, n, want[w.Kind]*w.Weight)
			}
		}
		if math.Abs(total-got.Total) > 1e-9*math.Max(1, total) {
			rt.Fatalf("%v points in all, the kinds have %v", got.Total, total)
		}
	})
}
