package profiles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"

	"pgregory.net/rapid"
)

func note(id string, second int) *event.Event {
	return &event.Event{
		Workspace: "w", Source: event.SourceAgent, MessageID: id, Type: event.TypeTrack, Name: event.NameNoteAdded,
		At: epoch.Add(time.Duration(second) * time.Second), ReceivedAt: epoch,
		CX: &event.CX{Text: "note " + id, ConversationID: "c"},
	}
}

// notesOf are the ids of the notes of a profile that has this State alone, newest first.
func notesOf(s *State) (ids []string) {
	for _, x := range Fold(s2id(1), []Member{{State: s}}, Rules{}).Interactions {
		if x.Name == event.NameNoteAdded {
			ids = append(ids, x.MessageID)
		}
	}
	return ids
}

func TestLaterEventsPushNoNoteOut(t *testing.T) {
	s := &State{}
	for i := range 3 {
		s.Apply(note(fmt.Sprint("n", i), i), stream.Position{Offset: uint64(i)})
	}
	for i := range 500 {
		e := sampleEvent(10 + i)
		if e.CX.ConversationID = "later"; i%2 == 0 {
			e.Type, e.Name, e.CX = event.TypePage, "", nil
		}
		s.Apply(e, stream.Position{Offset: uint64(10 + i)})
	}
	if got := strings.Join(notesOf(s), " "); got != "n2 n1 n0" {
		t.Errorf("kept %s", got)
	}
	p := Fold(s2id(1), []Member{{State: s}}, Rules{})
	for budget, want := range map[int][]string{DefaultBudget: {"note n2"}, MaxBudget: {"note n2", "note n1", "note n0"}} {
		var told []string
		for _, f := range NewContext(&Answer{Profile: p}, ContextRequest{AsOf: epoch.Add(time.Hour), BudgetTokens: budget}).Facts {
			for _, q := range f.Quotes {
				if strings.HasPrefix(q.Text, "note ") {
					told = append(told, q.Text)
				}
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("a context of %d tokens tells %q", budget, told)
		}
	}
}

func TestNotesPushNoContactOut(t *testing.T) {
	s := &State{}
	s.Apply(sampleEvent(0), stream.Position{})
	for i := range 2 * maxNotes {
		s.Apply(note(fmt.Sprintf("n%02d", i), 0), stream.Position{Offset: uint64(i)}) // all at one time
	}
	p := Fold(s2id(1), []Member{{State: s}}, Rules{})
	if n := len(p.Interactions); n != 1+maxNotes {
		t.Errorf("%d interactions, want a contact and %d notes", n, maxNotes)
	}
	if got := notesOf(s); got[0] != "n31" || got[maxNotes-1] != "n16" {
		t.Errorf("of one time are kept %v", got)
	}
}

// What is kept of notes is the newest of their set, whatever comes between, in whatever order and grouping, and however often.
func TestNotesAreTheNewestOfTheirSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := make([]*State, 3)
		type key struct {
			at int
			id string
		}
		var all []key
		for i := range parts {
			parts[i] = &State{}
			for n := range rapid.IntRange(0, 20).Draw(t, "notes") {
				k := key{rapid.IntRange(0, 9).Draw(t, "at"), fmt.Sprintf("%d-%02d", i, n)}
				all = append(all, k)
				parts[i].Apply(note(k.id, k.at), stream.Position{})
				parts[i].Apply(sampleEvent(k.at), stream.Position{})
			}
		}
		slices.SortFunc(all, func(a, b key) int { return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(b.id, a.id)) })
		var want []string
		for _, k := range all[:min(len(all), maxNotes)] {
			want = append(want, k.id)
		}
		merged := func(order ...int) *State {
			s := &State{}
			for _, i := range order {
				s.Merge(parts[i])
			}
			return s
		}
		right := merged(1, 2)
		grouped := merged(0)
		grouped.Merge(right)
		for name, s := range map[string]*State{
			"in order": merged(0, 1, 2), "in another": merged(2, 0, 1), "grouped": grouped, "twice": merged(0, 1, 2, 1, 0, 0, 2),
		} {
			if got := notesOf(s); !slices.Equal(got, want) {
				t.Fatalf("%s: kept %v, want %v", name, got, want)
			}
		}
	})
}
