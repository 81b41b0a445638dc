package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"tributary/sql/store"
)

func testPresent(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(9, 100)
	for i, row := range rows {
		row.Place = store.Place{LogPartition: uint32(i % 3), LogOffset: 1<<40 + uint64(i), Ordinal: uint32(i % 2)}
	}
	insert(t, b, store.Events, rows[:50]...)
	insert(t, b, store.Events, rows[70:]...)
	base := uint64(1 << 40)
	span := func(partition uint32, first, last uint64) store.Range {
		return store.Range{Partition: partition, First: first, Last: last}
	}
	ranges := []store.Range{span(0, base, base+9), span(0, base+60, base+75), span(2, base+47, base+200), span(9, 0, 1<<64-1)}
	var want []store.Place
	for _, row := range append(rows[:50:50], rows[70:]...) {
		if slices.ContainsFunc(ranges, func(r store.Range) bool {
			return r.Partition == row.LogPartition && r.First <= row.LogOffset && row.LogOffset <= r.Last
		}) {
			want = append(want, row.Place)
		}
	}
	got, err := b.Present(t.Context(), "events", ranges)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b store.Place) int { return cmp.Compare(a.LogOffset, b.LogOffset) })
	if !slices.Equal(got, want) || len(want) < 15 {
		t.Errorf("found %v, want %v", got, want)
	}
	for _, table := range store.TableNames() {
		if _, err := b.Present(t.Context(), table, ranges); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
	if none, err := b.Present(t.Context(), "events", nil); err != nil || len(none) != 0 {
		t.Errorf("no ranges: %v, %v", none, err)
	}
	_, err = b.Present(t.Context(), "numbers", ranges)
	wantClass(t, err, store.ErrNotFound)
}

// testReach: how far the events go is asked by partition, and what is made from them can be emptied
// apart from them.
func testReach(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(11, 30)
	for i, row := range rows {
		row.Place = store.Place{LogPartition: uint32(i % 3), LogOffset: uint64(i)}
	}
	insert(t, b, store.Events, rows...)
	insert(t, b, store.IdentityMap, &store.IdentityMapRow{Workspace: "acme", Observation: Observation(1), Profile: Observation(2), Version: 9})
	last := func(i int) store.Reached {
		return store.Reached{LogPartition: uint32(i % 3), LogOffset: uint64(i), MessageID: rows[i].MessageID}
	}
	for name, tc := range map[string]struct {
		from map[uint32]uint64
		want []store.Reached
	}{
		"from the start":      {nil, []store.Reached{last(27), last(28), last(29)}},
		"some are no further": {map[uint32]uint64{0: 28, 1: 28, 2: 30}, []store.Reached{last(28)}},
		"none is further":     {map[uint32]uint64{0: 30, 1: 30, 2: 30}, nil},
	} {
		got, err := b.Reach(t.Context(), tc.from)
		slices.SortFunc(got, func(a, b store.Reached) int { return cmp.Compare(a.LogPartition, b.LogPartition) })
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, tc.want)
		}
	}
	if err := b.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := []store.Range{{Last: 1 << 40}, {Partition: 1, Last: 1 << 40}, {Partition: 2, Last: 1 << 40}}
	for _, table := range store.TableNames() {
		places, err := b.Present(t.Context(), table, whole)
		if err != nil || len(places) != 0 {
			t.Errorf("%s: %d rows, %v, want none", table, len(places), err)
		}
	}
}

// testIdentityMap: what the dictionary answers is the greatest version, whatever the order in which
// versions arrive and whether the engine has merged them, from the reload on.
func testIdentityMap(t *testing.T, e Engine) {
	b := e.Store(t)
	a, c, d := Observation(1), Observation(2), Observation(3)
	row := func(version uint64) *store.IdentityMapRow {
		profile := c
		if version%2 == 0 {
			profile = d
		}
		return &store.IdentityMapRow{
			Place: store.Place{LogOffset: version}, Workspace: "acme", Observation: a, Profile: profile, Version: version, ChangedAt: Start,
		}
	}
	insert(t, b, store.Events, &store.EventRow{Workspace: "acme", Observation: a, At: Start}, &store.EventRow{Workspace: "acme", Observation: c, At: Start})
	present := func() string {
		return one[string](t, b, "SELECT toString(dictGetOrDefault('identity_now', 'profile', observation_key, observation)) FROM events WHERE observation = ?", a)
	}
	reload := func() {
		if err := b.ReloadIdentity(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := present(); got != a.String() {
		t.Errorf("an observation that never moved has the profile %s", got)
	}
	insert(t, b, store.IdentityMap, row(4), row(3))
	reload()
	insert(t, b, store.IdentityMap, row(1), row(2))
	if got := present(); got != d.String() {
		t.Errorf("of versions 4, 3 the profile is %s", got)
	}
	insert(t, b, store.IdentityMap, row(5))
	reload()
	if got := present(); got != c.String() {
		t.Errorf("of versions 4, 3, 1, 2, 5 the profile is %s", got)
	}
	exec(t, b, "OPTIMIZE TABLE identity_map FINAL")
	reload()
	if got := present(); got != c.String() {
		t.Errorf("after a merge the profile is %s", got)
	}
	type version struct {
		Version uint64 `ch:"version"`
	}
	if v := all[version](t, b, "identity/version", store.Params{"workspace": "acme"}); v[0].Version != 5 {
		t.Errorf("identity_version is %d", v[0].Version)
	}
	// A dictionary that the engine does not find is asked for again: another name stands for the engine's own
	// losing sight of it.
	exec(t, b, "RENAME DICTIONARY identity_now TO identity_away")
	insert(t, b, store.IdentityMap, row(6))
	go func() {
		time.Sleep(time.Second)
		_ = b.Conn.Exec(context.WithoutCancel(t.Context()), "RENAME DICTIONARY identity_away TO identity_now")
	}()
	reload()
	if got := present(); got != d.String() {
		t.Errorf("after it was away the profile is %s", got)
	}
}

func wantClass(t testing.TB, err, class error) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("got %.500v, want %v", err, class)
	}
}
