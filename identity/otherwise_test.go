package identity_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
)

// TestOtherwiseIsWhatComes: what a preview of verdicts and blocks says is what giving them comes to, and nobody whom it
// leaves out changes.
func TestOtherwiseIsWhatComes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"user_id=u1", "user_id=u1; email=a@example.com", "user_id=u2; email=a@example.com", "email=a@example.com",
			"anonymous_id=x", "anonymous_id=x; user_id=u2", "name=Ann Lee; phone=+12125550100", "name=A Lee; phone=+12125550100",
			"crm.id=1; name=Ann Lee", "crm.id=1; user_id=u1", "user_id=u9",
		}), 2, 10).Draw(r, "lines")
		f := previewed(t, lines...)
		ids := f.Facts.IDs()
		pair := func(name string) (a, b identity.ObservationID) {
			i := rapid.IntRange(0, len(ids)-1).Draw(r, name)
			j := rapid.IntRange(0, len(ids)-1).Draw(r, name+" with")
			return ids[i], ids[j]
		}
		verdict := rapid.SampledFrom([]identity.Verdict{identity.MustMerge, identity.NeverMerge, ""})
		for range rapid.IntRange(0, 2).Draw(r, "said before") {
			if a, b := pair("before"); a != b {
				check(r, give(f, identity.Link{A: a, B: b, Verdict: verdict.Draw(r, "verdict before")}))
			}
		}
		said := &identity.Otherwise{Facts: f.Facts, Blocks: map[identity.Identifier]bool{}}
		var around []identity.ObservationID
		for range rapid.IntRange(1, 2).Draw(r, "said now") {
			if a, b := pair("now"); a != b {
				said.Verdicts = []identity.Link{{A: a, B: b, Verdict: verdict.Draw(r, "verdict")}}
				around = []identity.ObservationID{a, b}
			}
		}
		if held := (identity.Identifier{Type: "email", Value: "a@example.com"}); rapid.Bool().Draw(r, "block") {
			said.Blocks[held] = true
			holders, err := f.Facts.Holders(held)
			check(r, err)
			around = append(around, holders...)
		}
		want := maps.Clone(f.Assignments)
		parts, err := f.Engine.PreviewOtherwise(r.Context(), said, nil, f, around, 0)
		check(r, err)
		seen := map[identity.ObservationID]bool{}
		for _, part := range parts {
			for i, a := range part.After {
				if seen[a.Observation] || part.Before[i].Observation != a.Observation {
					r.Fatalf("%s is told twice, or not beside itself", a.Observation)
				}
				seen[a.Observation], want[a.Observation] = true, a
			}
		}
		for _, l := range said.Verdicts {
			check(r, give(f, l))
		}
		for id := range said.Blocks {
			check(r, f.Block(id))
		}
		if d := difference(f.Assignments, want); d != "" {
			r.Fatalf("comes, and is foreseen:\n%s", d)
		}
	})
}

// give has a verdict given, or taken back.
func give(f inForce, l identity.Link) error {
	if l.Verdict == "" {
		return f.Unlink(l.A, l.B)
	}
	return f.Link(l.A, l.B, l.Verdict)
}
