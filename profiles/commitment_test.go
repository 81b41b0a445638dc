package profiles

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"

	"pgregory.net/rapid"
)

// spoke makes an event about a promise; at is in seconds.
func spoke(name, id string, at int, cx event.CX) *event.Event {
	cx.CommitmentID = id
	return &event.Event{
		Workspace: "w", Source: "crm", MessageID: fmt.Sprintf("%s-%s-%d", name, id, at), Type: event.TypeTrack, Name: name,
		At: epoch.Add(time.Duration(at) * time.Second), ReceivedAt: epoch, CX: &cx, Properties: json.RawMessage(`{"kind":"refund"}`),
	}
}

func did(name string, at int, cx event.CX) *event.Event {
	e := spoke(name, "", at, cx)
	e.Properties = nil
	return e
}

func onePromise(t *testing.T, events ...*event.Event) Commitment {
	t.Helper()
	s := &State{}
	for i, e := range events {
		s.Apply(e, stream.Position{Offset: uint64(i)})
	}
	again := &State{}
	if err := again.UnmarshalBinary(encode(s)); err != nil {
		t.Fatal(err)
	}
	list := foldCommitments([]Member{{Assignment: identity.Assignment{Observation: s2id(1)}, State: again}}, nil)
	if len(list) != 1 {
		t.Fatalf("got %+v", list)
	}
	return list[0]
}

func TestWhatBecomesOfAPromise(t *testing.T) {
	due := epoch.Add(100 * time.Second)
	terms := event.CX{Text: "A refund", Amount: "25.00", Currency: "EUR", OrderID: "o1", DueAt: due, AuthorRole: event.AuthorHuman}
	byAI := terms
	byAI.AuthorRole = event.AuthorAI
	refund := func(at int, amount, currency, order string) *event.Event {
		return did(event.NameRefundIssued, at, event.CX{Amount: amount, Currency: currency, OrderID: order})
	}
	made := spoke(event.NameCommitmentMade, "p", 10, terms)
	for _, tt := range []struct {
		name   string
		events []*event.Event
		want   CommitmentStatus
		late   bool
	}{
		{"made", []*event.Event{made}, CommitmentMade, false},
		{"an AI's word is a proposal", []*event.Event{spoke(event.NameCommitmentMade, "p", 10, byAI)}, CommitmentProposed, false},
		{"a proposal is not kept", []*event.Event{spoke(event.NameCommitmentMade, "p", 10, byAI), refund(20, "25", "EUR", "o1")}, CommitmentProposed, false},
		{"confirmed, and kept before that", []*event.Event{spoke(event.NameCommitmentProposed, "p", 10, byAI), refund(20, "25", "EUR", "o1"), spoke(event.NameCommitmentMade, "p", 30, terms)}, CommitmentKept, false},
		{"kept", []*event.Event{made, refund(20, "-25.0", "EUR", "")}, CommitmentKept, false},
		{"kept late", []*event.Event{made, spoke(event.NameCommitmentBroken, "p", 101, event.CX{DueAt: due}), refund(200, "25", "EUR", "o1")}, CommitmentKept, true},
		{"another amount", []*event.Event{made, refund(20, "24.99", "EUR", "o1")}, CommitmentMade, false},
		{"another currency", []*event.Event{made, refund(20, "25", "USD", "o1")}, CommitmentMade, false},
		{"another order", []*event.Event{made, refund(20, "25", "EUR", "o2")}, CommitmentMade, false},
		{"nothing that tells", []*event.Event{made, did(event.NameRefundIssued, 20, event.CX{CaseID: "k"})}, CommitmentMade, false},
		{"before it was made", []*event.Event{made, refund(9, "25", "EUR", "o1")}, CommitmentMade, false},
		{"another kind of deed", []*event.Event{made, did(event.NameCreditIssued, 20, event.CX{Amount: "25", Currency: "EUR"})}, CommitmentMade, false},
		{"broken", []*event.Event{made, spoke(event.NameCommitmentBroken, "p", 101, event.CX{DueAt: due})}, CommitmentBroken, false},
		{"broken, of another day", []*event.Event{made, spoke(event.NameCommitmentBroken, "p", 101, event.CX{DueAt: due.Add(-time.Hour)})}, CommitmentMade, false},
		{"an AI cannot say it is kept", []*event.Event{made, spoke(event.NameCommitmentKept, "p", 20, event.CX{AuthorRole: event.AuthorAI})}, CommitmentMade, false},
		{"somebody says it is kept", []*event.Event{made, spoke(event.NameCommitmentKept, "p", 20, event.CX{AuthorRole: event.AuthorHuman})}, CommitmentKept, false},
		{"an AI cannot withdraw what was made", []*event.Event{made, spoke(event.NameCommitmentWithdrawn, "p", 20, event.CX{AuthorRole: event.AuthorAI})}, CommitmentMade, false},
		{"an AI withdraws what it proposed", []*event.Event{spoke(event.NameCommitmentProposed, "p", 10, byAI), spoke(event.NameCommitmentWithdrawn, "p", 20, event.CX{AuthorRole: event.AuthorAI})}, CommitmentWithdrawn, false},
		{"withdrawn", []*event.Event{made, spoke(event.NameCommitmentWithdrawn, "p", 20, event.CX{}), refund(30, "25", "EUR", "o1")}, CommitmentWithdrawn, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 4 {
				if c := onePromise(t, tt.events...); c.Status != tt.want || c.Late != tt.late {
					t.Fatalf("got %s, late: %t", c.Status, c.Late)
				}
				rand.Shuffle(len(tt.events), func(i, j int) { tt.events[i], tt.events[j] = tt.events[j], tt.events[i] })
			}
		})
	}
}

func TestOneDeedKeepsOnePromise(t *testing.T) {
	s := &State{}
	for i, e := range []*event.Event{
		spoke(event.NameCommitmentMade, "any", 1, event.CX{}),
		spoke(event.NameCommitmentMade, "this", 2, event.CX{OrderID: "o1"}),
		did(event.NameRefundIssued, 3, event.CX{OrderID: "o1"}),
	} {
		s.Apply(e, stream.Position{Offset: uint64(i)})
	}
	got := map[string]CommitmentStatus{}
	for _, c := range foldCommitments([]Member{{State: s}}, nil) {
		got[c.ID] = c.Status
	}
	if got["this"] != CommitmentKept || got["any"] != CommitmentMade {
		t.Errorf("got %v", got)
	}
}

// TestPromisesAreNeverCrowdedOut: whatever else comes in, promises stay, and what is beyond their own bound is counted.
func TestPromisesAreNeverCrowdedOut(t *testing.T) {
	s := &State{}
	s.Apply(spoke(event.NameCommitmentMade, "p", 0, event.CX{}), stream.Position{})
	for i := range 1000 {
		s.Apply(sampleEvent(i), stream.Position{Offset: uint64(i + 1)})
	}
	if list := foldCommitments([]Member{{State: s}}, nil); len(list) != 1 || s.unpledged() != 0 {
		t.Fatalf("got %d, %d left out", len(list), s.unpledged())
	}
	for i := range maxPledges + 50 {
		s.Apply(spoke(event.NameCommitmentMade, fmt.Sprint(i), i+1, event.CX{}), stream.Position{Offset: uint64(i + 2000)})
	}
	if n := s.unpledged(); len(s.pledges) != maxPledges || n != 51 {
		t.Errorf("%d are kept, %d left out", len(s.pledges), n)
	}
}

// TestAnAICrowdsOutNoPromise: however much an AI proposes, what was promised stays, whatever the order of arrival.
func TestAnAICrowdsOutNoPromise(t *testing.T) {
	byAI := event.CX{AuthorRole: event.AuthorAI}
	var events []*event.Event
	for i := range 20 {
		events = append(events, spoke(event.NameCommitmentMade, fmt.Sprint("made-", i), i, event.CX{AuthorRole: event.AuthorHuman}))
	}
	for i := range 3 * maxPledges {
		events = append(events, spoke(event.NameCommitmentProposed, fmt.Sprint("said-", i), 1000+i, byAI), spoke(event.NameCommitmentWithdrawn, fmt.Sprint("said-", i), 2000+i, byAI))
	}
	var want []byte
	for range 3 {
		s := &State{}
		for _, e := range events {
			s.Apply(e, stream.Position{})
		}
		made := 0
		for _, c := range foldCommitments([]Member{{State: s}}, nil) {
			if c.Status == CommitmentMade {
				made++
			}
		}
		if made != 20 || s.unpledged() == 0 {
			t.Fatalf("%d promises of 20 are left, %d left out", made, s.unpledged())
		}
		only := &State{}
		only.mergePledges(s)
		if got := encode(only); want != nil && string(got) != string(want) {
			t.Fatal("what is kept hangs on the order of arrival")
		} else if want == nil {
			want = got
		}
		rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
}

// genPromise draws events about few promises, and deeds.
func genPromise(seq int) *rapid.Generator[*event.Event] {
	return rapid.Custom(func(t *rapid.T) *event.Event {
		pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
		e := &event.Event{
			Workspace: "w", Source: pick("source", "crm", "billing"), MessageID: fmt.Sprintf("m%03d", seq), Type: event.TypeTrack, ReceivedAt: epoch,
			At: epoch.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "at")) * time.Second),
		}
		e.CX = &event.CX{OrderID: pick("order", "", "o1", "o2"), AuthorRole: event.AuthorRole(pick("role", "", "ai", "human"))}
		if pick("priced", "", "yes") != "" {
			e.CX.Amount, e.CX.Currency = pick("amount", "5", "5.00", "7"), pick("currency", "EUR", "USD")
		}
		if rapid.Bool().Draw(t, "deed") {
			e.Name = pick("name", event.NameRefundIssued, event.NameOrderDelivered, event.NameCallbackCompleted)
			return e
		}
		e.Name = pick("name", event.NameCommitmentProposed, event.NameCommitmentMade, event.NameCommitmentMade, event.NameCommitmentKept, event.NameCommitmentWithdrawn)
		e.CX.CommitmentID = pick("id", "a", "b", "c")
		e.Properties = json.RawMessage(`{"kind":"` + pick("kind", "refund", "delivery", "callback") + `"}`)
		return e
	})
}

// naive looks at all events of a profile, in their order, and says what became of each promise.
func naive(events []*event.Event) map[string]CommitmentStatus {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b *event.Event) int {
		x, y := stamp{a.At.UnixMilli(), a.MessageID, a.Source}, stamp{b.At.UnixMilli(), b.MessageID, b.Source}
		return x.compare(y)
	})
	type known struct {
		Commitment
		last map[string]*event.Event // by what it says
	}
	all := map[string]*known{}
	for _, e := range events {
		if e.CX.CommitmentID == "" {
			continue
		}
		k := all[e.CX.CommitmentID]
		if k == nil {
			k = &known{last: map[string]*event.Event{}}
			all[e.CX.CommitmentID] = k
		}
		what := e.Name
		if e.CX.AuthorRole == event.AuthorAI {
			what = map[string]string{
				event.NameCommitmentMade: event.NameCommitmentProposed, event.NameCommitmentProposed: event.NameCommitmentProposed,
				event.NameCommitmentWithdrawn: "retracted",
			}[e.Name]
		}
		k.last[what] = e
	}
	status := map[string]CommitmentStatus{}
	var open []*known
	for id, k := range all {
		made, proposed := k.last[event.NameCommitmentMade], k.last[event.NameCommitmentProposed]
		terms := made
		if terms == nil {
			terms = proposed
		}
		if terms == nil {
			continue
		}
		var body struct{ Kind CommitmentKind }
		_ = json.Unmarshal(terms.Properties, &body)
		k.ID, k.Kind, k.OrderID, k.Amount, k.Currency, k.MadeAt = id, body.Kind, terms.CX.OrderID, terms.CX.Amount, terms.CX.Currency, terms.At
		if made != nil && proposed != nil && proposed.At.Before(k.MadeAt) {
			k.MadeAt = proposed.At
		}
		withdrawn := k.last[event.NameCommitmentWithdrawn]
		switch {
		case made == nil && (withdrawn != nil || k.last["retracted"] != nil):
			status[id] = CommitmentWithdrawn
		case made == nil:
			status[id] = CommitmentProposed
		case withdrawn != nil && slices.Index(events, withdrawn) > slices.Index(events, made):
			status[id] = CommitmentWithdrawn
		case k.last[event.NameCommitmentKept] != nil:
			status[id] = CommitmentKept
		default:
			status[id] = CommitmentMade
			open = append(open, k)
		}
	}
	slices.SortFunc(open, func(a, b *known) int {
		if d := b.says() - a.says(); d != 0 {
			return d
		}
		if d := a.MadeAt.Compare(b.MadeAt); d != 0 {
			return d
		}
		return int(a.ID[0]) - int(b.ID[0])
	})
	used := map[*event.Event]bool{}
	kinds := map[string]CommitmentKind{
		event.NameRefundIssued: CommitmentRefund, event.NameOrderDelivered: CommitmentDelivery, event.NameCallbackCompleted: CommitmentCallback,
	}
	for _, k := range open {
		for _, e := range events {
			if e.CX.CommitmentID != "" || used[e] || e.At.Before(k.MadeAt) || kinds[e.Name] != k.Kind {
				continue
			}
			bothOrder, bothAmount := e.CX.OrderID != "" && k.OrderID != "", e.CX.Amount != "" && k.Amount != ""
			if bothOrder && e.CX.OrderID != k.OrderID || bothAmount && (e.CX.Amount[0] != k.Amount[0] || e.CX.Currency != k.Currency) {
				continue
			}
			if (k.OrderID != "" || k.Amount != "") && !bothOrder && !bothAmount {
				continue
			}
			used[e], status[k.ID] = true, CommitmentKept
			break
		}
	}
	return status
}

// TestPromisesAreThoseOfANaivePass: whatever the order of arrival, and however the events are spread over the
// observations of a profile that are merged.
func TestPromisesAreThoseOfANaivePass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "events")
		events := make([]*event.Event, n)
		for i := range events {
			events[i] = genPromise(i).Draw(t, "event")
		}
		members := make([]Member, 3)
		of := make([][]*event.Event, len(members))
		for i := range members {
			members[i] = Member{Assignment: identity.Assignment{Observation: s2id(byte(i + 1))}, State: &State{}}
		}
		for _, e := range events {
			i := rapid.IntRange(0, len(members)-1).Draw(t, "observation")
			of[i] = append(of[i], e)
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) //nolint:gosec // an order
		for i := range members {
			r.Shuffle(len(of[i]), func(a, b int) { of[i][a], of[i][b] = of[i][b], of[i][a] })
			for _, e := range of[i] {
				members[i].State.Apply(e, stream.Position{})
			}
		}
		check := func(members []Member, events []*event.Event) {
			want := naive(events)
			got := map[string]CommitmentStatus{}
			for _, c := range foldCommitments(members, nil) {
				got[c.ID] = c.Status
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		}
		check(members, events)                                      // merged
		check(members[:1], of[0])                                   // split
		check(members[1:], slices.Concat(of[1:]...))                // and the rest
		check([]Member{members[2], members[0], members[1]}, events) // again
	})
}

// TestDeeds: what keeps promises here is what a browser's key may not say.
func TestDeeds(t *testing.T) {
	for _, name := range event.Names() {
		if _, keeps := deeds[name]; keeps != event.IsDeed(name) {
			t.Errorf("%s keeps promises here: %v; event.IsDeed: %v", name, keeps, event.IsDeed(name))
		}
	}
}
