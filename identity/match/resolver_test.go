package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// someone makes a record of one of a few people, with slips, so that records hang together in
// every way.
func someone(t *rapid.T, id string) *Record {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	r := &Record{ID: id}
	r.Names = []PersonName{{
		Given:  pick("given", "", "William", "Bill", "Anna", "Ann", "Jonh", "John", "J"),
		Family: pick("family", "Smith", "Smyth", "Miller", "Smith Jr", "Smith Sr", ""),
	}}
	if v := pick("birth", "", "1970-01-02", "1970-02-01", "1970-01-03", "1981-11-30"); v != "" {
		r.Births = []string{v}
	}
	for _, v := range []string{pick("mail", "", "a.smith7@x.org", "asmith@x.org", "a.smth7@x.org", "b.miller12@y.org"), pick("mail2", "", "", "team@z.org")} {
		if v != "" {
			r.Emails = append(r.Emails, v)
		}
	}
	if v := pick("phone", "", "+1 206 741 2260", "206-741-2260", "2067412261", "4259990017"); v != "" {
		r.Phones = []string{v}
	}
	if v := pick("city", "", "Seattle", "Renton"); v != "" {
		r.Addresses = []Address{{Line: pick("line", "", "12 Oak St", "12 Oak Street", "14 Oak St"), City: v}}
	}
	if v := pick("account", "", "", "A100", "A101", "B733"); v != "" {
		r.IDs = []ID{{"account", v}}
	}
	return r
}

var testSchema = Schema{IDs: []IDKind{{Name: "account", Several: true}}}

// TestIncrementalEqualsFromScratch adds, replaces, removes, ties and unties records at random, in
// between trains models, and compares the groups with those made all at once of the same records,
// ties and model.
func TestIncrementalEqualsFromScratch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.SampledFrom([]int{0, 3}).Draw(t, "bound")
		r, err := NewResolver(testSchema, Options{ComponentBound: bound}, NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		held, known := map[string]*Record{}, map[string]Tie{}
		id := func(label string) string { return fmt.Sprintf("r%02d", rapid.IntRange(0, 30).Draw(t, label)) }
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			default:
				rec := someone(t, id("id"))
				held[rec.ID] = rec
				r.Add(rec)
			case 6:
				gone := id("gone")
				delete(held, gone)
				r.Remove(gone)
			case 7:
				x := Tie{id("a"), id("b"), TieKind(rapid.IntRange(1, 3).Draw(t, "kind"))}
				if x.A != x.B {
					known[min(x.A, x.B)+max(x.A, x.B)] = x
					r.Tie(x)
				}
			case 8:
				a, b := id("a"), id("b")
				delete(known, min(a, b)+max(a, b))
				r.Untie(a, b)
			case 9:
				r.Settle()
			}
			if r.Settled() {
				sameGroups(t, r, held, known)
			}
		}
		r.Settle()
		sameGroups(t, r, held, known)
		if m := Train(testSchema, 1, prepared(held)); m.Partners != r.Model().Partners {
			t.Fatal("the model of the set is another")
		}
	})
}

func prepared(held map[string]*Record) []*Prepared {
	var out []*Prepared
	for _, rec := range held {
		out = append(out, testSchema.Prepare(rec))
	}
	return out
}

func sameGroups(t *rapid.T, r *Resolver, held map[string]*Record, known map[string]Tie) {
	t.Helper()
	var list []Tie
	for _, x := range known {
		list = append(list, x)
	}
	want := Resolve(r.Model(), prepared(held), list, Options{}).Groups
	if got := r.Groups(); !equalGroups(got, want) {
		t.Fatalf("incremental %v\nfrom scratch %v", got, want)
	}
}

func equalGroups(a, b [][]string) bool {
	return slices.EqualFunc(a, b, slices.Equal)
}

// TestOrderDoesNotMatter loads one set in many orders, one by one and at once.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []*Record
		for i := range rapid.IntRange(2, 80).Draw(t, "n") {
			records = append(records, someone(t, fmt.Sprintf("r%03d", i)))
		}
		var want [][]string
		for run := range 4 {
			seed := uint64(rapid.IntRange(0, 1<<30).Draw(t, "seed"))
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			r, _ := NewResolver(testSchema, Options{}, NewMemory())
			if run == 0 {
				r.Load(records)
				want = r.Groups()
				continue
			}
			for i, rec := range records {
				r.Add(rec)
				if run == 2 && i%7 == 6 {
					r.Settle()
				}
				if run == 3 && i%3 == 2 {
					r.Remove(rec.ID)
					r.Add(rec)
				}
			}
			r.Settle()
			if got := r.Groups(); !equalGroups(got, want) {
				t.Fatalf("run %d: %v\nwant %v", run, got, want)
			}
		}
	})
}
