package computed

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of what is kept.
const (
	// maxHashes is up to how many different values unique is exact.
	maxHashes = 256
	// maxTallies is how many different values of a bucket most_frequent counts, the shortest first;
	// without a window there is one bucket, and more room in it.
	maxTallies       = 16
	maxTalliesAtOnce = 64
	maxTallyText     = 64  // bytes of such a value; longer ones are left out
	maxKeptText      = 256 // bytes of a value of first and last; longer ones are passed over
)

// Values is what was observed of one observation, or of the several of a person: the fold over theirs.
// The zero Values is empty and ready to use. It is not safe for concurrent use.
//
// Observe and Merge are commutative and associative: the same events give the same Values, and the same
// bytes, in any order and any grouping. They are not idempotent.
type Values struct {
	all []series // ascending by key
}

// key says whose values a series holds: the fingerprint of a definition, and of it what the values are
// made of without it.
type key struct {
	print uint64
	of    code
	keeps uint16 // buckets
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.print, o.print), cmp.Compare(k.of, o.of), cmp.Compare(k.keeps, o.keeps))
}

// tallies is how many different values a bucket of most_frequent counts.
func (k key) tallies() int {
	if k.keeps == 1 {
		return maxTalliesAtOnce
	}
	return maxTallies
}

// series is what is kept for one definition.
type series struct {
	key
	buckets []bucket // ascending by number; the newest of all there ever were
	hashes  []hashed // of unique; ascending by hash
}

// bucket holds what happened within an hour, a day, or ever.
type bucket struct {
	number int64
	n      uint64  // values, or events, that count
	left   uint64  // events that were selected and have no value that counts
	num    decimal // the sum, the least or the greatest, if n is not 0
	mark   mark    // of first and last, if n is not 0
	tally  []tally // of most_frequent; ascending by compareText
}

// mark is a value with the place of its event.
type mark struct {
	at              int64 // Unix milliseconds
	message, source string
	value           string // canonical
}

func (m mark) compare(o mark) int {
	return cmp.Or(cmp.Compare(m.at, o.at), strings.Compare(m.message, o.message),
		strings.Compare(m.source, o.source), strings.Compare(m.value, o.value))
}

// tally is how often a value occurred.
type tally struct {
	value string // canonical
	n     uint64
}

// compareText orders the values of most_frequent: the shorter first, for made-up ones tend to be long.
func compareText(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// hashed is a value's hash and the newest bucket that it occurred in.
type hashed struct {
	hash   uint64
	bucket int64
}

// Empty says whether nothing was observed.
func (v *Values) Empty() bool { return len(v.all) == 0 }

// Reset makes it empty.
func (v *Values) Reset() { v.all = v.all[:0] }

// Merge adds what o holds. It leaves o as it is; both may share strings afterwards.
func (v *Values) Merge(o *Values) {
	for i := range o.all {
		v.series(o.all[i].key).merge(&o.all[i])
	}
}

// Keep drops what belongs to no definition of p: of definitions that were removed or changed.
func (v *Values) Keep(p *Program) {
	v.all = slices.DeleteFunc(v.all, func(s series) bool {
		return !slices.ContainsFunc(p.traits, func(t *trait) bool { return t.key == s.key })
	})
}

// find returns the series of a key; nil if there is none.
func (v *Values) find(k key) *series {
	i, found := slices.BinarySearchFunc(v.all, k, func(s series, k key) int { return s.compare(k) })
	if !found {
		return nil
	}
	return &v.all[i]
}

// series returns the series of a key, which it makes if there is none.
func (v *Values) series(k key) *series {
	i, found := slices.BinarySearchFunc(v.all, k, func(s series, k key) int { return s.compare(k) })
	if !found {
		v.all = slices.Insert(v.all, i, series{key: k})
	}
	return &v.all[i]
}

// bucket returns the bucket of a number, which it makes if there is none; nil if it is older than all that
// are kept.
func (s *series) bucket(number int64) *bucket {
	i, found := s.place(number)
	switch {
	case found:
	case len(s.buckets) < int(s.keeps):
		s.buckets = slices.Insert(s.buckets, i, bucket{number: number})
	case i == 0:
		return nil
	default: // the oldest makes room
		i--
		copy(s.buckets, s.buckets[1:i+1])
		s.buckets[i] = bucket{number: number}
	}
	return &s.buckets[i]
}

func (s *series) merge(o *series) {
	for i := range o.buckets {
		if b := s.bucket(o.buckets[i].number); b != nil {
			b.merge(s.key, &o.buckets[i])
		}
	}
	if s.of == codeUnique {
		s.mergeHashes(o.hashes)
	}
}

// merge adds what another bucket of that number holds.
func (b *bucket) merge(k key, o *bucket) {
	if o.n > 0 {
		switch k.of {
		case codeSum, codeMean:
			b.num = b.num.plus(o.num)
		case codeMin, codeMax:
			if c := o.num.compare(b.num); b.n == 0 || c < 0 == (k.of == codeMin) {
				b.num = o.num
			}
		case codeFirst, codeLast:
			if c := o.mark.compare(b.mark); b.n == 0 || c < 0 == (k.of == codeFirst) {
				b.mark = o.mark
			}
		case codeMostFrequent:
			for _, t := range o.tally {
				b.count(t, k.tallies())
			}
		default:
		}
	}
	b.n += o.n
	b.left += o.left
}

// count adds to the tally of a value, unless it is not among the first of its order. A value that is
// among the first of all is among the first of any part, so what is counted is complete.
func (b *bucket) count(t tally, bound int) {
	i, found := slices.BinarySearchFunc(b.tally, t.value, func(x tally, s string) int { return compareText(x.value, s) })
	switch {
	case found:
		b.tally[i].n += t.n
	case len(b.tally) < bound:
		b.tally = slices.Insert(b.tally, i, t)
	case i < bound:
		copy(b.tally[i+1:], b.tally[i:bound-1])
		b.tally[i] = t
	}
}

// mergeHashes takes hashes in and drops those that no window needs.
func (s *series) mergeHashes(more []hashed) {
	for _, h := range more {
		i, found := slices.BinarySearchFunc(s.hashes, h.hash, func(x hashed, hash uint64) int { return cmp.Compare(x.hash, hash) })
		if !found {
			s.hashes = slices.Insert(s.hashes, i, h)
		} else {
			s.hashes[i].bucket = max(s.hashes[i].bucket, h.bucket)
		}
	}
	s.prune()
}

// prune drops the hashes whose newest bucket is no longer kept, and those that are not among the least of
// any window that they are in: a window that begins at a hash's bucket or before holds all hashes whose
// newest bucket is not older than that. What is dropped in a part would be dropped in the whole, for its
// reasons stay: their hashes are less, and their buckets only become newer.
func (s *series) prune() {
	if len(s.buckets) == int(s.keeps) {
		oldest := s.buckets[0].number
		s.hashes = slices.DeleteFunc(s.hashes, func(h hashed) bool { return h.bucket < oldest })
	}
	if len(s.hashes) <= maxHashes {
		return
	}
	counts := make([]int, len(s.buckets)) // of those that stay, by their newest bucket
	from, newer := 0, 0                   // newer of them are of bucket from or newer: no more than needed, if there are so many
	s.hashes = slices.DeleteFunc(s.hashes, func(h hashed) bool {
		i, found := s.place(h.bucket)
		if !found || newer > maxHashes && i <= from {
			return true
		}
		counts[i]++
		if i >= from {
			newer++
		}
		for newer-counts[from] > maxHashes {
			newer -= counts[from]
			from++
		}
		return false
	})
}
