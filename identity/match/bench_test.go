package match

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// BenchmarkBulk prepares, trains and groups generated records all at once.
func BenchmarkBulk(b *testing.B) {
	for _, people := range []int{5_000, 50_000, 500_000} {
		b.Run(fmt.Sprintf("%d_records", 2*people), func(b *testing.B) {
			records, truth := newCrowd(1, people).records(people)
			for b.Loop() {
				_, outcome := TrainAndResolve(Schema{}, 1, Schema{}.PrepareAll(records), nil, Options{})
				b.StopTimer()
				p, f := scorePairs(outcome.Groups, truth)
				b.ReportMetric(p, "precision")
				b.ReportMetric(f, "recall")
				b.StartTimer()
			}
			b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkAdd replaces records one by one in a settled set, and says how many were looked at again.
func BenchmarkAdd(b *testing.B) {
	records, _ := newCrowd(1, 20_000).records(20_000)
	r, err := NewResolver(Schema{}, Options{}, NewMemory())
	if err != nil {
		b.Fatal(err)
	}
	before := inUse()
	r.Load(records)
	resident := float64(inUse()-before) / float64(len(records))
	var revisited []int
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		r.Add(records[i%len(records)])
		revisited = append(revisited, r.Revisited())
		i++
	}
	slices.Sort(revisited)
	b.ReportMetric(resident, "B/record")
	b.ReportMetric(float64(revisited[len(revisited)/2]), "revisited-p50")
	b.ReportMetric(float64(revisited[len(revisited)*99/100]), "revisited-p99")
	b.ReportMetric(float64(revisited[len(revisited)-1]), "revisited-max")
}

// inUse is how much memory is in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkCompare compares two records and weighs the outcome.
func BenchmarkCompare(b *testing.B) {
	records, _ := newCrowd(1, 1000).records(1000)
	var s Schema
	var ps []*Prepared
	for _, rec := range records {
		ps = append(ps, s.Prepare(rec))
	}
	m := Train(s, 1, ps)
	var c Comparison
	var e Evidence
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		m.linked(ps[i%1000], ps[(i*7+1)%1000], &c, &e)
		i++
	}
}

// scorePairs returns pairwise precision and recall.
func scorePairs(groups [][]string, truth map[string]string) (precision, recall float64) {
	entities := map[string]int{}
	found, right, all := 0, 0, 0
	for _, g := range groups {
		found += len(g) * (len(g) - 1) / 2
		in := map[string]int{}
		for _, id := range g {
			in[truth[id]]++
			entities[truth[id]]++
		}
		for _, n := range in {
			right += n * (n - 1) / 2
		}
	}
	for _, n := range entities {
		all += n * (n - 1) / 2
	}
	return float64(right) / float64(max(found, 1)), float64(right) / float64(max(all, 1))
}
