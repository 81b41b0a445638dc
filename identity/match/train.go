package match

import (
	"cmp"
	"math"
	"slices"
)

// Limits of training: so much is looked at, chosen by the smallest hash of the id.
const (
	trainRecords   = 6000    // records whose candidates are looked at
	trainPairs     = 200_000 // and so many of those
	strangerSample = 350     // records, all pairs of which stand for strangers
	trainRounds    = 12
)

// Train makes a model of a set of records, and of labels that people gave to some of them. It is a
// function of the two sets: their order does not matter. The records must be of one schema and have
// different ids. Labels of records that are not there are passed over.
func Train(s Schema, number uint32, records []*Prepared, labels ...Label) *Model {
	m, _ := train(s, number, byID(records), labels)
	return m
}

// byID returns the records ascending by id.
func byID(records []*Prepared) []*Prepared {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b *Prepared) int { return cmp.Compare(a.ID, b.ID) })
	return records
}

// train makes a model of records that are ascending by id, and returns as well the index, under it, of
// the keys of those that stand for their content: only they are learnt from.
func train(s Schema, number uint32, all []*Prepared, labels []Label) (*Model, *index) {
	m := DefaultModel(s)
	records := distinct(all)
	m.Number, m.Records = number, rounded(len(records))
	m.count(records)
	m.finish()
	x := m.findHeavy(records)
	t := trainer{m: m, records: records, order: sampled(records), judged: judgedPairs(all, labels)}
	t.strangers()
	m.finish()
	t.leaveOutThin()
	t.candidates(x)
	for range trainRounds {
		t.round()
	}
	m.round()
	m.judge(t.judged)
	return m, x
}

// sampled are the places of the records with the smallest hashes, ascending by hash.
func sampled(records []*Prepared) []uint32 {
	order := make([]uint32, len(records))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		x, y := records[a], records[b]
		if x.hash != y.hash {
			return cmp.Compare(x.hash, y.hash)
		}
		return cmp.Compare(x.ID, y.ID)
	})
	return order[:min(len(order), trainRecords)]
}

// findHeavy finds the keys that too many records share, and returns the index of the keys under the
// model so far.
func (m *Model) findHeavy(records []*Prepared) *index {
	m.Heavy, m.Common, m.Dropped, m.Overflow = map[short]bool{}, map[short]bool{}, map[short]bool{}, 0
	heavy := make([][]uint64, len(records))
	all := sharedEntries(len(records), func(i int) []uint64 { return records[i].keys })
	kept := all[:0]
	buckets(all, func(b []entry) {
		key := b[0].key
		switch {
		case len(b) > bucketCap:
			m.Heavy[shortOf(key)] = true
			for _, e := range b {
				heavy[e.record] = append(heavy[e.record], key)
			}
			return
		case len(b) >= commonFrom:
			m.Common[shortOf(key)] = true
			for i := range b {
				b[i].key &^= aloneBit
			}
		}
		kept = append(kept, b...)
	})
	buckets(refinedEntries(records, heavy), func(b []entry) {
		if len(b) > bucketCap {
			m.Dropped[shortOf(b[0].key)] = true
			m.Overflow += len(b)
			return
		}
		kept = append(kept, b...)
	})
	return indexOf(records, kept)
}

// refinedEntries are the shared entries of refined keys, of records that have heavy ones.
func refinedEntries(records []*Prepared, heavy [][]uint64) []entry {
	return sharedEntries(len(records), func(i int) []uint64 {
		if len(heavy[i]) == 0 {
			return nil
		}
		refiners := records[i].refiners()
		out := make([]uint64, 0, len(heavy[i])*len(refiners))
		for _, k := range heavy[i] {
			for _, r := range refiners {
				out = append(out, refined(k, r))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	})
}

// trainer estimates the weights.
type trainer struct {
	m       *Model
	records []*Prepared // ascending by id
	order   []uint32    // of the sample, by hash
	telling []bool      // by record, whether it says enough to be found again
	pairs   []trainPair
	sampled int
	judged  []judged
}

// trainPair is a candidate with what does not change from round to round.
type trainPair struct {
	levels [maxFeatures]Level
	rarity [maxFeatures]float32 // bits to add for rare values
	later  uint32               // rank of the record further down in the sample
}

// strangers measures how often the levels occur among people who have nothing to do with each
// other: all pairs of a sample, less those that look like one person.
func (t *trainer) strangers() {
	m := t.m
	n := min(strangerSample, len(t.order))
	counts := make([][maxLevels]float64, len(m.Weights))
	var c Comparison
	var e Evidence
	for i := range n {
		for j := range i {
			m.Schema.Compare(t.records[t.order[i]], t.records[t.order[j]], &c)
			m.Weigh(&c, &e)
			if m.Score(&e) > -2*Bit {
				continue
			}
			for f := range m.Weights {
				if l := c.Levels[f]; l != Missing {
					counts[f][l]++
				}
			}
		}
	}
	t.addJudged(counts, false)
	for f := range m.Weights {
		w := &m.Weights[f]
		if defaults[w.kind].fixed {
			continue
		}
		w.Other = shrink(counts[f][:], w.Other, pseudoStrangers)
	}
}

// shrink draws measured counts towards what is expected, which stands for so many pairs.
func shrink(counts, expected []float64, pseudo float64) []float64 {
	total := 0.0
	for l := range expected {
		if expected[l] > 0 {
			total += counts[l]
		}
	}
	out := make([]float64, len(expected))
	for l := range expected {
		if expected[l] > 0 {
			out[l] = (counts[l] + pseudo*expected[l]) / (total + pseudo)
		}
	}
	return out
}

// leaveOutThin leaves out of the count of records those that say so little that not even the same
// said again would be linked. Else the more of them there are, the less would be thought of all
// others.
func (t *trainer) leaveOutThin() {
	t.telling = make([]bool, len(t.records))
	parallel(len(t.records), func(from, to int) {
		var c Comparison
		var e Evidence
		for i := from; i < to; i++ {
			t.m.Schema.Compare(t.records[i], t.records[i], &c)
			t.m.Weigh(&c, &e)
			t.telling[i] = t.m.Score(&e) >= linkFloor
		}
	})
	n := 0
	for _, ok := range t.telling {
		if ok {
			n++
		}
	}
	t.m.Records = rounded(n)
	t.m.finish()
	t.order = slices.DeleteFunc(t.order, func(i uint32) bool { return !t.telling[i] })
}

// candidates collects the pairs that blocking proposes for a sample of records.
func (t *trainer) candidates(x *index) {
	var c Comparison
	var partners []uint32
	var entries []uint64
	rank := make(map[uint32]int, len(t.order))
	for k, i := range t.order {
		rank[i] = k
	}
	for k, i := range t.order {
		if len(t.pairs) >= trainPairs {
			break
		}
		t.sampled++
		partners, entries = x.partners(int(i), false, entries)
		for _, j := range partners {
			if !t.telling[j] {
				continue
			}
			other, sampled := rank[j]
			if sampled && other < k {
				continue // seen from the other
			}
			if !sampled {
				other = len(t.records)
			}
			t.m.Schema.Compare(t.records[min(i, j)], t.records[max(i, j)], &c)
			p := trainPair{levels: c.Levels, later: uint32(other)}
			for f := range t.m.Weights {
				w := &t.m.Weights[f]
				if m := t.m; m.generic(Feature(f), c.Values[f]) {
					p.levels[f] = Missing
				} else if l := c.Levels[f]; w.rarity[l] > 0 {
					p.rarity[f] = float32(m.rarer(Feature(f), l, c.Values[f]).Float())
				}
			}
			t.pairs = append(t.pairs, p)
		}
	}
}

// round is one round of expectation and maximisation (Dempster, Laird and Rubin, 1977), with three
// classes: one person, one household, strangers.
func (t *trainer) round() {
	m := t.m
	counts := make([][maxLevels]float64, len(m.Weights))
	partners, housemates := 0.0, 0.0
	ps, ph := m.priorSame, m.priorHome
	for i := range t.pairs {
		p := &t.pairs[i]
		var e Evidence
		for f := range m.Weights {
			if l := p.levels[f]; l != Missing {
				r := bitsOf(float64(p.rarity[f]))
				e.Same[f], e.Home[f] = m.Weights[f].same[l]+r, m.Weights[f].home[l]+r
			}
		}
		same, home := m.Sum(&e)
		odds, mates := math.Exp2(min(ps+same.Float(), 60)), math.Exp2(min(ph+home.Float(), 60))
		q := odds / (odds + mates + 1)
		weight := 1.0
		if int(p.later) < t.sampled {
			weight = 2 // a partner of either
		}
		partners += weight * q
		housemates += weight * mates / (odds + mates + 1)
		if q < 1e-4 {
			continue
		}
		for f := range m.Weights {
			if l := p.levels[f]; l != Missing {
				counts[f][l] += weight * q
			}
		}
	}
	t.addJudged(counts, true)
	for f := range m.Weights {
		d := &defaults[m.Weights[f].kind]
		if !d.fixed {
			m.Weights[f].Same = shrink(counts[f][:], d.same, pseudoPairs)
		}
	}
	seen := float64(max(t.sampled, 1))
	m.Partners = (partners + pseudoPartners*defaultPartners) / (seen + pseudoPartners)
	m.Housemates = (housemates + pseudoPartners*defaultHousemates) / (seen + pseudoPartners)
	m.finish()
}

// round rounds what was estimated, so that a model does not flicker.
func (m *Model) round() {
	step := func(x float64) float64 { return math.Exp2(math.Round(math.Log2(x)*16) / 16) }
	m.Partners, m.Housemates = step(m.Partners), step(m.Housemates)
	for f := range m.Weights {
		for _, list := range [][]float64{m.Weights[f].Same, m.Weights[f].Other} {
			for l, x := range list {
				if x > 0 {
					list[l] = step(x)
				}
			}
		}
	}
	m.finish()
}
