package state

import (
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
)

func TestAllThatPeopleDecidedIsListed(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	email, phone := identity.Identifier{Type: "email", Value: "x"}, identity.Identifier{Type: "phone", Value: ""}
	by := Stamp{At: time.Unix(1, 0).UTC()}
	w := workspace(t, s, "w")
	for _, l := range []identity.Link{{A: a, B: b, Verdict: identity.NeverMerge}, {A: c, B: a, Verdict: identity.MustMerge}, {A: b, B: c}} {
		_, err := w.SetLink(l.A, l.B, l.Verdict, by)
		must(t, err)
	}
	for i, blocked := range map[identity.Identifier]bool{email: true, phone: true, {Type: "email", Value: "y"}: false} {
		_, err := w.SetBlocked(i, blocked, by)
		must(t, err)
	}
	_, err := workspace(t, s, "v").SetBlocked(identity.Identifier{Type: "email", Value: "z"}, true, by)
	must(t, err)
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	links, err := hot.AllLinks()
	must(t, err)
	if want := []identity.Link{{A: a, B: b, Verdict: identity.NeverMerge}, {A: a, B: c, Verdict: identity.MustMerge}}; !slices.Equal(links, want) {
		t.Errorf("links %v, want %v", links, want)
	}
	blocks, err := hot.AllBlocks()
	must(t, err)
	if len(blocks) != 2 || !slices.Contains(blocks, email) || !slices.Contains(blocks, phone) {
		t.Errorf("blocks %v", blocks)
	}
}

func TestObservedInPages(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	for i := range byte(5) {
		_, err := workspace(t, s, "w").Put(&Observed{Observation: identity.Observation{ID: uuid.UUID{i + 1, 15: i}}, Stated: Version{MessageID: "m"}})
		must(t, err)
	}
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	var got []byte
	for last := (uuid.UUID{}); ; {
		page, err := hot.ObservedFrom(last, 2)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			if got, last = append(got, o.ID[0]), o.ID; o.Stated.MessageID != "m" {
				t.Errorf("observed %+v", o)
			}
		}
	}
	ids, err := hot.ObservationsFrom(uuid.UUID{1, 15: 0}, 2)
	must(t, err)
	if string(got) != "\x01\x02\x03\x04\x05" || len(ids) != 2 || ids[0][0] != 2 {
		t.Errorf("listed %v, and %v after the first", got, ids)
	}
}

func TestBusyWorkspaces(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	for _, name := range []string{"w", "", "long enough to come last"} {
		workspace(t, s, name).SetTask("a", nil)
		workspace(t, s, name).SetTask("b", []byte("x"))
	}
	workspace(t, s, "idle").SetUnsettled(uuid.UUID{1}, true)
	workspace(t, s, "done").SetTask("a", nil)
	workspace(t, s, "done").DeleteTask("a")
	must(t, s.Tx().Commit())
	names, err := s.Busy()
	must(t, err)
	if !slices.Equal(names, []string{"", "long enough to come last", "w"}) {
		t.Errorf("busy are %q", names)
	}
	must(t, s.Close())
}
