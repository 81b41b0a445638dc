package unify_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// published is who is in each segment by the rows of profile_segments, of which the greatest version counts.
func (r *rig) publishedSegments() map[string][]identity.ProfileID {
	r.Helper()
	last := map[identity.ProfileID]store.ProfileSegmentsRow{}
	for _, row := range rowsOf[store.ProfileSegmentsRow](r, r.entries(), outbox.TableProfileSegments) {
		if len(row.Segments) != len(row.Since) {
			r.Fatalf("%d segments since %d times", len(row.Segments), len(row.Since))
		}
		if was, ok := last[row.Profile]; !ok || row.Version >= was.Version {
			last[row.Profile] = row
		}
	}
	all := map[string][]identity.ProfileID{}
	for id, row := range last {
		for _, name := range row.Segments {
			all[name] = append(all[name], id)
		}
	}
	for _, list := range all {
		slices.SortFunc(list, compareIDs)
	}
	return all
}

func TestRowsOfMembersFollowMergesAndSplits(t *testing.T) {
	r := open(t, vfs.NewMem(), soon).start()
	defer r.stop()
	check := func(when string) {
		t.Helper()
		r.judged()
		same(t, when, r.publishedSegments(), r.segments())
	}
	a, b := order("shop", "1", 1, "9", user("a")), order("shop", "2", 2, "8", user("b"))
	r.put(command(t, 0, define(definitions)))
	r.settle()
	r.put(record(t, a), record(t, b))
	check("apart")
	pa, pb := r.profile(a), r.profile(b)
	r.put(command(t, 3, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkMustMerge}))
	check("merged")
	r.put(command(t, 4, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkNeverMerge}))
	check("split")
	r.put(command(t, 3*3600, unify.ClockTick{At: epoch.Add(3 * time.Hour)}))
	check("hours later")
	r.put(command(t, 4*3600, define("")))
	check("without definitions")
	if got := r.publishedSegments(); len(got) > 0 {
		t.Errorf("without definitions somebody is in %v", got)
	}
}

// Who is erased and comes again before anybody was judged has a row that the erasure does not remove.
func TestRowsOfMembersThroughAnErasure(t *testing.T) {
	config := private(t)
	config.JudgeAfter, config.PublishAfter, config.TickEvery, config.Now = time.Nanosecond, time.Nanosecond, time.Hour, time.Now
	r := open(t, vfs.NewMem(), config).start()
	defer func() { r.stop() }()
	r.put(command(t, 0, define(definitions)))
	r.settle()
	a, b := order("shop", "1", 1, "9", user("a")), order("shop", "2", 2, "8", user("b"))
	r.put(record(t, a), record(t, b))
	r.judged()
	gone := r.observation(a)
	e := r.erasure(1000, false, a.Identifiers, a)
	r.put(command(t, 1000, unify.PrivacyErase{Erasure: e}), record(t, order("shop", "3", 2000, "9", user("a"))))
	r.judged()
	rows := rowsOf[store.ProfileSegmentsRow](t, r.entries(), outbox.TableProfileSegments)
	left := slices.ContainsFunc(rows, func(row store.ProfileSegmentsRow) bool {
		return row.Profile == gone && len(row.Segments) > 0 && row.UpdatedAt.After(e.At)
	})
	if in := slices.Contains(r.segments()["lately"], gone); !in || !left {
		t.Errorf("in the state: %t, a row after the erasure: %t", in, left)
	}
	same(t, "rows", r.publishedSegments(), r.segments())
}

// A state that is older than profile_segments has a row made of everybody who is in a segment.
func TestMembersOfBeforeAreListed(t *testing.T) {
	r := open(t, vfs.NewMem(), soon).start()
	r.put(command(t, 0, define(definitions)))
	r.settle()
	for _, name := range []string{"a", "b", "c"} {
		r.put(record(t, order("shop", name, 1, "9", user(name))))
	}
	r.judged()
	want := r.segments()
	before := len(rowsOf[store.ProfileSegmentsRow](t, r.entries(), outbox.TableProfileSegments))
	r.stop()

	r = open(t, r.fs, soon)
	tx := r.state.Tx()
	space, err := tx.Workspace("w")
	must(t, err)
	encoded, err := space.Analysis()
	must(t, err)
	older := bytes.Replace(encoded, []byte(`"listed":true`), []byte(`"unknown":true`), 1)
	if bytes.Equal(older, encoded) {
		t.Fatalf("%s does not say that all are listed", encoded)
	}
	space.SetAnalysis(older)
	must(t, tx.Commit())
	r = r.start()
	defer r.stop()
	r.judged()
	rows := rowsOf[store.ProfileSegmentsRow](t, r.entries(), outbox.TableProfileSegments)
	if n := len(rows) - before; n != 3 {
		t.Errorf("%d rows more, want 3", n)
	}
	listed := map[identity.ProfileID]bool{}
	for _, row := range rows[before:] {
		listed[row.Profile] = len(row.Segments) > 0
	}
	for _, profile := range want["lately"] {
		if !listed[profile] {
			t.Errorf("%s has no row", profile)
		}
	}
	same(t, "rows", r.publishedSegments(), r.segments())
}
