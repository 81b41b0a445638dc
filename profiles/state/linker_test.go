package state

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/event"
)

// drawPerson draws one of a few records of few people, so that many are alike.
func drawPerson(t *rapid.T, id uuid.UUID) *identity.Observation {
	person := rapid.IntRange(0, 3).Draw(t, "person")
	o := &identity.Observation{ID: id, Workspace: "w", Source: "crm", RecordID: id.String(), Attributes: []identity.Attribute{
		{Name: event.AttrBirthDate, Value: fmt.Sprintf("19%d-03-1%d", 60+person, rapid.IntRange(person, person+1).Draw(t, "day"))},
		{Name: event.AttrFirstName, Value: []string{"anna", "bertram", "cecilia", "dominik"}[person]},
		{Name: event.AttrLastName, Value: []string{"kowalski", "lindqvist", "marchetti", "novotny"}[person]},
	}}
	if rapid.Bool().Draw(t, "nameless") {
		o.Attributes = o.Attributes[:1]
	}
	if rapid.Bool().Draw(t, "with e-mail") {
		o.Identifiers = []identity.Identifier{{Type: event.IDEmail, Value: fmt.Sprintf("person%d@tributary.example", person)}}
	}
	return o
}

// near says who is near whom, by observation.
func near(t *rapid.T, l *match.Linker, all map[uuid.UUID]*identity.Observation) map[uuid.UUID][]uuid.UUID {
	out := map[uuid.UUID][]uuid.UUID{}
	for id := range all {
		ids, err := l.Near(id)
		must(t, err)
		out[id] = slices.SortedFunc(slices.Values(ids), compareIDs)
	}
	return out
}

// TestLinkerWorksOnTheState keys and links observations that come and change in steps, some of them
// dropped. Who is near whom is as in a store in memory that is given the last of each.
func TestLinkerWorksOnTheState(t *testing.T) {
	model, links := match.DefaultModel(match.SchemaFor()), 0
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		s := openOn(t, fs)
		s.tx.postings.cached.limit = 8
		linker := func() *match.Linker {
			return match.NewLinker(model, workspace(t, s, "w").Matching(1), match.Options{})
		}
		l := linker()
		committed, step := map[uuid.UUID]*identity.Observation{}, map[uuid.UUID]*identity.Observation{}
		back := func() {
			clear(step)
			for id, o := range committed {
				step[id] = o
			}
			l = linker()
		}
		for range rapid.IntRange(1, 40).Draw(t, "operations") {
			switch rapid.IntRange(0, 9).Draw(t, "operation") {
			default:
				n := rapid.ByteRange(1, 12).Draw(t, "id")
				o := drawPerson(t, uuid.UUID{n, 15: n})
				was := step[o.ID]
				_, err := workspace(t, s, "w").Put(&Observed{Observation: *o})
				must(t, err)
				_, err = l.Put(was, o)
				must(t, err)
				step[o.ID] = o
			case 7:
				must(t, s.Tx().Commit())
				for id, o := range step {
					committed[id] = o
				}
			case 8:
				s.Tx().Abort()
				back()
			case 9:
				must(t, s.Close())
				s = openOn(t, fs)
				back()
			}
		}
		memory := match.NewLinker(model, match.NewMemory(func(id identity.ObservationID) (*identity.Observation, error) {
			return step[id], nil
		}), match.Options{})
		for _, o := range step {
			_, err := memory.Put(nil, o)
			must(t, err)
		}
		want := near(t, memory, step)
		if got := near(t, l, step); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("near are %v, want %v", got, want)
		}
		must(t, s.Tx().Commit())
		hot, err := s.View("w")
		must(t, err)
		reader := match.NewLinker(model, hot.Matching(1), match.Options{})
		if got := near(t, reader, step); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("readers see %v, want %v", got, want)
		}
		must(t, hot.Close())
		must(t, s.Close())
		for _, ids := range want {
			links += len(ids)
		}
	})
	if links == 0 {
		t.Error("nobody was ever near anybody")
	}
}
