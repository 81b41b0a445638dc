package profiles

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// done is what a client did, and what came of it.
type done struct {
	*event.Event
	client int
	at     time.Time // the true time
}

// genDeeds draws what some clients do, each with a clock of its own: in batches or one by one, over a
// network of any slowness up to slowest, with pauses, and with Order where a client did several things in
// one millisecond. What was sent again is what arrived first, or later.
func genDeeds(clients, most int, slowest time.Duration) *rapid.Generator[[]done] {
	return rapid.Custom(func(t *rapid.T) []done {
		var all []done
		for c := range clients {
			skew := time.Duration(rapid.SampledFrom([]int64{0, 0, -3, 90, -7200, 31_536_000}).Draw(t, "skew")) * time.Second
			now := epoch.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "begins")) * time.Second)
			var batch []done
			for i := range rapid.IntRange(1, most).Draw(t, "events") {
				pause := rapid.SampledFrom([]int{0, 1, 40, 3000, 240_000, 5_400_000}).Draw(t, "pause")
				now = now.Add(time.Duration(pause) * time.Millisecond)
				e := &event.Event{
					Workspace: "w", Source: "web", Type: event.TypeTrack, Name: "Deed",
					MessageID:   fmt.Sprintf("%02d-%d-%d", rapid.IntRange(0, 99).Draw(t, "id"), c, i),
					Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: fmt.Sprint("client ", c)}},
					OriginalAt:  now.Add(-skew), Order: int64(i),
				}
				batch = append(batch, done{e, c, now})
				if !rapid.Bool().Draw(t, "send") && i < most-1 {
					continue
				}
				slow := time.Duration(rapid.Int64Range(0, int64(slowest/time.Millisecond)).Draw(t, "slow")) * time.Millisecond
				for _, d := range batch {
					d.Stamp(d.OriginalAt, now.Add(-skew), now.Add(slow))
				}
				all = append(all, batch...)
				batch = nil
			}
		}
		return all
	})
}

func interactionsOf(deeds []done) []*Interaction {
	events := make([]*Interaction, len(deeds))
	for i, d := range deeds {
		x := newInteraction(d.Event, stream.Position{Offset: uint64(i)}).open()
		events[i] = &x
	}
	return events
}

func TestOrderIsTheClientsOwnAndByTrueTimeBetweenClients(t *testing.T) {
	const slowest = 20 * time.Minute
	rapid.Check(t, func(t *rapid.T) {
		deeds := genDeeds(4, 25, slowest).Draw(t, "deeds")
		events := interactionsOf(deeds)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		Arrange(events)
		last := map[int]int{} // by client, what it did last of what was told
		var latest time.Time
		for _, x := range events {
			i := int(x.Position.Offset)
			d := deeds[i]
			if before, any := last[d.client]; any && before > i {
				t.Fatalf("%s is told after what its client did later", x.MessageID)
			}
			last[d.client] = i
			if x.OrderedAt.Before(d.at) || x.OrderedAt.After(x.At) {
				t.Fatalf("%s happened at %v, came out at %v and is told at %v", x.MessageID, d.at, x.At, x.OrderedAt)
			}
			// Whoever is told before had at most the slowest request's time to be later.
			if d.at.Add(slowest).Before(latest) {
				t.Fatalf("%s of %v is told after something of %v", x.MessageID, d.at, latest)
			}
			if d.at.After(latest) {
				latest = d.at
			}
		}
	})
}

func TestOrderDoesNotDependOnArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := genDeeds(3, 20, 3*time.Hour).Draw(t, "deeds") // slower than a session lasts, too
		a, b := interactionsOf(deeds), interactionsOf(deeds)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		Arrange(a)
		Arrange(b)
		for i := range a {
			if *a[i] != *b[i] {
				t.Fatalf("%s or %s is %dth", a[i].MessageID, b[i].MessageID, i)
			}
		}
	})
}

// foldDeeds spreads events over observations, as a login does, and folds them.
func foldDeeds(deeds []done, observations int, rules Rules) Profile {
	members := make([]Member, observations)
	for i := range members {
		id := uuid.UUID{byte(i + 1)}
		members[i] = Member{Observation: &identity.Observation{ID: id}, State: &State{}}
	}
	for i, d := range deeds {
		members[i%observations].State.Apply(d.Event, stream.Position{Offset: uint64(i)})
	}
	return Fold(members[0].Observation.ID, members, rules)
}

func TestWhatIsWholeStandsAsItDoesAmongAllEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := genDeeds(rapid.IntRange(1, 12).Draw(t, "clients"), 30, rapid.SampledFrom([]time.Duration{time.Second, time.Hour}).Draw(t, "slowest")).Draw(t, "deeds")
		for i := range deeds {
			switch i % 4 {
			case 0:
				deeds[i].CX = &event.CX{ConversationID: "c"}
			case 1:
				deeds[i].Source, deeds[i].Name = event.SourceAgent, event.NameNoteAdded
			}
		}
		all := interactionsOf(deeds)
		Arrange(all)
		slices.Reverse(all)
		p := foldDeeds(deeds, rapid.IntRange(1, 3).Draw(t, "observations"), Rules{Interactions: rapid.SampledFrom([]int{0, 7}).Draw(t, "interactions")})
		for i, x := range p.Interactions[:p.Whole] {
			if x != *all[i] {
				t.Fatalf("%s is %dth, it should be %s", x.MessageID, i, all[i].MessageID)
			}
		}
		if p.Complete.IsZero() && p.Whole != len(all) {
			t.Fatalf("%d of %d are whole, and none is missing", p.Whole, len(all))
		}
	})
}

func TestBusyClientIsWholeInHotState(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var deeds []done
	for i := range 200 {
		at := epoch.Add(time.Duration(i) * 5 * time.Second)
		e := &event.Event{
			Source: "web", MessageID: fmt.Sprint(i), Type: event.TypePage,
			Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: "a"}},
		}
		e.Stamp(at, at, at.Add(time.Duration(50+r.IntN(2000))*time.Millisecond))
		deeds = append(deeds, done{e, 0, at})
	}
	if p := foldDeeds(deeds, 1, Rules{}); p.Whole < maxOthers-2 {
		t.Errorf("%d of %d events are certain", p.Whole, len(p.Interactions))
	}
}

func TestSlowRequestInvertsNothing(t *testing.T) {
	said := func(id string, original, sent, received int) *event.Event {
		e := &event.Event{Source: "web", MessageID: id, Type: event.TypeTrack, Name: id, Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: "a"}}}
		of := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
		e.Stamp(of(original), of(sent), of(received))
		return e
	}
	other := func(id string, at int) *event.Event {
		e := said(id, at, at, at)
		e.Identifiers[0].Value = "b"
		return e
	}
	nobody := func(id string, at int) *event.Event {
		e := said(id, at, at, at)
		e.Identifiers = nil
		return e
	}
	for name, c := range map[string]struct {
		events []*event.Event
		want   string
	}{
		"by true time between clients": {[]*event.Event{said("1", 0, 0, 1), other("2", 3), said("3", 5, 5, 6)}, "1 2 3"},
		"slow first request":           {[]*event.Event{said("cart", 0, 0, 60), said("paid", 20, 20, 21)}, "cart paid"},
		"slow request and another":     {[]*event.Event{said("cart", 0, 0, 60), other("seen", 10), said("paid", 20, 20, 21)}, "seen cart paid"},
		"wrong clock":                  {[]*event.Event{said("cart", 90000, 90000, 60), said("paid", 90020, 90020, 21)}, "cart paid"},
		"queued offline":               {[]*event.Event{said("cart", 0, 900, 960), said("paid", 20, 901, 902)}, "cart paid"},
		"one millisecond, by order": {func() []*event.Event {
			a, b := said("a", 0, 0, 1), said("b", 0, 0, 1)
			a.Order = 2
			return []*event.Event{a, b}
		}(), "b a"},
		"clock set back by a day, a day later": {[]*event.Event{said("old", 90000, 90000, 3600), said("new", 88000, 88000, 88000)}, "old new"},
		"of nobody, by corrected time":         {[]*event.Event{nobody("x", 5), nobody("y", 3)}, "y x"},
	} {
		for range 2 { // in either order of arrival
			slices.Reverse(c.events)
			s := &State{}
			for i, e := range c.events {
				s.Apply(e, stream.Position{Offset: uint64(i)})
			}
			p := Fold(uuid.UUID{1}, []Member{{Observation: &identity.Observation{ID: uuid.UUID{1}}, State: s}}, Rules{})
			var got string
			for _, x := range slices.Backward(p.Interactions) {
				got += " " + x.MessageID
			}
			if got[1:] != c.want {
				t.Errorf("%s: told as%s, want %s", name, got, c.want)
			}
		}
	}
}
