package match_test

import (
	"testing"

	"tributary/identity/match"
	"tributary/identity/match/matchtest"
)

// BenchmarkCompare compares two records and weighs the outcome.
func BenchmarkCompare(b *testing.B) {
	records, _ := matchtest.NewCrowd(1, 1000).Records(1000)
	var s match.Schema
	prepared := s.PrepareAll(records)
	m := match.Train(s, 1, prepared)
	var c match.Comparison
	var e match.Evidence
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Compare(prepared[i%1000], prepared[(i*7+1)%1000], &c)
		m.Weigh(&c, &e)
		m.Score(&e)
		i++
	}
}

// BenchmarkPrepare normalises records.
func BenchmarkPrepare(b *testing.B) {
	records, _ := matchtest.NewCrowd(1, 1000).Records(1000)
	var s match.Schema
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Prepare(records[i%1000])
		i++
	}
}
