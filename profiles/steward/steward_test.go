package steward_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// TestSplitsComeToWhatWasAsked: whatever observations of a profile are split off, they are one profile then and the rest
// is another, as the preview said; undone, all is as before.
func TestSplitsComeToWhatWasAsked(t *testing.T) {
	r := newRig(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		user := "u" + uuid.NewString()[:8]
		var lines []string
		for i := range rapid.IntRange(2, 6).Draw(rt, "observations") {
			device := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "device")
			line := "anonymous_id=" + user + device
			if i == 0 || rapid.Bool().Draw(rt, "signed in") {
				line += " user_id=" + user
			}
			lines = append(lines, line)
		}
		r.say(lines...)
		before := r.homes()
		var members []identity.ObservationID
		home := before[r.holder("user_id", user)]
		for id, p := range before {
			if p == home {
				members = append(members, id)
			}
		}
		slices.SortFunc(members, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		if len(members) < 2 {
			return
		}
		off := rapid.SliceOfNDistinct(rapid.SampledFrom(members), 1, len(members)-1, func(id uuid.UUID) uuid.UUID { return id }).Draw(rt, "off")
		p := steward.Proposal{Kind: unify.DecisionSplit, Profile: home, Observations: off}
		f, err := r.Preview(context.Background(), "w", p)
		r.Must(err)
		if !f.Achieved || !maps.Equal(r.homes(), before) {
			rt.Fatalf("foreseen is %+v", f)
		}
		d := r.decide(p)
		after := r.homes()
		sides := map[bool]identity.ProfileID{}
		for _, id := range members {
			side := slices.Contains(off, id)
			if known, ok := sides[side]; ok && known != after[id] {
				rt.Fatalf("%s fell off its side", id)
			}
			sides[side] = after[id]
		}
		if sides[true] == sides[false] {
			rt.Fatal("they are still one")
		}
		r.decide(steward.Proposal{Kind: unify.DecisionUndo, Decision: d.ID})
		if now := r.homes(); !maps.Equal(now, before) {
			rt.Fatalf("undone it is %v, before %v", now, before)
		}
	})
}

// TestMergesMakeOne: whichever observations of two profiles are said to be one, both profiles are one then, whole, as the
// preview said, and so is what they do next; undone, or decided to the contrary, all is as before.
func TestMergesMakeOne(t *testing.T) {
	r := newRig(t)
	said := map[int]int{} // merges by how many verdicts they took
	rapid.Check(t, func(rt *rapid.T) {
		mark := uuid.NewString()[:8]
		var lines, next []string
		for _, user := range []string{"ann", "bob", "eve"} {
			for i := range rapid.IntRange(1, 4).Draw(rt, "observations of "+user) {
				device := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "device")
				line := "anonymous_id=" + mark + user + device
				if i == 0 || rapid.Bool().Draw(rt, "signed in") {
					line += " user_id=" + mark + user
				}
				if rapid.Bool().Draw(rt, "is in a contract") {
					line += " crm.contract=" + mark + rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(rt, "contract")
				}
				lines = append(lines, line)
			}
		}
		for _, user := range []string{"ann", "bob"} {
			next = append(next, "user_id="+mark+user, "user_id="+mark+user+" app.device="+mark+user)
		}
		r.say(lines...)
		before := r.homes()
		sides := map[identity.ProfileID][]identity.ObservationID{}
		for id, p := range before {
			sides[p] = append(sides[p], id)
		}
		one, two := sides[before[r.holder("user_id", mark+"ann")]], sides[before[r.holder("user_id", mark+"bob")]]
		for _, side := range [][]identity.ObservationID{one, two} {
			slices.SortFunc(side, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		}
		p := steward.Proposal{Kind: unify.DecisionMerge, A: rapid.SampledFrom(one).Draw(rt, "of the one"), B: rapid.SampledFrom(two).Draw(rt, "of the other")}
		f, err := r.Preview(context.Background(), "w", p)
		r.Must(err)
		if !f.Achieved || !maps.Equal(r.homes(), before) {
			rt.Fatalf("foreseen is %+v", f)
		}
		d := r.decide(p)
		whole := func(when string) {
			now := r.homes()
			for _, id := range slices.Concat(one, two) {
				if now[id] != now[p.A] {
					rt.Fatalf("%s %s is not of the profile: %v, of %v and %v; %+v", when, id, now, one, two, d)
				}
			}
		}
		whole("merged")
		said[len(d.Verdicts)]++
		known := r.homes()
		r.say(next...)
		for id, p := range r.homes() {
			if _, before := known[id]; !before && p != r.homes()[d.Verdicts[0].A] {
				rt.Fatalf("what they did next is of %s", p)
			}
		}
		whole("later")
		switch rapid.SampledFrom([]string{"undone", "ended", "to the contrary"}).Draw(rt, "then") {
		case "to the contrary":
			r.decide(steward.Proposal{Kind: unify.DecisionNeverMerge, A: p.A, B: p.B})
			if now := r.homes(); now[p.A] == now[p.B] || now[r.holder("user_id", mark+"ann")] == now[r.holder("user_id", mark+"bob")] {
				rt.Fatalf("said to be two they are one: %v", now)
			}
			return
		case "ended":
			r.decide(steward.Proposal{Kind: unify.DecisionUndo, A: p.B, B: p.A})
		default:
			r.decide(steward.Proposal{Kind: unify.DecisionUndo, Decision: d.ID})
		}
		now := r.homes()
		for id, p := range before {
			if now[id] != p {
				rt.Fatalf("undone %s is of %s, before of %s", id, now[id], p)
			}
		}
	})
	if t.Logf("merges by how many verdicts they took: %v", said); said[1] == 0 || len(said) < 2 {
		t.Error("nothing ever fell off, or always did: it shows nothing")
	}
}

// TestUndoneAllIsAsBefore: a merge over a never_merge takes that back, and undoing it gives that again.
func TestUndoneAllIsAsBefore(t *testing.T) {
	r := newRig(t)
	r.say("user_id=u1", "user_id=u1 anonymous_id=a", "user_id=u2")
	one, two := r.holder("anonymous_id", "a"), r.holder("user_id", "u2")
	other := r.homes()[one]
	if other == one {
		other = r.holder("user_id", "u1")
	}
	apart := r.decide(steward.Proposal{Kind: unify.DecisionNeverMerge, A: other, B: two, Note: "brothers"})
	before := r.homes()
	merged := r.decide(steward.Proposal{Kind: unify.DecisionMerge, A: one, B: two})
	if now := r.homes(); now[one] != now[two] || len(merged.Profiles) != 1 {
		t.Fatalf("merged: %v, %+v", now, merged)
	}
	if _, err := r.Decision(t.Context(), "w", apart.ID); len(merged.Verdicts) == 2 && !errors.Is(err, steward.ErrNoDecision) {
		t.Errorf("the decision whose place it took: %v", err)
	}
	undone := r.decide(steward.Proposal{Kind: unify.DecisionUndo, Decision: merged.ID})
	if now := r.homes(); !maps.Equal(now, before) || undone.Undoes == nil || *undone.Undoes != merged.ID {
		t.Errorf("undone: %v, before %v; %+v", now, before, undone)
	}
	if _, err := r.Decide(t.Context(), "w", steward.Request{Proposal: steward.Proposal{Kind: unify.DecisionUndo, Decision: merged.ID}, ID: uuid.New()}); !errors.Is(err, steward.ErrUndone) {
		t.Errorf("undone twice: %v", err)
	}
}

// TestADecisionIsCarriedOutOnce: given again under its id after another decision took its place, it changes nothing.
func TestADecisionIsCarriedOutOnce(t *testing.T) {
	r := newRig(t)
	r.say("user_id=u1", "user_id=u2")
	a, b := r.holder("user_id", "u1"), r.holder("user_id", "u2")
	first := steward.Request{Proposal: steward.Proposal{Kind: unify.DecisionMerge, A: a, B: b}, ID: uuid.New(), Hash: 7}
	_, err := r.Decide(t.Context(), "w", first)
	r.Must(err)
	r.decide(steward.Proposal{Kind: unify.DecisionNeverMerge, A: a, B: b})
	if _, err := r.Decide(t.Context(), "w", first); !errors.Is(err, steward.ErrNoDecision) {
		t.Errorf("given again: %v", err)
	}
	if now := r.homes(); now[a] == now[b] {
		t.Error("given again it took the place of what was decided since")
	}
}

// TestQuestionsAreThoseOfNow: rows of the store that were decided or are gone are left out, and pages go on.
func TestQuestionsAreThoseOfNow(t *testing.T) {
	r := newRig(t)
	r.say("anonymous_id=a first_name=Zebulon last_name=Quixby", "anonymous_id=b first_name=Zebulon last_name=Quixby", "anonymous_id=c")
	a, b, c := r.holder("anonymous_id", "a"), r.holder("anonymous_id", "b"), r.holder("anonymous_id", "c")
	r.asked = []store.ReviewRow{
		{Observation: a, Peer: c, Bits: 5, Open: 3}, {Observation: a, Peer: b, Bits: 3, Open: 3, Reason: identity.RuleUncertain}, {Observation: b, Peer: uuid.UUID{1}, Bits: 2, Open: 3},
	}
	page, err := r.Questions(t.Context(), "w", "", 1)
	r.Must(err)
	if len(page.Questions) != 1 || page.Questions[0].A != a || page.Questions[0].Bits != 3 || page.Next == "" {
		t.Fatalf("the page is %+v", page)
	}
	next, err := r.Questions(t.Context(), "w", page.Next, 1)
	r.Must(err)
	if len(next.Questions) != 0 || next.Next != "" {
		t.Errorf("the next page is %+v", next)
	}
	r.decide(steward.Proposal{Kind: unify.DecisionNeverMerge, A: a, B: b})
	if page, err = r.Questions(t.Context(), "w", "", 10); err != nil || len(page.Questions) != 0 {
		t.Errorf("decided: %+v, %v", page, err)
	}
	if _, err := r.Questions(t.Context(), "w", "x", 1); !errors.Is(err, steward.ErrCursor) {
		t.Errorf("a bad cursor: %v", err)
	}
}

// TestPrecisionCountsWhatWasDecided: in bands that cover all scores, with sample sizes; what was taken back is out.
func TestPrecisionCountsWhatWasDecided(t *testing.T) {
	r := newRig(t)
	for _, pair := range []string{"a", "b", "c"} {
		for _, n := range []string{"1", "2"} {
			r.say("anonymous_id=" + pair + n + " first_name=Zebulon last_name=Quixby" + pair)
		}
	}
	var last *steward.Decision
	for pair, kind := range map[string]unify.DecisionKind{"a": unify.DecisionMerge, "b": unify.DecisionNeverMerge} {
		last = r.decide(steward.Proposal{Kind: kind, A: r.holder("anonymous_id", pair+"1"), B: r.holder("anonymous_id", pair+"2")})
	}
	p, err := r.Precision("w")
	r.Must(err)
	labels, right := 0, 0
	for i, b := range p.AsAsked.Bands {
		labels, right = labels+b.Labels, right+b.Right
		if i > 0 && b.From != p.AsAsked.Bands[i-1].Below || b.Labels == 0 && (b.Low != 0 || b.High != 1) {
			t.Errorf("band %+v after %+v", b, p.AsAsked.Bands[max(0, i-1)])
		}
	}
	if p.Decided != (steward.Decided{Merged: 1, Apart: 1}) || labels != 2 || right != 1 || p.AsAsked.Labels != 2 {
		t.Errorf("the precision is %+v", p)
	}
	r.decide(steward.Proposal{Kind: unify.DecisionUndo, Decision: last.ID})
	if p, err = r.Precision("w"); err != nil || p.AsAsked.Labels != 1 || p.Decided.TakenBack != 1 {
		t.Errorf("after one was taken back: %+v, %v", p, err)
	}
}
