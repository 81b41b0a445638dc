package explain_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

// observations lists those of whom an address names.
func (r *rig) observations(typ, value string) (ids []identity.ObservationID) {
	r.Helper()
	a, err := r.Explain(context.Background(), "w", explain.Question{Address: address(typ, value)})
	r.Must(err)
	for _, o := range a.Observations {
		ids = append(ids, o.ID)
	}
	return ids
}

func wholes(all []explain.Whole) (n []int) {
	for _, w := range all {
		n = append(n, w.Observations, int(w.Events))
	}
	return n
}

// TestOtherwiseTellsAndChangesNothing: what a merge and a split would do is told with numbers, nothing is changed by
// asking, and what was told is what comes.
func TestOtherwiseTellsAndChangesNothing(t *testing.T) {
	r := newRig(t)
	talk := func(user string, day int) said {
		return said{ids: []string{"user_id", user, "desk.conversation_id", user}, cx: nil, at: time.Duration(day) * 24 * time.Hour}
	}
	r.say(
		said{ids: []string{"user_id", "u-1", "email", "ann@example.com"}}, said{ids: []string{"user_id", "u-1", "anonymous_id", "a"}},
		said{ids: []string{"anonymous_id", "b"}}, talk("u-1", 1),
	)
	one, two := r.observations("user_id", "u-1"), r.observations("anonymous_id", "b")
	merge := explain.Saying{Verdicts: []identity.Link{{A: two[0], B: one[0], Verdict: identity.MustMerge}}}
	effect, parts, err := r.Otherwise(t.Context(), "w", merge, []identity.ObservationID{one[0], two[0]})
	r.Must(err)
	if effect.Merges != 1 || effect.Splits != 0 || effect.Moved != 1 || effect.EventsMoved != 1 || len(parts) != 1 ||
		!slices.Equal(wholes(effect.Before), []int{len(one), 3, 1, 1}) || !slices.Equal(wholes(effect.After), []int{len(one) + 1, 4}) {
		t.Errorf("the merge is foreseen as %+v", effect)
	}
	if p := effect.Metrics[0]; p.Name != explain.MetricProfiles || p.Before != 2 || p.After != 1 {
		t.Errorf("metrics are %+v", effect.Metrics)
	}
	if now := r.observations("user_id", "u-1"); !slices.Equal(now, one) {
		t.Errorf("asking changed who is who: %v", now)
	}
	r.give(unify.IdentityLink{A: one[0], B: two[0], Verdict: unify.LinkMustMerge})
	if now := r.observations("user_id", "u-1"); len(now) != len(one)+1 {
		t.Errorf("after the merge there are %v", now)
	}
	undone := explain.Saying{Verdicts: []identity.Link{{A: one[0], B: two[0]}}}
	effect, _, err = r.Otherwise(t.Context(), "w", undone, []identity.ObservationID{one[0], two[0]})
	r.Must(err)
	if effect.Splits != 1 || effect.Merges != 0 || effect.EventsMoved != 1 || effect.BeforeTotal != 1 || effect.AfterTotal != 2 {
		t.Errorf("taking it back is foreseen as %+v", effect)
	}
}

// TestBlockIsForeseen: who is held together by an identifier alone falls apart when it is blocked.
func TestBlockIsForeseen(t *testing.T) {
	r := newRig(t)
	r.say(said{ids: []string{"anonymous_id", "a", "user_id", "u-1"}}, said{ids: []string{"anonymous_id", "a"}})
	ids := r.observations("user_id", "u-1")
	block := explain.Saying{Blocks: map[identity.Identifier]bool{{Type: "anonymous_id", Value: "a"}: true}}
	effect, _, err := r.Otherwise(t.Context(), "w", block, ids)
	r.Must(err)
	if len(ids) != 2 || effect.Splits != 1 || effect.Moved != 1 {
		t.Errorf("of %v the block makes %+v", ids, effect)
	}
}

// TestPairsAreExplained: two of one profile by their path, two of several by what keeps them apart; what is gone is left
// out.
func TestPairsAreExplained(t *testing.T) {
	r := newRig(t)
	r.say(
		said{ids: []string{"user_id", "u-1"}}, said{ids: []string{"user_id", "u-1", "anonymous_id", "a"}}, said{ids: []string{"user_id", "u-2"}},
	)
	one, two := r.observations("user_id", "u-1"), r.observations("user_id", "u-2")
	pairs, err := r.Pairs(t.Context(), "w", [][2]identity.ObservationID{{one[0], one[1]}, {one[0], two[0]}, {two[0], {7}}})
	r.Must(err)
	if len(pairs.Pairs) != 2 || !pairs.Pairs[0].With.Same || pairs.Pairs[1].With.Same || pairs.Pairs[1].With.Apart == nil ||
		pairs.Pairs[1].With.Profile != two[0] || pairs.Pairs[1].Thresholds.Merge <= pairs.Pairs[1].Thresholds.Review {
		t.Errorf("pairs are %+v", pairs)
	}
}
