package evaluate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/identity/match"
	"tributary/identity/match/matchtest"
	"tributary/ingest/event"
)

// BenchmarkBulk loads generated records all at once: observed, prepared, learnt from, linked, resolved.
func BenchmarkBulk(b *testing.B) {
	for _, people := range []int{5_000, 50_000, 500_000} {
		b.Run(fmt.Sprintf("%d_records", 2*people), func(b *testing.B) {
			records, truth := matchtest.NewCrowd(1, people).Records(people)
			before := inUse()
			for b.Loop() {
				w := bulk(b, &Spec{}, records)
				b.StopTimer()
				f := Score(truth, w.groups())
				b.ReportMetric(f.Precision, "precision")
				b.ReportMetric(f.Recall, "recall")
				b.ReportMetric(float64(inUse()-before)/float64(len(records)), "B/record")
				raw, _ := w.linker.Model().MarshalBinary()
				b.ReportMetric(float64(len(raw)), "B/model")
				b.StartTimer()
			}
			b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func bulk(b *testing.B, s *Spec, records []*match.Record) *workspace {
	b.Helper()
	w, err := newWorkspace(s, match.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.load(records); err != nil {
		b.Fatal(err)
	}
	return w
}

// inUse is how much memory is in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkStream resolves the data sets record by record, new models included. It needs them beside
// the repository.
func BenchmarkStream(b *testing.B) {
	for _, name := range []string{"cdp_people_dev", "febrl3", "historical_50k"} {
		spec, err := ReadSpec(filepath.Join("testdata", "specs", name+".yaml"))
		if err != nil {
			b.Fatal(err)
		}
		records, err := ReadRecords(filepath.Join("../../../shared/data/identity", name, "records.csv"), spec)
		if errors.Is(err, fs.ErrNotExist) {
			b.Skip("the data sets are not beside the repository")
		}
		if err != nil {
			b.Fatal(err)
		}
		shuffle(records, 3)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w, err := newWorkspace(spec, match.Options{})
				if err != nil {
					b.Fatal(err)
				}
				revisited, err := w.stream(records, 1)
				if err != nil {
					b.Fatal(err)
				}
				n := len(revisited)
				b.ReportMetric(float64(revisited[n/2]), "revisited-p50")
				b.ReportMetric(float64(revisited[n*99/100]), "revisited-p99")
				b.ReportMetric(float64(revisited[n-1]), "revisited-max")
			}
			b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
		b.Run(name+"_bulk", func(b *testing.B) {
			for b.Loop() {
				bulk(b, spec, records)
			}
			b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkReplace replaces records one by one in a settled set of 40,000.
func BenchmarkReplace(b *testing.B) {
	records, _ := matchtest.NewCrowd(1, 20_000).Records(20_000)
	before := inUse()
	w := bulk(b, &Spec{}, records)
	if err := w.put(records[0]); err != nil { // enters the keys
		b.Fatal(err)
	}
	b.ReportMetric(float64(inUse()-before)/float64(len(records)), "B/record")
	var revisited []int
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := w.put(records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
		revisited = append(revisited, w.revisited)
		i++
	}
	slices.Sort(revisited)
	b.ReportMetric(float64(revisited[len(revisited)/2]), "revisited-p50")
	b.ReportMetric(float64(revisited[len(revisited)*99/100]), "revisited-p99")
	b.ReportMetric(float64(revisited[len(revisited)-1]), "revisited-max")
}

// BenchmarkDeterministic resolves observations by rules alone, in steps of 256 as a worker does: of
// people who are known, and of whom each is linked with another by every observation.
func BenchmarkDeterministic(b *testing.B) {
	const people, step = 20_000, 256
	engine, err := identity.New(identity.Config{Key: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	visit := func(i int, links bool) identity.Observation {
		var o identity.Observation
		binary.BigEndian.PutUint64(o.ID[:], uint64(i))
		who := i % people
		o.Identifiers = []identity.Identifier{{Type: event.IDAnonymous, Value: fmt.Sprint("device", who)}}
		if links {
			o.Identifiers = append(o.Identifiers, identity.Identifier{Type: event.IDUser, Value: fmt.Sprint("user", who)})
		}
		return o
	}
	for _, x := range []struct {
		name  string
		links bool
	}{{"nothing_changes", false}, {"links_form", true}} {
		b.Run(x.name, func(b *testing.B) {
			facts := identitytest.New()
			for i := range people {
				facts.Add(visit(i, false))
			}
			n := 0
			seeds := make([]identity.ObservationID, 0, step)
			b.ReportAllocs()
			for b.Loop() {
				seeds = seeds[:0]
				for range step {
					o := visit(n%people, false)
					if x.links {
						o = visit(people+n%people, true)
					}
					facts.Add(o)
					seeds = append(seeds, o.ID)
					n++
				}
				if _, err := engine.Resolve(context.Background(), facts, nil, seeds); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "observations/s")
		})
	}
}
