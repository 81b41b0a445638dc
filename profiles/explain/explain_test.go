package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

func person(name, birth string, ids ...string) said {
	s := said{source: "crm", ids: ids, attributes: map[string]string{event.AttrName: name}}
	if birth != "" {
		s.attributes[event.AttrBirthDate] = birth
	}
	return s
}

func TestSentencesForAPersonHoldTheValues(t *testing.T) {
	r := newRig(t)
	r.say(person("Ann Leeson", "1980-02-01", "phone", "+12125550100", "crm.id", "1"), person("A Leeson", "1980-02-01", "phone", "+12125550100"))
	q := explain.Question{Address: address("crm.id", "1")}
	x, err := r.Explain(t.Context(), "w", q)
	r.Must(err)
	plain, err := json.Marshal(x)
	r.Must(err)
	if len(x.Links) != 1 || strings.Contains(string(plain), `"read"`) || strings.Contains(x.Links[0].Said.Text, "leeson") {
		t.Errorf("says %s", plain)
	}
	q.Read = true
	if x, err = r.Explain(t.Context(), "w", q); err != nil || !strings.Contains(x.Links[0].Said.Read, `"ann leeson" and "a leeson"`) {
		t.Errorf("says %+v, %v", x, err)
	}
}

// TestUnassignedIsExplained: an observation that may be one of two, by its own id.
func TestUnassignedIsExplained(t *testing.T) {
	r := newRig(t)
	r.say(said{ids: []string{"user_id", "u1", "email", "fam@example.com"}}, said{ids: []string{"user_id", "u2", "email", "fam@example.com"}})
	r.say(said{ids: []string{"email", "fam@example.com"}})
	one, err := r.Explain(t.Context(), "w", explain.Question{Address: address("user_id", "u1")})
	r.Must(err)
	at := slices.IndexFunc(one.Apart, func(a explain.Apart) bool { return a.Standing == identity.StandingUnassigned })
	if at < 0 {
		t.Fatalf("nobody is unassigned: %+v", one.Apart)
	}
	x, err := r.Explain(t.Context(), "w", explain.Question{Address: address("profile", one.Apart[at].Profile.String())})
	r.Must(err)
	if len(x.Candidates) != 2 || x.Alone == nil || x.Standing != identity.StandingUnassigned || len(x.Apart) != 2 || x.ObservationsTotal != 1 {
		t.Errorf("explained as %+v", x)
	}
}

// TestAddedIsWeighed: what is only supposed is compared with all others, and nothing is kept of it.
func TestAddedIsWeighed(t *testing.T) {
	r := newRig(t)
	r.say(person("Ann Leeson", "1980-02-01", "crm.id", "1"), person("A Leeson", "", "email", "ann@example.com", "shop.id", "9"))
	before, err := r.Explain(t.Context(), "w", explain.Question{Address: address("crm.id", "1")})
	r.Must(err)
	q := explain.Question{Address: address("crm.id", "1"), Add: []identity.Identifier{{Type: "email", Value: "ann@example.com"}}}
	x, err := r.Explain(t.Context(), "w", q)
	r.Must(err)
	if !x.Added.Joins || len(x.Added.Changes)+len(x.Added.Asks) == 0 {
		t.Errorf("the e-mail of one much alike: %+v", x.Added)
	}
	again, err := r.Explain(t.Context(), "w", explain.Question{Address: address("crm.id", "1")})
	r.Must(err)
	if !reflect.DeepEqual(again, before) {
		t.Errorf("asking changed something: %+v, before %+v", again, before)
	}
}

// TestAddedIsWhatComes: after an event says what one observation says, and an identifier more, there are
// as many profiles as was said that there would be.
func TestAddedIsWhatComes(t *testing.T) {
	r := newRig(t)
	r.people(120)
	random := rand.New(rand.NewPCG(7, 8))
	changed := 0
	for i := range 40 {
		before := r.preview(explain.Trial{}).Before
		add := identity.Identifier{Type: "email", Value: fmt.Sprintf("box%d@example.com", random.IntN(60))}
		if i%3 == 0 {
			add = identity.Identifier{Type: "phone", Value: fmt.Sprintf("+1212555%04d", 100+random.IntN(40))}
		}
		at := address("profile", before.LargestProfile.String())
		if i > 0 {
			at = address("anonymous_id", fmt.Sprint("a", random.IntN(120)))
		}
		x, err := r.Explain(t.Context(), "w", explain.Question{Address: at, Add: []identity.Identifier{add}})
		var several *profiles.AmbiguousError
		if errors.Is(err, profiles.ErrNotFound) || errors.As(err, &several) || x != nil && x.ObservationsTotal != 1 {
			continue
		}
		r.Must(err)
		want := before.Profiles
		for _, c := range x.Added.Changes {
			if c.Kind == identity.ChangeMerge {
				want -= c.Total - 1
			} else {
				want += c.Total - 1
			}
			changed++
		}
		if !x.Added.Joins && x.Added.Standing == identity.StandingFounder {
			want++
		}
		more := said{source: x.Observations[0].Source, ids: []string{add.Type, add.Value}, attributes: map[string]string{}}
		for _, id := range x.Observations[0].Identifiers {
			more.ids = append(more.ids, id.Type, id.Value)
		}
		for _, a := range x.Observations[0].Attributes {
			more.attributes[a.Name] = a.Value
		}
		r.say(more)
		if now := r.preview(explain.Trial{}).Before; now.Profiles != want {
			t.Fatalf("%d profiles became %d, forecast were %d: %+v", before.Profiles, now.Profiles, want, x.Added)
		}
	}
	if changed == 0 {
		t.Error("nothing ever changed")
	}
}

func TestExplainFails(t *testing.T) {
	r := newRig(t)
	r.say(said{ids: []string{"user_id", "u1"}})
	var field *explain.FieldError
	u1 := address("user_id", "u1")
	for _, c := range []struct {
		name, workspace string
		q               explain.Question
		is              func(error) bool
	}{
		{"nobody", "w", explain.Question{Address: address("user_id", "u9")}, func(err error) bool { return errors.Is(err, profiles.ErrNotFound) }},
		{"another workspace", "x", explain.Question{Address: u1}, func(err error) bool { return errors.Is(err, profiles.ErrNotFound) }},
		{"with nobody", "w", explain.Question{Address: u1, With: address("user_id", "u9")}, func(err error) bool {
			return errors.As(err, &field) && field.Field == "with" && errors.Is(err, profiles.ErrNotFound)
		}},
		{"add what is none", "w", explain.Question{Address: u1, Add: []identity.Identifier{{Type: "email", Value: "x"}}}, func(err error) bool {
			return errors.As(err, &field) && field.Field == "add[0]"
		}},
		{"add too many", "w", explain.Question{Address: u1, Add: make([]identity.Identifier, 11)}, func(err error) bool {
			return errors.As(err, &field) && field.Field == "add"
		}},
	} {
		if _, err := r.Explain(t.Context(), c.workspace, c.q); !c.is(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Explain(ctx, "w", explain.Question{Address: u1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := explain.NewService(refused{}, nil, nil).Explain(t.Context(), "w", explain.Question{Address: u1}); err == nil {
		t.Error("a store that cannot be read is no error")
	}
}

// TestPreviewMetrics: each metric before and after a person is split in two.
func TestPreviewMetrics(t *testing.T) {
	r := newRig(t)
	call := func(id string, day int, ids ...string) said {
		return said{source: "pbx", ids: ids, cx: &event.CX{ConversationID: id}, at: time.Duration(day) * 24 * time.Hour}
	}
	r.say(call("c1", 0, "crm.id", "1"), call("c2", 6, "crm.id", "1"), call("c3", 20, "crm.id", "1"), call("c4", 0, "crm.id", "2"),
		said{ids: []string{"anonymous_id", "a1"}})
	rules := r.rules("identifiers: [{type: crm.id, role: ignored}]")
	for metric, want := range map[explain.Metric][2]float64{
		explain.MetricProfiles:      {3, 5},
		explain.MetricIdentified:    {2. / 3, 4. / 5},
		explain.MetricEvents:        {5. / 3, 1},
		explain.MetricConversations: {4. / 3, 4. / 5},
		explain.MetricRepeat:        {1. / 2, 0},
	} {
		f := r.preview(explain.Trial{Rules: rules, Metric: metric})
		if got := [2]float64{f.Metric.Before, f.Metric.After}; got != want {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
	if _, err := r.Preview(t.Context(), "w", explain.Trial{Metric: "csat"}); !errors.Is(err, explain.ErrMetric) {
		t.Errorf("an unknown metric: %v", err)
	}
}

// TestPreviewIsWhatComes: over some hundred people with shared mailboxes, telephones and devices, a
// forecast is what comes of setting the rules, whether they have the same compared or not.
func TestPreviewIsWhatComes(t *testing.T) {
	moved := 0
	for _, document := range []string{
		"strategy: identifiers_only", "strategy: mailbox_is_person", "blocked: [{type: phone, value: '+12125550103'}]",
		"identifiers: [{type: crm.id, role: evidence}]", "matching: {merge_precision: 0.99}", "identifiers: [{type: crm.id, role: ignored}]", "identifiers: [{type: crm.id, role: exclusive}, {type: email, role: certain}]",
	} {
		t.Run(document, func(t *testing.T) {
			r := newRig(t)
			r.people(300)
			r.settle()
			rules := r.rules(document)
			f := r.preview(explain.Trial{Rules: rules, Metric: explain.MetricEvents})
			r.give(unify.IdentityRules{Rules: rules.Encode()})
			r.settle()
			now := r.preview(explain.Trial{Rules: rules, Metric: explain.MetricEvents})
			if now.Before != f.After || now.Metric.Before != f.Metric.After {
				t.Errorf("it is %+v, forecast was %+v", now.Before, f.After)
			}
			if now.Merges+now.Splits != 0 || now.After != now.Before {
				t.Errorf("what is in force would still change: %+v", now)
			}
			moved += f.Moved
		})
	}
	if moved == 0 {
		t.Error("no rules would change anything")
	}
}

// people says what n records of half as many people do, the same each time in a new rig: some with an initial only,
// without a birth date, or with nothing but a device.
func (r *rig) people(n int) {
	first := strings.Fields("ann bob carl dora emil fay gus hal ida jon kay lee mia ned ola pat")
	last := strings.Fields("archer baker carter dyer eaton fisher gardner hunter ivory joiner")
	random := rand.New(rand.NewPCG(uint64(r.n), 2))
	var all []said
	for range n {
		who := random.IntN(n / 2)
		s := person(first[who%len(first)]+" "+last[who/len(first)%len(last)], fmt.Sprintf("19%02d-%02d-11", 40+who%50, 1+who%12))
		if random.IntN(3) == 0 {
			s.attributes[event.AttrName] = first[who%len(first)][:1] + " " + last[who/len(first)%len(last)]
		}
		if random.IntN(2) == 0 {
			delete(s.attributes, event.AttrBirthDate)
		}
		for _, held := range [][2]string{
			{"phone", fmt.Sprintf("+1212555%04d", 100+who%40)}, {"crm.id", fmt.Sprint(r.n, "-", who)},
			{"email", fmt.Sprintf("box%d@example.com", who%60)}, {"anonymous_id", fmt.Sprint("a", random.IntN(n))},
		} {
			if random.IntN(2) == 0 {
				s.ids = append(s.ids, held[:]...)
			}
		}
		if random.IntN(5) == 0 {
			s = said{ids: []string{"anonymous_id", fmt.Sprint("a", random.IntN(n))}}
		}
		all = append(all, s)
	}
	r.say(all...)
}

func TestPreviewIsCancelled(t *testing.T) {
	r := newRig(t)
	r.people(100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Preview(ctx, "w", explain.Trial{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := r.Preview(t.Context(), "w", explain.Trial{Bound: 1}); !errors.Is(err, identity.ErrTooLarge) {
		t.Errorf("over the bound: %v", err)
	}
}

// TestNothingIsForecastOfTheRulesInForce, and asking twice answers the same.
func TestNothingIsForecastOfTheRulesInForce(t *testing.T) {
	r := newRig(t)
	r.people(200)
	var last explain.Progress
	f := r.preview(explain.Trial{Progress: func(p explain.Progress) { last = p }})
	if f.Merges+f.Splits+f.Moved != 0 || f.Before != f.After || f.Retrained || f.Observations == 0 {
		t.Errorf("forecast %+v", f)
	}
	if last.Observations != f.Observations || last.Share != 1 {
		t.Errorf("at the end it was at %+v", last)
	}
	if again := r.preview(explain.Trial{}); !reflect.DeepEqual(again, f) {
		t.Errorf("asked again: %+v, before %+v", again, f)
	}
}
