package identity_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/identity/match"
)

// told is what some lines say, resolved with scores.
type told struct {
	t      *testing.T
	engine *identity.Engine
	facts  *identitytest.Facts
	linker *match.Linker
	ids    []identity.ObservationID // by line
}

func tell(t *testing.T, lines ...string) *told {
	t.Helper()
	w := &told{t: t, engine: newEngine(t, identity.Config{DefaultRegion: "US"}), facts: identitytest.New()}
	w.linker = match.NewLinker(match.DefaultModel(match.SchemaFor()), match.NewMemory(w.facts.Observation), match.Options{})
	for i, text := range lines {
		o, dropped := w.engine.Observe(said(t, i, text))
		if len(dropped) > 0 {
			t.Fatalf("line %d: dropped %v", i, dropped)
		}
		w.facts.Add(o)
		if _, err := w.linker.Put(nil, &o); err != nil {
			t.Fatal(err)
		}
		w.ids = append(w.ids, o.ID)
	}
	return w
}

func (w *told) explain(line int, o identity.ExplainOptions) *identity.Explanation {
	w.t.Helper()
	x, err := w.engine.Explain(w.t.Context(), w.facts, w.linker, w.ids[line], o)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

// sentences are those of all links, of all that are apart, and why it stands alone.
func sentences(x *identity.Explanation) []string {
	var list []string
	if x.Alone != nil {
		list = append(list, "alone: "+x.Alone.String())
	}
	for _, l := range x.Links {
		list = append(list, "one: "+l.Sentence.String())
	}
	for _, a := range x.Apart {
		list = append(list, "two: "+a.Sentence.String())
	}
	return list
}

func TestExplainInPlainWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		said  []string
		never [2]int // if both are not 0
		must  [2]int
		block identity.Identifier
		rules string
		of    int
		want  []string // begins of sentences
	}{
		{
			name: "the same id", said: []string{"user_id=u1; email=ann@example.com", "user_id=u1; phone=+12125550100"},
			want: []string{`one: Same user id "u1"`},
		},
		{
			name: "an id in a source", said: []string{"crm.contact_id=7; name=Ann Lee", "crm.contact_id=7; email=ann@example.com"},
			want: []string{`one: Same id in a source "7"`},
		},
		{
			name: "a score", said: []string{"name=Ann Leeson; phone=+12125550100; birth_date=1980-02-01", "name=A Leeson; phone=+12125550100; birth_date=1980-02-01"},
			want: []string{`one: Same telephone "+12125550100", the name agrees: "ann leeson" and "a leeson" and same birth date "1980-02-01" (+`},
		},
		{
			name: "a score that is too low", said: []string{"name=Ann Lee; phone=+12125550100", "name=A Lee; phone=+12125550100"},
			want: []string{`two: Same telephone "+12125550100" and the name agrees: "ann lee" and "a lee", but that is too little to be sure, and enough to ask a person (+`},
		},
		{
			name: "a family", said: []string{"name=Ann Leeson; email=fam@example.com", "name=Bob Leeson; email=fam@example.com"},
			want: []string{`two: Same e-mail "fam@example.com" and same last name "leeson", but the first name differs: "ann" and "bob" and that is too little`},
		},
		{
			name: "a device", said: []string{"anonymous_id=a1; user_id=u1", "anonymous_id=a1"},
			want: []string{`one: Same browser "a1" and nothing speaks against one person`},
		},
		{
			name: "the only holder", said: []string{"email=ann@example.com; user_id=u1", "email=ann@example.com"},
			want: []string{`one: Nobody else is known by the same e-mail "ann@example.com"`},
		},
		{
			name: "a person's word", said: []string{"user_id=u1", "user_id=u2", "user_id=u3"}, must: [2]int{1, 2}, of: 1,
			want: []string{"one: A person decided that they are one"},
		},
		{
			name: "a person's word against", said: []string{"user_id=u0", "name=Ann Lee; phone=+12125550100", "name=Ann Lee; phone=+12125550100; email=a@example.com"},
			never: [2]int{1, 2}, of: 1,
			want: []string{`two: Same telephone "+12125550100" and same name "ann lee", but a person decided that they are two (+`},
		},
		{
			name: "two user ids", said: []string{"user_id=u1; email=ann@example.com; name=Ann Lee", "user_id=u2; email=ann@example.com; name=Ann Lee"},
			want: []string{`two: Same e-mail "ann@example.com" and same name "ann lee", but each has a user id of its own: "u1" and "u2" (+`},
		},
		{
			name: "a record between two logins", of: 1,
			said: []string{"user_id=u1; crm.id=7", "crm.id=7; shop.id=9; name=Ann Lee", "user_id=u2; shop.id=9"},
			want: []string{
				`two: Same id in a source "7", but it would fit two that each have a user id of their own`,
				`two: Same id in a source "9", but it would fit two that each have a user id of their own`,
			},
		},
		{
			name: "too many of a kind", rules: "identifiers: [{type: phone, limit: 1}]",
			said: []string{"email=a@example.com; phone=+12125550100; name=Ann Leeson", "email=a@example.com; phone=+12125550101; name=Ann Leeson"},
			want: []string{`two: Same e-mail "a@example.com", same name "ann leeson" and the telephone agrees (one digit): "+12125550100" and "+12125550101", but together they would hold more of one kind than the rules allow: telephone`},
		},
		{
			name: "a pair of values", rules: "compound: [{name: policy, of: [insurer.policy_id, birth_date]}]\nidentifiers: [{type: insurer.policy_id, role: evidence}]",
			said: []string{"insurer.policy_id=p1; birth_date=1980-02-01; user_id=u1", "insurer.policy_id=p1; birth_date=1980-02-01"},
			want: []string{`one: Same id in a source "p1" and same birth date "1980-02-01"`},
		},
		{
			name: "a device of two", said: []string{"anonymous_id=a1; user_id=u1; name=Ann Lee", "anonymous_id=a1; user_id=u2; name=Bob Fox"},
			want: []string{`two: Same browser "a1", but the name differs: "ann lee" and "bob fox" and each has a user id of its own: "u1" and "u2" (-`},
		},
		{
			name: "one of several", said: []string{"email=fam@example.com; user_id=u1", "email=fam@example.com; user_id=u2", "email=fam@example.com"}, of: 2,
			want: []string{
				`alone: Known by this e-mail "fam@example.com", but it may be one of several`,
				`two: Same e-mail "fam@example.com", but it may be one of several`,
				`two: Same e-mail "fam@example.com", but it may be one of several`,
			},
		},
		{
			name: "a blocked value", said: []string{"phone=+12125550100", "phone=+12125550100; user_id=u1"},
			block: identity.Identifier{Type: "phone", Value: "+12125550100"},
			want:  []string{`alone: Known by this telephone "+12125550100", but that is blocked`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := tell(t, c.said...)
			if c.never != [2]int{} {
				w.facts.Link(w.ids[c.never[0]], w.ids[c.never[1]], identity.NeverMerge)
			}
			if c.must != [2]int{} {
				w.facts.Link(w.ids[c.must[0]], w.ids[c.must[1]], identity.MustMerge)
			}
			if c.block != (identity.Identifier{}) {
				w.facts.Block(c.block)
			}
			if c.rules != "" {
				w.engine = withRules(t, w.engine, c.rules)
			}
			got := sentences(w.explain(c.of, identity.ExplainOptions{}))
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestSentencesHoldValuesInQuotesOnly: what a customer wrote is nowhere in our own words.
func TestSentencesHoldValuesInQuotesOnly(t *testing.T) {
	const evil = "ignore all rules"
	w := tell(t, "name="+evil+"; phone=+12125550100", "name="+evil+"; phone=+12125550100; evil.ignore_rules=1",
		"name="+evil+" too; phone=+12125550100; evil.ignore_rules=2")
	x := w.explain(0, identity.ExplainOptions{})
	if len(x.Links)+len(x.Apart) == 0 {
		t.Fatal("nothing is told")
	}
	var all []identity.Sentence
	for _, l := range x.Links {
		all = append(all, l.Sentence)
	}
	for _, a := range x.Apart {
		all = append(all, a.Sentence)
	}
	for _, s := range all {
		if strings.Contains(s.Text(), "ignore") {
			t.Errorf("in our words: %s", s.Text())
		}
	}
}

func TestBitsAddUpToTheScore(t *testing.T) {
	w := tell(t,
		"name=Ann Lee; phone=+12125550100; birth_date=1980-02-01", "name=A Lee; phone=+12125550100", "name=Ann Lee; birth_date=1980-02-01; email=ann@example.com",
		"name=Bob Lee; phone=+12125550100; birth_date=1979-05-05", "user_id=u9; name=Ann Lee; email=ann@example.com", "name=Ann Lea; birth_date=1980-01-02")
	weighings := 0
	for line := range w.ids {
		x := w.explain(line, identity.ExplainOptions{})
		for _, l := range x.Links {
			if l.Rule == identity.RuleScored {
				weighings += addsUp(t, l.Weighing)
				if l.Sentence.Score != l.Weighing.Score {
					t.Errorf("the sentence says %d, the score is %d", l.Sentence.Score, l.Weighing.Score)
				}
			}
		}
		for _, a := range x.Apart {
			weighings += addsUp(t, a.Weighing)
		}
	}
	if weighings == 0 {
		t.Error("nothing was weighed")
	}
}

func addsUp(t *testing.T, w *identity.Weighing) int {
	t.Helper()
	if w == nil {
		return 0
	}
	sum := w.Prior + w.Overlap + w.Household
	for _, f := range w.Fields {
		sum += f.Bits
	}
	if sum != w.Score {
		t.Errorf("the parts are %d, the score is %d: %+v", sum, w.Score, w)
	}
	return 1
}

func TestExplainWith(t *testing.T) {
	w := tell(t, "user_id=u1; email=ann@example.com", "user_id=u1; crm.contact_id=7", "crm.contact_id=7; phone=+12125550100",
		"user_id=u2; phone=+12125550199", "user_id=u3; email=ann@example.com")
	for _, c := range []struct {
		a, b int
		want string
	}{
		{0, 2, `same: Same user id "u1" | Same id in a source "7"`},
		{2, 0, `same: Same id in a source "7" | Same user id "u1"`},
		{0, 0, "same: "},
		{0, 3, "Each has a user id of its own: \"u1\" and \"u2\""},
		{0, 4, `Same e-mail "ann@example.com", but each has a user id of its own: "u1" and "u3"`},
	} {
		x := w.explain(c.a, identity.ExplainOptions{With: w.ids[c.b]}).With
		var got string
		if x.Same {
			var path []string
			for _, l := range x.Path {
				path = append(path, l.Sentence.String())
			}
			got = "same: " + strings.Join(path, " | ")
		} else {
			got = x.Apart.Sentence.String()
		}
		if got != c.want {
			t.Errorf("%d with %d: %s, want %s", c.a, c.b, got, c.want)
		}
	}
	_, err := w.engine.Explain(t.Context(), w.facts, w.linker, w.ids[0], identity.ExplainOptions{With: identity.SupposedID})
	if !errors.Is(err, identity.ErrNoObservation) {
		t.Errorf("with nobody: %v", err)
	}
}

func TestExplainAdded(t *testing.T) {
	w := tell(t, "user_id=u1; email=ann@example.com", "crm.contact_id=7; phone=+12125550100", "user_id=u2; shop.customer_id=9")
	before := fmt.Sprint(w.explain(0, identity.ExplainOptions{}))
	for _, c := range []struct {
		add  identity.Identifier
		want string
	}{
		{identity.Identifier{Type: "crm.contact_id", Value: "7"}, "joins; merge of 2 by same_crm.contact_id"},
		{identity.Identifier{Type: "crm.contact_id", Value: "8"}, "joins"},
		{identity.Identifier{Type: "shop.customer_id", Value: "9"}, "joins; asked"},
		{identity.Identifier{Type: "user_id", Value: "u2"}, "left user_id; refused exclusive_user_id"},
	} {
		a := w.explain(0, identity.ExplainOptions{Add: []identity.Identifier{c.add}}).Added
		if got := added(a); got != c.want {
			t.Errorf("%v: %s, want %s", c.add, got, c.want)
		}
	}
	if after := fmt.Sprint(w.explain(0, identity.ExplainOptions{})); after != before {
		t.Errorf("asking changed something:\n%s\n%s", before, after)
	}
}

func added(a *identity.Added) string {
	var said []string
	for _, id := range a.Left {
		said = append(said, "left "+id.Type)
	}
	if a.Joins {
		said = append(said, "joins")
	} else {
		said = append(said, "refused "+a.Refused)
	}
	for _, c := range a.Changes {
		said = append(said, fmt.Sprintf("%s of %d by %s", c.Kind, len(c.Parts), c.Causes[0].Rule))
	}
	if len(a.Asks) > 0 {
		said = append(said, "asked")
	}
	return strings.Join(said, "; ")
}

// TestExplanationIsTheResolution: whatever the facts, an explanation names the profile that Resolve
// makes, lists all its members, and has a link for each but the founder.
func TestExplanationIsTheResolution(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"user_id=u1", "user_id=u1; email=a@example.com", "user_id=u2; email=a@example.com", "email=a@example.com",
			"anonymous_id=x", "anonymous_id=x; user_id=u2", "name=Ann Lee; phone=+12125550100", "name=A Lee; phone=+12125550100; email=a@example.com",
			"name=Bob Fox; phone=+12125550100", "phone=+12125550100", "crm.id=1; name=Ann Lee; birth_date=1980-01-01", "crm.id=1; user_id=u1",
		}), 1, 12).Draw(r, "lines")
		w := tell(t, lines...)
		want, err := w.engine.Resolve(t.Context(), w.facts, w.linker, w.facts.IDs())
		if err != nil {
			r.Fatal(err)
		}
		members := map[identity.ProfileID][]identity.ObservationID{}
		scores := map[[2]identity.ObservationID]identity.Bits{}
		for _, a := range want.Assignments {
			scores[[2]identity.ObservationID{a.Reason.Peer, a.Observation}] = a.Reason.Score
			members[a.Profile] = append(members[a.Profile], a.Observation)
		}
		for _, a := range want.Assignments {
			x, err := w.engine.Explain(t.Context(), w.facts, w.linker, a.Observation, identity.ExplainOptions{})
			if err != nil {
				r.Fatal(err)
			}
			if !reflect.DeepEqual(x.Assignment, a) {
				r.Fatalf("explains %+v, it is %+v", x.Assignment, a)
			}
			for _, l := range x.Links {
				if score := scores[[2]identity.ObservationID{l.A, l.B}]; l.Rule == identity.RuleScored && l.Weighing.Score != score {
					r.Fatalf("the link weighs %d, it was made at %d", l.Weighing.Score, score)
				}
			}
			var got []identity.ObservationID
			for _, o := range x.Observations {
				got = append(got, o.ID)
			}
			slices.SortFunc(got, func(a, b identity.ObservationID) int { return slices.Compare(a[:], b[:]) })
			if !slices.Equal(got, members[a.Profile]) || len(x.Links) != len(got)-1 {
				r.Fatalf("lists %v with %d links, the profile is %v", got, len(x.Links), members[a.Profile])
			}
		}
	})
}
