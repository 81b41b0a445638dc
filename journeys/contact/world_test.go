package contact_test

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/journeys/report"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// TestMain lets properties have fewer cases than rapid's own 100: each of them writes to the engine, and its disk.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	chdbtest.Main(m)
}

var (
	epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now   = epoch.AddDate(0, 0, 60)
)

// world is a store in which each case has a workspace and observations of its own.
type world struct {
	bench   *storetest.Bench
	reports *contact.Reports
	cases   uint64
	version uint64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	bench := storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(chdbtest.Engine(t), "") }}.Store(t)
	reader, err := report.NewReader(bench.Store, nil, nil, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	reports, err := contact.New(bench.Store, reader, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return &world{bench: bench, reports: reports}
}

// failer is *testing.T or *rapid.T.
type failer interface {
	Fatalf(format string, args ...any)
}

// happening is an event of one of a case's observations.
type happening struct {
	who int
	event.Event
}

// space is a case: a workspace with its events.
type space struct {
	*world
	name  string
	first uint64 // its first observation
	all   []happening
	home  map[int]int // observation to that of its profile; absent: its own
}

// plant stores events; they get ids in their order.
func (w *world) plant(t *testing.T, f failer, all []happening, home map[int]int) *space {
	w.cases++
	s := &space{world: w, name: fmt.Sprintf("w%d", w.cases), first: w.cases * 100, all: all, home: home}
	rows := make([]*store.EventRow, len(all))
	for i := range all {
		e := &all[i].Event
		e.Workspace, e.Source, e.MessageID, e.Type = s.name, cmp.Or(e.Source, "desk"), fmt.Sprintf("m-%03d", i), cmp.Or(e.Type, event.TypeTrack)
		e.OriginalAt, e.ReceivedAt = e.At, e.At
		row := store.NewEventRow(e, store.Place{LogOffset: w.cases*1000 + uint64(i)}, s.observation(all[i].who), nil)
		rows[i] = &row
	}
	s.must(f, store.Insert(t.Context(), w.bench.Store, store.Events, rows, ""))
	s.regroup(t, f, home)
	return s
}

func (s *space) observation(who int) uuid.UUID { return storetest.Observation(s.first + uint64(who)) }

func (s *space) must(f failer, err error) {
	if err != nil {
		f.Fatalf("%v", err)
	}
}

// regroup makes observations 0 to 9 those of home; absent ones are on their own.
func (s *space) regroup(t *testing.T, f failer, home map[int]int) {
	s.home = home
	s.version++
	var rows []*store.IdentityMapRow
	for who := range 10 {
		rows = append(rows, &store.IdentityMapRow{
			Workspace: s.name, Version: s.version, Observation: s.observation(who), Profile: s.observation(s.profile(who)), ChangedAt: epoch,
		})
	}
	s.must(f, store.Insert(t.Context(), s.bench.Store, store.IdentityMap, rows, ""))
	s.must(f, s.bench.ReloadIdentity(t.Context()))
}

func (s *space) profile(who int) int {
	if home, ok := s.home[who]; ok {
		return home
	}
	return who
}

// people are the events of each profile, in order of time.
func (s *space) people() map[int][]*event.Event {
	people := map[int][]*event.Event{}
	for i := range s.all {
		who := s.profile(s.all[i].who)
		people[who] = append(people[who], &s.all[i].Event)
	}
	for _, events := range people {
		slices.SortFunc(events, func(a, b *event.Event) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.MessageID, b.MessageID))
		})
	}
	return people
}

func drawn[T any](t *rapid.T, name string, of ...T) T { return rapid.SampledFrom(of).Draw(t, name) }

// drawContacts draws what conversations and other things are made of, for up to four observations over 40 days.
func drawContacts(t *rapid.T) ([]happening, map[int]int) {
	conversation := []string{
		"conversation.started", "conversation.message", "conversation.answered", "conversation.transferred", "conversation.handed_off",
		"conversation.verified", "conversation.identified", "conversation.abandoned", "conversation.ended", "conversation.wrapped", "ivr.step", "callback.completed",
	}
	texts := []string{"", "yes", "My line has been down since Monday", "my LINE  has been\ndown since monday ", "Where is my order, please?"}
	var all []happening
	for range rapid.IntRange(0, 40).Draw(t, "events") {
		h := happening{who: rapid.IntRange(0, 3).Draw(t, "who")}
		h.At = epoch.Add(time.Duration(rapid.IntRange(-10*24*4, 30*24*4).Draw(t, "quarter hours")) * 15 * time.Minute)
		h.Source = drawn(t, "source", "desk", "bot")
		h.Channel = drawn(t, "channel", "", event.ChannelChat, event.ChannelVoice, event.ChannelWeb)
		h.CX = &event.CX{}
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			h.CX.CaseID, h.Name = drawn(t, "case", "k1", "k2"), drawn(t, "case event", "case.opened", "case.resolved", "case.reopened")
		case 1:
			h.Name = drawn(t, "cause", "invoice.payment_failed", "invoice.paid", "subscription.cancelled", "order.placed")
		case 2:
			h.Name, h.CX.Survey, h.CX.Scale = "survey.answered", drawn(t, "survey", event.SurveyCSAT, event.SurveyCES), "1-5"
			score := float64(rapid.IntRange(1, 5).Draw(t, "score"))
			h.CX.Score, h.CX.AboutConversationID = &score, drawn(t, "about", "", "c1", "c2")
		default:
			c := h.CX
			h.Name, c.ConversationID = drawn(t, "name", conversation...), drawn(t, "conversation", "c1", "c2", "c3", "c4", "c5", "c6")
			c.AuthorRole = drawn(t, "role", "", event.AuthorCustomer, event.AuthorAI, event.AuthorHuman)
			c.Direction = drawn(t, "direction", "", "", event.DirectionInbound, event.DirectionOutbound)
			c.Topic = drawn(t, "topic", "", "", "bill", "outage")
			c.AgentID = drawn(t, "agent", "", "ada", "bo")
			c.Resolution = drawn(t, "resolution", "", "", event.ResolutionConfirmed, event.ResolutionNone)
			c.ParentConversationID = drawn(t, "parent", "", "", "", "", "c1", "c2", "c9")
			c.Text = drawn(t, "text", texts...)
			if h.Name == "conversation.answered" || h.Name == "conversation.ended" {
				wait := float64(rapid.IntRange(0, 400).Draw(t, "wait"))
				c.WaitS = &wait
			}
		}
		all = append(all, h)
	}
	home := map[int]int{}
	if rapid.Bool().Draw(t, "merged") {
		home[1] = 0
	}
	if rapid.Bool().Draw(t, "merged too") {
		home[3] = 2
	}
	return all, home
}
