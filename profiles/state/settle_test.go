package state

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
)

// TestWorkThatIsPutOffAgreesWithModel pages through what is unsettled, in steps some of which are dropped.
func TestWorkThatIsPutOffAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		s := openOn(t, fs)
		committed, step := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
		reset := func(to, from map[uuid.UUID]bool) {
			clear(to)
			for id := range from {
				to[id] = true
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"put off": func(t *rapid.T) {
				id := uuid.UUID{rapid.ByteRange(1, 9).Draw(t, "id")}
				workspace(t, s, "w").SetUnsettled(id, true)
				workspace(t, s, "v").SetUnsettled(uuid.UUID{99}, true)
				step[id] = true
			},
			"settle": func(t *rapid.T) {
				id := uuid.UUID{rapid.ByteRange(1, 9).Draw(t, "id")}
				workspace(t, s, "w").SetUnsettled(id, false)
				delete(step, id)
			},
			"commit": func(t *rapid.T) { must(t, s.Tx().Commit()); reset(committed, step) },
			"abort":  func(*rapid.T) { s.Tx().Abort(); reset(step, committed) },
			"reopen": func(t *rapid.T) { must(t, s.Close()); s = openOn(t, fs); reset(step, committed) },
			"": func(t *rapid.T) {
				var all []uuid.UUID
				limit := rapid.IntRange(1, 4).Draw(t, "limit")
				for last := (uuid.UUID{}); ; {
					page, err := workspace(t, s, "w").UnsettledFrom(last, limit)
					must(t, err)
					all = append(all, page...)
					if len(page) < limit {
						break
					}
					last = page[len(page)-1]
				}
				same(t, all, step)
				id := uuid.UUID{rapid.ByteRange(1, 9).Draw(t, "id")}
				unsettled, err := workspace(t, s, "w").Unsettled(id)
				must(t, err)
				hot, err := s.View("w")
				must(t, err)
				was, err := hot.Unsettled(id)
				must(t, err)
				some, err := hot.AnyUnsettled()
				must(t, err)
				if unsettled != step[id] || was != committed[id] || some != (len(committed) > 0) {
					t.Fatalf("%s: unsettled %v, before the step %v, some %v", id, unsettled, was, some)
				}
				must(t, hot.Close())
			},
		})
		must(t, s.Close())
	})
}

func TestObservationsAreListedInPages(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	var want []uuid.UUID
	for i := range byte(10) {
		id := uuid.UUID{i + 1, 15: i}
		want = append(want, id)
		_, err := workspace(t, s, "w").Put(&Observed{Observation: identity.Observation{ID: id, Source: "crm"}})
		must(t, err)
	}
	_, err := workspace(t, s, "wa").Put(&Observed{Observation: identity.Observation{ID: uuid.UUID{50}}})
	must(t, err)
	must(t, s.Tx().Commit())
	_, err = workspace(t, s, "w").Put(&Observed{Observation: identity.Observation{ID: uuid.UUID{60, 15: 60}}})
	must(t, err)
	var got []uuid.UUID
	for last := (uuid.UUID{}); ; last = got[len(got)-1] {
		page, err := workspace(t, s, "w").ObservationsFrom(last, 3)
		must(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
	if none, err := workspace(t, s, "w").ObservationsFrom(uuid.UUID{}, 0); len(none) != 0 || err != nil {
		t.Errorf("a page of none: %v, %v", none, err)
	}
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	got = got[:0]
	must(t, hot.EachObservation(want[3], func(o *identity.Observation) error {
		if got = append(got, o.ID); o.Source != "crm" || o.Workspace != "w" {
			t.Errorf("observation %+v", o)
		}
		return nil
	}))
	if !slices.Equal(got, want[4:]) {
		t.Errorf("went through %v", got)
	}
	stop := errors.New("enough")
	if err := hot.EachObservation(uuid.UUID{}, func(*identity.Observation) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("going through ends with %v", err)
	}
}

func TestTasks(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	task := func(name string) string {
		value, err := workspace(t, s, "w").Task(name)
		must(t, err)
		hot, err := s.View("w")
		must(t, err)
		defer func() { must(t, hot.Close()) }()
		was, err := hot.Task(name)
		must(t, err)
		return describe(was) + ", " + describe(value)
	}
	expect := func(name, want string) {
		t.Helper()
		if got := task(name); got != want {
			t.Errorf("task %q, want %q", got, want)
		}
	}
	w := workspace(t, s, "w")
	w.SetTask("relink", []byte("a"))
	w.SetTask("relinked", nil)
	expect("relink", "none, a")
	s.Tx().Abort()
	expect("relink", "none, none")
	w = workspace(t, s, "w")
	w.SetTask("relink", []byte("b"))
	w.SetTask("relinked", nil)
	must(t, s.Tx().Commit())
	expect("relink", "b, b")
	expect("relinked", "empty, empty")
	w.DeleteTask("relink")
	expect("relink", "b, none")
	must(t, s.Tx().Commit())
	expect("relink", "none, none")
	must(t, s.Close())
	s = openOn(t, fs)
	expect("relink", "none, none")
	expect("relinked", "empty, empty")
	must(t, s.Close())
}

func describe(value []byte) string {
	switch {
	case value == nil:
		return "none"
	case len(value) == 0:
		return "empty"
	}
	return string(value)
}

func TestLaterRulesStand(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	stamp := func(second int) Stamp { return Stamp{At: time.Unix(int64(second), 0).UTC(), MessageID: "m"} }
	set := func(encoded string, second int, want bool) {
		t.Helper()
		var value []byte
		if encoded != "" {
			value = []byte(encoded)
		}
		changed, err := workspace(t, s, "w").SetRules(value, stamp(second))
		if err != nil || changed != want {
			t.Errorf("setting %q changed %v, %v", encoded, changed, err)
		}
	}
	expect := func(want string) {
		t.Helper()
		if rules, err := workspace(t, s, "w").Rules(); describe(rules) != want || err != nil {
			t.Errorf("rules %q, %v, want %q", rules, err, want)
		}
	}
	expect("none")
	set("b", 2, true)
	set("a", 1, false)
	expect("b")
	must(t, s.Tx().Commit())
	set("b", 3, false)
	set("c", 2, false)
	expect("b")
	set("d", 4, true)
	expect("d")
	s.Tx().Abort()
	expect("b")
	set("", 5, true)
	expect("none")
	must(t, s.Tx().Commit())
	set("e", 3, false)
	must(t, s.Close())
	s = openOn(t, fs)
	expect("none")
	set("f", 6, true)
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	if rules, err := hot.Rules(); string(rules) != "f" || err != nil {
		t.Errorf("rules %q in a snapshot, %v", rules, err)
	}
	must(t, hot.Close())
	must(t, s.Close())
}

func TestSharedIdentifiers(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	phone := identity.Identifier{Type: "phone", Value: "+491701234567"}
	expect := func(was, now string) {
		t.Helper()
		value, err := workspace(t, s, "w").Shared(phone)
		must(t, err)
		hot, err := s.View("w")
		must(t, err)
		defer func() { must(t, hot.Close()) }()
		before, err := hot.Shared(phone)
		must(t, err)
		if cmp.Or(string(before), "none") != was || cmp.Or(string(value), "none") != now {
			t.Errorf("shared %q, before the step %q; want %q and %q", value, before, now, was)
		}
	}
	expect("none", "none")
	set := func(name string, shared identity.SharedKind, changes bool) {
		t.Helper()
		if changed, err := workspace(t, s, name).SetShared(phone, shared); changed != changes || err != nil {
			t.Errorf("set shared: %t, %v", changed, err)
		}
	}
	set("w", "", false)
	set("w", identity.SharedHousehold, true)
	set("w", identity.SharedHousehold, false)
	set("v", identity.SharedPlace, true)
	expect("none", "household")
	must(t, s.Tx().Commit())
	must(t, s.Close())
	s = openOn(t, fs)
	expect("household", "household")
	set("w", "", true)
	expect("household", "none")
	s.Tx().Abort()
	expect("household", "household")
	set("w", "", true)
	must(t, s.Tx().Commit())
	expect("none", "none")
	must(t, s.Close())
}

// TestFactsOfASnapshotAreTheWriters compares both views of the facts, and that of readers.
func TestFactsOfASnapshotAreTheWriters(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	email := identity.Identifier{Type: "email", Value: "x"}
	phone := identity.Identifier{Type: "phone", Value: "1"}
	a, b, c := uuid.UUID{1, 15: 9}, uuid.UUID{2, 15: 9}, uuid.UUID{3}
	w := workspace(t, s, "w")
	for _, id := range []uuid.UUID{a, b, c} {
		_, err := w.Put(&Observed{Observation: identity.Observation{ID: id, Identifiers: []identity.Identifier{email, phone}}})
		must(t, err)
	}
	by := Stamp{At: time.Unix(1, 0).UTC()}
	for id, v := range map[uuid.UUID]identity.Verdict{a: identity.NeverMerge, b: ""} {
		_, err := w.SetLink(c, id, v, by)
		must(t, err)
	}
	_, err := w.SetBlocked(phone, true, by)
	must(t, err)
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	for _, facts := range []identity.Facts{w, hot.Facts()} {
		bare, err := facts.Observation(a)
		must(t, err)
		full, err := facts.Observation(c)
		must(t, err)
		none, err := facts.Observation(uuid.UUID{8})
		must(t, err)
		held, err := facts.Holders(phone)
		must(t, err)
		links, err := facts.Links(c)
		must(t, err)
		blocked, err := facts.Blocked(phone)
		must(t, err)
		open, err := facts.Blocked(email)
		must(t, err)
		if len(bare.Identifiers) != 0 || len(full.Identifiers) != 2 || none != nil || !slices.Equal(held, []uuid.UUID{c}) ||
			!slices.Equal(links, []identity.Link{{A: a, B: c, Verdict: identity.NeverMerge}}) || !blocked || open {
			t.Errorf("%T: %v, %v, %v, held by %v, links %v, blocked %v and %v", facts, bare, full, none, held, links, blocked, open)
		}
	}
	shown, err := hot.Observation(a)
	must(t, err)
	held, err := hot.Holders(phone)
	must(t, err)
	if len(shown.Identifiers) != 2 || len(held) != 0 {
		t.Errorf("readers see %v and holders %v of what is blocked", shown, held)
	}
}
