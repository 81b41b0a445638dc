package match

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// entry says that a record has a blocking key.
type entry struct {
	key    uint64
	record uint32
}

// index holds, for many records at once, which share a blocking key.
type index struct {
	entries []entry // of keys that two records and more share, those of a key together
	of      []span  // by record, where its spans begin and end in spans
	spans   []span  // the records that share a key, in entries
	records []*Prepared

	outlines []outline // of the records
}

type span struct{ from, to uint32 }

// parallel runs work on parts of 0..n, on all processors.
func parallel(n int, work func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0)*8, max(1, n/64))
	if parts <= 1 {
		work(0, n)
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for p := range parts {
		slots <- struct{}{}
		wg.Go(func() {
			work(n*p/parts, n*(p+1)/parts)
			<-slots
		})
	}
	wg.Wait()
}

const (
	shards   = 16
	partSize = 4096 // entries
)

// indexOf makes an index of entries, those of a key together.
func indexOf(records []*Prepared, entries []entry) *index {
	x := &index{entries: entries, of: make([]span, len(records)), records: records, outlines: make([]outline, len(records))}
	for i, p := range records {
		x.outlines[i] = p.outline
	}
	counts := make([]uint32, len(records))
	for _, e := range entries {
		counts[e.record]++
	}
	total := uint32(0)
	for i, n := range counts {
		x.of[i] = span{total, total}
		total += n
	}
	x.spans = make([]span, total)
	from := uint32(0)
	buckets(entries, func(b []entry) {
		to := from + uint32(len(b))
		for _, e := range b {
			x.spans[x.of[e.record].to] = span{from, to}
			x.of[e.record].to++
		}
		from = to
	})
	return x
}

// buckets calls tell with the entries of each key.
func buckets(entries []entry, tell func(bucket []entry)) {
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key == entries[from].key {
			to++
		}
		tell(entries[from:to])
		from = to
	}
}

// sharedEntries are the entries of keys that two records and more have, by key and record.
func sharedEntries(n int, keys func(i int) []uint64) []entry {
	var mu sync.Mutex
	var parts [shards][][]entry
	keep := func(shard uint64, part []entry) {
		mu.Lock()
		defer mu.Unlock()
		parts[shard] = append(parts[shard], part)
	}
	parallel(n, func(from, to int) {
		var own [shards][]entry
		for i := from; i < to; i++ {
			for _, k := range keys(i) {
				shard := k >> 60
				if len(own[shard]) == partSize { // a longer list would be copied again and again
					keep(shard, own[shard])
					own[shard] = make([]entry, 0, partSize)
				}
				own[shard] = append(own[shard], entry{k, uint32(i)})
			}
		}
		for shard, part := range own {
			keep(uint64(shard), part)
		}
	})
	var sorted [shards][]entry
	each(shards, func(s int) {
		all := slices.Concat(parts[s]...)
		parts[s] = nil
		slices.SortFunc(all, func(a, b entry) int {
			if a.key != b.key {
				return cmp.Compare(a.key, b.key)
			}
			return cmp.Compare(a.record, b.record)
		})
		sorted[s] = slices.Clone(onlyShared(all))
	})
	return slices.Concat(sorted[:]...)
}

// onlyShared leaves out the keys that one record has, in place.
func onlyShared(sorted []entry) []entry {
	kept := sorted[:0]
	buckets(sorted, func(b []entry) {
		if len(b) > 1 {
			kept = append(kept, b...)
		}
	})
	return kept
}

// each runs work on 0..n one by one, on all processors.
func each(n int, work func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			work(i)
			<-slots
		})
	}
	wg.Wait()
}

// partners are the records to compare a record with: all of them, or only later ones. entries is
// room to work in.
func (x *index) partners(record int, later bool, entries []uint64) ([]uint32, []uint64) {
	entries = entries[:0]
	few := x.outlines[record].few()
	for _, s := range x.spans[x.of[record].from:x.of[record].to] {
		for _, e := range x.entries[s.from:s.to] {
			if int(e.record) > record || !later && int(e.record) != record {
				entries = append(entries, shared(e.record, e.key, few || x.outlines[e.record].few()))
			}
		}
	}
	return candidates(entries), entries
}
