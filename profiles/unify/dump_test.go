package unify_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// dump writes down who is who in workspace w, what is kept of each observation, and the counts.
// Encoded states hold log positions: whole compares runs over the same log.
func dump(r *rig, whole bool) string {
	r.Helper()
	hot, err := r.state.Snapshot("w")
	must(r, err)
	defer func() { _ = hot.Close() }()
	var b strings.Builder
	for _, id := range observations(r) {
		o, err := hot.Observation(id)
		must(r, err)
		a, _, err := hot.Assignment(id)
		must(r, err)
		members, err := hot.Members(a.Profile)
		must(r, err)
		if !slices.Contains(members, id) {
			r.Fatalf("%s is no member of its profile", id)
		}
		kept, err := hot.State(id)
		must(r, err)
		fmt.Fprintf(&b, "%s first %s by %s, at %s\n  %v %v\n  %+v\n  %d members\n", id, o.FirstReceived, o.Source, o.FirstSeen, o.Identifiers, o.Attributes, a, len(members))
		if kept == nil {
			continue // a link may name an observation before its first event
		}
		fmt.Fprintf(&b, "  %d events from %s to %s\n", kept.Events(), kept.FirstSeen(), kept.LastSeen())
		if whole {
			encoded, err := kept.AppendBinary(nil)
			must(r, err)
			fmt.Fprintf(&b, "  %x\n", encoded)
		}
	}
	days, err := r.state.Counts("w")
	must(r, err)
	for _, d := range days {
		fmt.Fprintf(&b, "%s %s %+v\n", d.Source, d.Day, d.Counts)
	}
	return b.String()
}

// observations lists the ids of all observations of workspace w, by the layout of the state.
func observations(r *rig) []uuid.UUID {
	r.Helper()
	it, err := r.state.DB().NewIter(&pebble.IterOptions{LowerBound: []byte("e\x01w"), UpperBound: []byte("e\x01x")})
	must(r, err)
	var ids []uuid.UUID
	for valid := it.First(); valid; valid = it.Next() {
		ids = append(ids, uuid.UUID(it.Key()[3:]))
	}
	must(r, it.Close())
	return ids
}
