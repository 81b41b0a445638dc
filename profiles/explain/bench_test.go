package explain_test

import (
	"context"
	"testing"

	"tributary/identity"
	"tributary/profiles/explain"
)

// BenchmarkExplain asks for the profile of one person among 2,000 records.
func BenchmarkExplain(b *testing.B) {
	r := newRig(b)
	r.people(2000)
	for _, c := range []struct {
		name string
		q    explain.Question
	}{
		{"profile", explain.Question{Address: address("crm.id", "7")}},
		{"with", explain.Question{Address: address("crm.id", "7"), With: address("crm.id", "8")}},
		{"add", explain.Question{Address: address("crm.id", "7"), Add: []identity.Identifier{{Type: "email", Value: "box3@example.com"}}}},
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
	for range 10 {
		r.people(2000)
	}
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
