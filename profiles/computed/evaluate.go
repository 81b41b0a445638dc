package computed

import (
	"cmp"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"time"
)

// Result is a computed trait of a person at a time.
type Result struct {
	Name string `json:"name" policy:"computed"`
	// Value is a number, a text, true or false as JSON; numbers are decimals of at most eight places.
	Value json.RawMessage `json:"value" policy:"computed"`
	// Exact is false if Value is an estimate: unique of more than 256 values, most_frequent of more
	// than are counted.
	Exact bool `json:"exact" policy:"computed"`
	// LeftOut is how many of the events that were selected had no value that counts: none, no number
	// where one is needed, another currency, or one too long. It is told of sum, min, max, mean, unique and
	// most_frequent.
	LeftOut  uint64 `json:"left_out,omitempty" policy:"computed"`
	Currency string `json:"currency,omitempty" policy:"computed"`
	Window   Window `json:"window,omitempty" policy:"computed"`
}

// Results are the computed traits of a person, by name.
type Results []Result

// Lookup returns the result of a name, if there is one.
func (r Results) Lookup(name string) (Result, bool) {
	i, found := slices.BinarySearchFunc(r, name, func(x Result, name string) int { return cmp.Compare(x.Name, name) })
	if !found {
		return Result{}, false
	}
	return r[i], true
}

// Evaluate returns the results at a time, and when any of them may change though nothing comes in, because
// a bucket leaves its window; zero if never. Of nothing, count is 0, exists false and unique 0; other
// traits are absent.
//
// now must not lie further behind the receipt of what was observed than a bucket less five minutes: windows
// of the past are not kept.
func (p *Program) Evaluate(v *Values, now time.Time) (results Results, next time.Time) {
	for _, t := range p.traits {
		w := window{trait: t}
		if s := v.find(t.key); s != nil {
			w.open(s, now)
		}
		if len(w.buckets) > 0 && t.span.n > 0 {
			if leaves := t.span.leaves(w.buckets[0].number); next.IsZero() || leaves.Before(next) {
				next = leaves
			}
		}
		if r, ok := w.result(); ok {
			results = append(results, r)
		}
	}
	return results, next
}

// window is what a series holds of a trait's window.
type window struct {
	*trait
	buckets []bucket
	hashes  []hashed
	oldest  int64
	n, left uint64
}

func (w *window) open(s *series, now time.Time) {
	w.oldest = w.span.oldest(now)
	i, _ := s.place(w.oldest)
	w.buckets, w.hashes = s.buckets[i:], s.hashes
	for i := range w.buckets {
		w.n += w.buckets[i].n
		w.left += w.buckets[i].left
	}
}

func (w *window) result() (Result, bool) {
	r := Result{Name: w.def.Name, Exact: true, LeftOut: w.left, Currency: w.def.Currency, Window: w.def.Window}
	switch w.def.Of {
	case FuncCount:
		r.Value = strconv.AppendUint(nil, w.n, 10)
		return r, true
	case FuncExists:
		r.Value = strconv.AppendBool(nil, w.n > 0)
		return r, true
	case FuncUnique:
		var n uint64
		n, r.Exact = w.unique()
		r.Value = strconv.AppendUint(nil, n, 10)
		return r, true
	default:
	}
	if w.n == 0 {
		return Result{}, false
	}
	switch w.def.Of {
	case FuncFirst, FuncLast:
		r.Value = Literal(w.mark())
	case FuncMostFrequent:
		var value string
		value, r.Exact = w.mostFrequent()
		r.Value = Literal(value)
	default:
		r.Value = json.RawMessage(w.number().String())
	}
	return r, true
}

// number folds the buckets that have a number.
func (w *window) number() decimal {
	var all bucket
	for i := range w.buckets {
		b := w.buckets[i]
		b.left = 0
		all.merge(w.key, &b)
	}
	if w.def.Of == FuncMean {
		return all.num.dividedBy(all.n)
	}
	return all.num
}

func (w *window) mark() string {
	var all bucket
	for i := range w.buckets {
		all.merge(w.key, &w.buckets[i])
	}
	return all.mark.value
}

// unique counts the different values of the window, or estimates them when they are more than 256: if
// the 256th of their hashes, in ascending order, is h of 2^64, there are about 255/h * 2^64 (Bar-Yossef et
// al., Counting distinct elements in a data stream, 2002; Beyer et al., On synopses for distinct-value
// estimation, 2007).
func (w *window) unique() (n uint64, exact bool) {
	var last uint64
	for _, h := range w.hashes {
		if h.bucket < w.oldest {
			continue
		}
		if n == maxHashes {
			n, _ = bits.Div64(maxHashes-1, 0, max(last, maxHashes))
			return n, false
		}
		n++
		last = h.hash
	}
	return n, true
}

// mostFrequent returns the value that occurred most often of those that are counted, of equals the first
// in their order.
func (w *window) mostFrequent() (most string, exact bool) {
	totals := map[string]uint64{}
	counted := uint64(0)
	for i := range w.buckets {
		for _, t := range w.buckets[i].tally {
			totals[t.value] += t.n
			counted += t.n
		}
	}
	best := uint64(0)
	for value, n := range totals {
		if n > best || n == best && compareText(value, most) < 0 {
			most, best = value, n
		}
	}
	return most, counted == w.n
}
