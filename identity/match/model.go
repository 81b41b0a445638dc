package match

import (
	"math"
	"slices"

	"tributary/identity"
)

// Bits are 1/1024 of a bit of evidence.
type Bits = identity.Bits

// Bit is one bit: evidence that doubles the odds.
const Bit = identity.Bit

func bitsOf(x float64) Bits { return Bits(math.Round(x * float64(Bit))) }

// Model weighs comparisons. It is a function of the set of records it was trained on and does not
// change; later ones have higher numbers. MarshalBinary writes it.
type Model struct {
	// Number counts the models of a workspace.
	Number uint32
	Schema Schema
	// Records is how many records it was trained on that say enough to be found again, rounded.
	Records int
	// Partners and Housemates are how many other records of the same person, and of other members
	// of the household, a record has on average.
	Partners, Housemates float64
	// Weights are by feature.
	Weights []FeatureWeights
	// Counts say how often values occur, rounded, by short hash; those that occur once are left out.
	Counts map[short]uint32
	// Totals are how many records have the feature.
	Totals []int
	// Heavy are the blocking keys that too many records share, by short hash, as are the others.
	Heavy map[short]bool
	// Common are those that many share: two of them are needed to compare records.
	Common map[short]bool
	// Dropped are the refined keys that too many records share all the same: their records are not
	// compared because of it.
	Dropped map[short]bool
	// Overflow is how many records lost a refined key.
	Overflow int
	// Judged are the pairs that people labelled, by their scores, ascending.
	Judged []Judgement

	features uint32            // all of the schema, as bits
	ids      uint32            // those that are issued numbers
	most     [maxFeatures]Bits // by feature, the most that an agreement can weigh
	// log2 of the odds, before anything is compared, that two records are of one person, and of one
	// household
	priorSame, priorHome float64
}

// short is the first 40 bits of a hash. Of a million values some two in a million are taken for
// another, which then seems commoner than it is. Blocking keys are told apart by it.
type short uint64

const shortBits = 24 // that are cut off

func shortOf(hash uint64) short { return short(hash >> shortBits) }

// FeatureWeights are probabilities by level: among pairs of records of one person, and of strangers.
type FeatureWeights struct {
	Same, Other []float64

	same, home [maxLevels]Bits    // log2(Same/Other), log2(Home/Other)
	rarity     [maxLevels]float64 // see weights
	common     [maxLevels]float64 // log2 of the chance that two strangers agree on a value
	kind       kind
}

// DefaultModel is the model before any data: what ships with the product.
func DefaultModel(s Schema) *Model {
	m := &Model{Schema: s, Partners: defaultPartners, Housemates: defaultHousemates}
	for f := range Feature(s.features()) {
		d := &defaults[s.kindOf(f)]
		m.Weights = append(m.Weights, FeatureWeights{Same: slices.Clone(d.same), Other: slices.Clone(d.other)}) // whoever trains writes to them
		m.Totals = append(m.Totals, 0)
	}
	m.finish()
	return m
}

// finish derives what scoring needs.
func (m *Model) finish() {
	n := float64(m.Records + 2)
	m.priorSame, m.priorHome = math.Log2(m.Partners/n), math.Log2(m.Housemates/n)
	m.most, m.features = [maxFeatures]Bits{}, 1<<len(m.Weights)-1
	m.ids = (1<<len(m.Schema.IDs) - 1) << fixedFeatures
	for f := range m.Weights {
		w := &m.Weights[f]
		w.kind = m.Schema.kindOf(Feature(f))
		*w = FeatureWeights{Same: w.Same, Other: w.Other, kind: w.kind}
		if slices.Contains(m.Schema.Off, m.Schema.FeatureName(Feature(f))) {
			continue // weighs nothing
		}
		d := &defaults[w.kind]
		for l := 1; l < d.levels; l++ {
			if w.Other[l] > 0 && w.Same[l] > 0 {
				w.same[l] = bitsOf(math.Log2(w.Same[l] / w.Other[l]))
				home := d.shared*w.Same[l] + (1-d.shared)*w.Other[l]
				w.home[l] = bitsOf(math.Log2(home / w.Other[l]))
			}
			w.rarity[l] = d.rarity[l]
			w.common[l] = math.Log2(max(w.Other[1], 1e-7))
			if d.rarity[l] == 1 {
				w.common[l] = math.Log2(max(w.Other[l], 1e-7))
			}
			most := w.same[l]
			if w.rarity[l] > 0 {
				most += mostRarity * Bit
			}
			m.most[f] = max(m.most[f], most)
		}
	}
}

// share is how often a value occurs among strangers.
func (m *Model) share(f Feature, value uint64) float64 {
	n := float64(1)
	if c, ok := m.Counts[shortOf(value)]; ok {
		n = float64(c)
	}
	if defaults[m.Weights[f].kind].unique {
		n += strayShare - 1 // others than the one
	}
	return (n + pseudoRecords*rareShare) / float64(m.Totals[f]+pseudoRecords)
}

// Evidence is what a comparison weighs, by feature: for one person against strangers, and for one
// household against strangers.
type Evidence struct {
	Same, Home [maxFeatures]Bits
}

// Weigh turns levels into evidence. What follows from other evidence is not counted twice: the
// place of an equal address, an e-mail that is only made of the equal name.
func (m *Model) Weigh(c *Comparison, e *Evidence) {
	m.weighAll(m.features, c, e)
}

func (m *Model) weigh(f Feature, c *Comparison, e *Evidence) {
	l := c.Levels[f]
	if l == Missing || m.generic(f, c.Values[f]) {
		e.Same[f], e.Home[f] = 0, 0
		return
	}
	w := &m.Weights[f]
	adjust := Bits(0)
	if w.rarity[l] > 0 {
		adjust = m.rarer(f, l, c.Values[f])
	}
	e.Same[f], e.Home[f] = w.same[l]+adjust, w.home[l]+adjust
}

// generic says whether a value is on so many different people that it tells nothing about any: a
// reception's telephone, a mailbox that was filled in to have one. The rules about identifiers know
// the same limit.
func (m *Model) generic(f Feature, values [2]uint64) bool {
	return defaults[m.Weights[f].kind].contact &&
		max(m.Counts[shortOf(values[0])], m.Counts[shortOf(values[1])]) >= identity.DefaultGenericSpread
}

// mostRarity bounds, in bits, how much the rarity of a value moves its weight.
const mostRarity = 10

// rarer is how much more an agreement weighs because its value is rarer than others.
func (m *Model) rarer(f Feature, l Level, values [2]uint64) Bits {
	w := &m.Weights[f]
	share := m.share(f, values[0])
	if values[1] != values[0] {
		share = max(share, m.share(f, values[1]))
	}
	return w.rarer(l, math.Log2(share))
}

// rarer is that of a value with this log2 of its share.
func (w *FeatureWeights) rarer(l Level, share float64) Bits {
	x := w.rarity[l] * (w.common[l] - share)
	return bitsOf(min(max(x, -mostRarity), mostRarity))
}

// total takes evidence for one person and for one household together into log2 of the odds that it
// is one person.
func (m *Model) total(same, home Bits) Bits {
	h := m.priorHome + home.Float()
	rest := h
	if h < 40 {
		rest = math.Log2(1 + math.Exp2(h))
	}
	return bitsOf(m.priorSame + same.Float() - rest)
}

// ScoreFor is the score at which the estimated precision is p.
func ScoreFor(p float64) Bits { return bitsOf(math.Log2(p / (1 - p))) }
