package match

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestNothingIsStoppedEarlyThatWouldBeLinked: looking at a pair only as far as needed finds what comparing
// all of it finds.
func TestNothingIsStoppedEarlyThatWouldBeLinked(t *testing.T) {
	schema := Schema{IDs: []IDKind{{Name: "account", Several: true}, {Name: "passport"}}}
	rapid.Check(t, func(t *rapid.T) {
		records := make([]*Record, rapid.IntRange(2, 30).Draw(t, "records"))
		for i := range records {
			records[i] = anybody(t, fmt.Sprint(100+i))
		}
		prepared := byID(schema.PrepareAll(records))
		m := Train(schema, 1, prepared)
		if rapid.Bool().Draw(t, "many") {
			m.Records *= 1000 // so that it takes more to be linked
			m.finish()
		}
		probe := probe{m: m}
		for i, p := range prepared {
			probe.set(p)
			for j, o := range prepared {
				if i == j {
					continue
				}
				var c Comparison
				var e Evidence
				schema.Compare(prepared[min(i, j)], prepared[max(i, j)], &c)
				m.Weigh(&c, &e)
				if want := m.Score(&e) >= linkFloor; probe.linked(o, &o.outline, i < j) != want {
					t.Fatalf("%+v and %+v: linked is %v, by the score of %d it is %v", p, o, !want, m.Score(&e), want)
				}
			}
		}
	})
}

// anybody makes a record that says more than someone does.
func anybody(t *rapid.T, id string) *Record {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	r := someone(t, id)
	r.Names[0].Middle = pick("middle", "", "", "Rose", "Smith", "William", "R")
	if given := pick("also", "", "", "Anna", "Smith", "Ann Marie"); given != "" {
		r.Names = append(r.Names, PersonName{Given: given, Family: pick("as", "Jones", "Miller", "Anna", "Smith Miller", "")})
	}
	if v := pick("born", "", "", "1 Jan 1970", "1970", "3/4/70", "1957-12-24"); v != "" {
		r.Births = append(r.Births[:0], v)
	}
	if v := pick("street", "", "", "Oaks", "Washington", "Wasington", "Elm", "Rose Hill"); v != "" {
		r.Addresses = append(r.Addresses, Address{Line: pick("house", "12 ", "14 ", "") + v, Postcode: pick("post", "", "98101", "98102", "10115")})
	}
	if v := pick("passport", "", "", "A100", "C88812345", "C88812354"); v != "" {
		r.IDs = append(r.IDs, ID{"passport", v}, ID{"account", pick("as account", "C88812345", "B7331111")})
	}
	return r
}
