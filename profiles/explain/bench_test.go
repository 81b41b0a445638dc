package explain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tributary/identity"
	"tributary/profiles/explain"
)

// crowd says what n records of about a third as many people do, whose names are about as rare as in life
// and of whom some share a telephone.
func (r *rig) crowd(n int) {
	random := rand.New(rand.NewPCG(3, 4))
	name := func(seed int) string {
		syllables := strings.Fields("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za")
		var b strings.Builder
		for ; seed > 0; seed /= len(syllables) {
			b.WriteString(syllables[seed%len(syllables)])
		}
		return b.String()
	}
	for range n / 1000 {
		var all []said
		for range 1000 {
			who := random.IntN(n / 3)
			s := person(name(9000+who%997)+" "+name(160_000+who*31), fmt.Sprintf("%d-%02d-%02d", 1940+who%60, 1+who%12, 1+who%28),
				"crm.id", fmt.Sprint(who), "phone", fmt.Sprintf("+1212%07d", 2_000_000+who/(1+who%10/9)))
			if random.IntN(2) == 0 {
				s.ids = s.ids[2:]
			}
			s.ids = append(s.ids, "anonymous_id", fmt.Sprint("a", random.IntN(n)))
			all = append(all, s)
		}
		r.say(all...)
	}
}

// BenchmarkExplain asks for the profile of one person among 3,000 records.
func BenchmarkExplain(b *testing.B) {
	r := newRig(b)
	r.crowd(3000)
	r.say(person("Ann Archer", "1980-02-01", "crm.id", "p1", "phone", "+12125550101"), person("Ann Archer", "1980-02-01", "email", "box3@example.com", "crm.id", "p1"),
		person("Bob Archer", "1982-02-01", "crm.id", "p2", "phone", "+12125550101"))
	for _, c := range []struct {
		name string
		q    explain.Question
	}{
		{"profile", explain.Question{Address: address("crm.id", "p1")}},
		{"with", explain.Question{Address: address("crm.id", "p1"), With: address("crm.id", "p2")}},
		{"add", explain.Question{Address: address("crm.id", "p1"), Add: []identity.Identifier{{Type: "email", Value: "box3@example.com"}}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Explain(context.Background(), "w", c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPreview tries rules on 20,000 records; one operation is one of them.
func BenchmarkPreview(b *testing.B) {
	r := newRig(b)
	r.crowd(20_000)
	for _, c := range []struct{ name, rules string }{
		{"rules", "matching: {merge_precision: 0.99}"}, {"compared anew", "identifiers: [{type: crm.id, role: evidence}]"},
	} {
		b.Run(c.name, func(b *testing.B) {
			rules, seen := r.rules(c.rules), 0
			for b.Loop() {
				seen += r.preview(explain.Trial{Rules: rules, Metric: explain.MetricEvents}).Observations
			}
			b.ReportMetric(float64(seen)/b.Elapsed().Seconds(), "observations/s")
		})
	}
}
