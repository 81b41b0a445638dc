package match

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

func loaded(t *testing.T, s Schema, records []*Record, known ...Tie) *Resolver {
	t.Helper()
	r, err := NewResolver(s, Options{}, NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range known {
		r.Tie(x)
	}
	r.Load(records)
	return r
}

func largest(groups [][]string) int {
	n := 0
	for _, g := range groups {
		n = max(n, len(g))
	}
	return n
}

// TestPoison adds a junk mailbox, a mailbox that only the data can tell, and one telephone to many
// people: neither the largest profile nor recall may suffer.
func TestPoison(t *testing.T) {
	records, truth := newCrowd(3, 1500).records(1500)
	before := loaded(t, Schema{}, records).Groups()
	p0, r0 := scorePairs(before, truth)
	for i, rec := range records {
		switch {
		case i < 1000:
			rec.Emails = append(rec.Emails, "test@test.com")
		case i < 1300:
			rec.Emails = append(rec.Emails, "front.desk77@clinic.org")
		}
		if i%6 == 0 {
			rec.Phones = append(rec.Phones, "+1 360 555 0199")
		}
	}
	after := loaded(t, Schema{}, records).Groups()
	p1, r1 := scorePairs(after, truth)
	if largest(after) > largest(before) || r1 < r0-.005 || p1 < p0-.005 {
		t.Errorf("largest %d, precision %.4f, recall %.4f; before %d, %.4f, %.4f", largest(after), p1, r1, largest(before), p0, r0)
	}
}

// TestThinObservations adds five records to each that say little: pairs with nothing to compare
// must not vote.
func TestThinObservations(t *testing.T) {
	records, truth := newCrowd(4, 800).records(800)
	p0, r0 := scorePairs(loaded(t, Schema{}, records).Groups(), truth)
	all := slices.Clone(records)
	for _, rec := range records {
		for k := range 5 {
			thin := &Record{ID: fmt.Sprintf("%s-thin%d", rec.ID, k)}
			switch {
			case k%2 == 0 && len(rec.Emails) > 0:
				thin.Emails = rec.Emails
			case len(rec.Phones) > 0:
				thin.Phones = rec.Phones
			default:
				thin.Names = rec.Names
			}
			all = append(all, thin)
		}
	}
	groups := loaded(t, Schema{}, all).Groups()
	for i, g := range groups {
		groups[i] = slices.DeleteFunc(g, func(id string) bool { return truth[id] == "" })
	}
	p1, r1 := scorePairs(groups, truth)
	f := func(p, r float64) float64 { return 2 * p * r / (p + r) }
	if f(p1, r1) < f(p0, r0)-.005 {
		t.Errorf("F1 %.4f (precision %.4f, recall %.4f), without %.4f (%.4f, %.4f)", f(p1, r1), p1, r1, f(p0, r0), p0, r0)
	}
}

func TestPrecedence(t *testing.T) {
	person := func(id, given, family string, more ...ID) *Record {
		return &Record{ID: id, Names: []PersonName{{Given: given, Family: family}}, Emails: []string{given + family + "77@x.org"}, IDs: more}
	}
	s := Schema{IDs: []IDKind{{Name: "passport", Exclusive: true}}}
	a, b := person("a", "Theodora", "Quimby"), person("b", "Theodora", "Quimby")
	c := person("c", "Ludwig", "Farnsworth")
	one, two := ID{"passport", "X1234567"}, ID{"passport", "Y7654321"}
	for _, x := range []struct {
		name    string
		records []*Record
		ties    []Tie
		want    string
	}{
		{"scored", []*Record{a, b, c}, nil, "[[a b] [c]]"},
		{"a person keeps them apart", []*Record{a, b, c}, []Tie{{"a", "b", Never}}, "[[a] [b] [c]]"},
		{"a person puts them together", []*Record{a, b, c}, []Tie{{"a", "c", Must}}, "[[a b c]]"},
		{"exclusive numbers contradict", []*Record{person("a", "Theodora", "Quimby", one), person("b", "Theodora", "Quimby", two)}, nil, "[[a] [b]]"},
		{"a person goes before exclusive numbers", []*Record{person("a", "Theodora", "Quimby", one), person("b", "Theodora", "Quimby", two)}, []Tie{{"a", "b", Must}}, "[[a b]]"},
		{"exclusive numbers go before certain rules", []*Record{person("a", "Theodora", "Quimby", one), person("b", "Ludwig", "Farnsworth", two)}, []Tie{{"a", "b", Certain}}, "[[a] [b]]"},
		{"certain rules join whatever the names", []*Record{a, b, c}, []Tie{{"a", "c", Certain}}, "[[a b c]]"},
		{"verdicts that contradict through others are not followed", []*Record{a, b, c}, []Tie{{"a", "c", Must}, {"c", "b", Must}, {"a", "b", Never}}, "[[a] [b] [c]]"},
	} {
		if got := fmt.Sprint(loaded(t, s, x.records, x.ties...).Groups()); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestConflictsAreReported(t *testing.T) {
	s := testSchema
	records := []*Prepared{
		s.Prepare(&Record{ID: "a", Names: []PersonName{{Given: "David", Family: "Dobbins Jr"}}}),
		s.Prepare(&Record{ID: "b", Names: []PersonName{{Given: "David", Family: "Dobbins Sr"}}}),
	}
	p := Resolve(DefaultModel(s), records, []Tie{{"a", "b", Certain}}, Options{})
	if len(p.Groups) != 2 || fmt.Sprint(p.Conflicts) != "[[a b]]" {
		t.Errorf("groups %v, conflicts %v", p.Groups, p.Conflicts)
	}
}

// TestWhatMayBeOneOfTwoIsNeither: a record between a father and a son of one name.
func TestWhatMayBeOneOfTwoIsNeither(t *testing.T) {
	record := func(id, family string) *Record {
		return &Record{ID: id, Names: []PersonName{{Given: "Erasmus", Family: family}}, Addresses: []Address{{Line: "17 Wolfram Gardens", Postcode: "98177"}}}
	}
	if got := fmt.Sprint(loaded(t, Schema{}, []*Record{record("jr", "Dobbinsworth Jr"), record("x", "Dobbinsworth")}).Groups()); got != "[[jr x]]" {
		t.Fatal(got)
	}
	r := loaded(t, Schema{}, []*Record{record("jr", "Dobbinsworth Jr"), record("sr", "Dobbinsworth Sr"), record("x", "Dobbinsworth")})
	if got := fmt.Sprint(r.Groups()); got != "[[jr] [sr] [x]]" {
		t.Error(got)
	}
}

func TestComponentAsks(t *testing.T) {
	r := loaded(t, Schema{}, []*Record{
		{ID: "a", Names: []PersonName{{Given: "Erasmus", Family: "Dobbinsworth Jr"}}, Phones: []string{"+1 206 741 2260"}},
		{ID: "b", Names: []PersonName{{Given: "Erasmus", Family: "Dobbinsworth"}}, Phones: []string{"+1 206 741 2260"}},
		{ID: "c", Names: []PersonName{{Given: "Erasmus", Family: "Dobbinsworth Sr"}}, Phones: []string{"+1 206 741 2260"}},
		{ID: "d", Names: []PersonName{{Given: "Ludwig", Family: "Farnsworth"}}},
	})
	p := r.Component("b")
	if fmt.Sprint(p.Groups) != "[[a] [b] [c]]" || len(p.Reviews) != 3 || p.Reviews[0].B != "b" || !p.Reviews[1].Contradiction {
		t.Errorf("%+v", p)
	}
	if p := r.Component("nobody"); p.Groups != nil {
		t.Errorf("%+v", p)
	}
}

func TestExplanationAddsUp(t *testing.T) {
	records, _ := newCrowd(5, 500).records(500)
	r := loaded(t, Schema{}, records)
	for i := 1; i < len(records); i++ {
		x, ok := r.Explain(records[i-1].ID, records[i].ID)
		sum := x.Prior + x.Overlap + x.Household
		for _, f := range x.Fields {
			sum += f.Bits
		}
		if !ok || sum != x.Score {
			t.Fatalf("%v: sum %d, score %d", ok, sum, x.Score)
		}
	}
}

// TestModelIsAFunctionOfTheSet also writes it and reads it back.
func TestModelIsAFunctionOfTheSet(t *testing.T) {
	records, _ := newCrowd(6, 700).records(700)
	s := Schema{}
	var ps []*Prepared
	for _, rec := range records {
		ps = append(ps, s.Prepare(rec))
	}
	a := Train(s, 1, ps)
	slices.Reverse(ps)
	b := Train(s, 1, ps)
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Fatal("the order of records makes another model")
	}
	var read Model
	if err := json.Unmarshal(x, &read); err != nil {
		t.Fatal(err)
	}
	if !equalGroups(Resolve(a, ps, nil, Options{}).Groups, Resolve(&read, ps, nil, Options{}).Groups) {
		t.Error("the model that was read back groups otherwise")
	}
}

func TestSmallSets(t *testing.T) {
	for n := range 4 {
		var records []*Record
		for i := range n {
			records = append(records, &Record{ID: fmt.Sprint(i)})
		}
		if got := len(loaded(t, Schema{}, records).Groups()); got != n {
			t.Errorf("%d empty records make %d groups", n, got)
		}
	}
}

func TestFaultsAreAllReported(t *testing.T) {
	_, err := NewResolver(Schema{IDs: []IDKind{{}, {Name: "x"}, {Name: "x"}}}, Options{}, NewMemory())
	if want := "configure matching: ids[0].name: \"\" is empty or used twice\nids[2].name: \"x\" is empty or used twice"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := NewResolver(Schema{}, Options{MergePrecision: 1, ReviewPrecision: -1, ComponentBound: -1}, NewMemory()); err == nil {
		t.Error("bad options were taken")
	}
}
