package match

import (
	"math"
	"math/bits"
)

// reach is the most that a feature of a record can weigh against any other record, by the distance of
// their values. How rare the record's own values are bounds it.
type reach [distances]Bits

// probe compares one record with many, to find those that it hangs together with.
type probe struct {
	m      *Model
	of     *Prepared
	reach  [maxFeatures]reach
	levels Comparison
	e      Evidence
}

// set makes p the record that others are compared with.
func (x *probe) set(p *Prepared) {
	var rarest [maxFeatures]float64 // share of the rarest own value
	for f := range rarest {
		rarest[f] = 1
	}
	note := func(f Feature, value uint64) { rarest[f] = min(rarest[f], x.m.share(f, value)) }
	p.values(note)
	for _, n := range p.names {
		for i := range n.others {
			note(FeatureFamily, n.others[i].value(saltFamily)) // may be the other's last name
		}
	}
	x.of = p
	for set := p.outline.features(); set != 0; set &= set - 1 {
		f := bits.TrailingZeros32(set)
		x.reach[f] = x.m.Weights[f].reach(rarest[f])
	}
}

// reach is that of a record none of whose values of the feature is rarer than a share.
func (w *FeatureWeights) reach(rarest float64) (r reach) {
	share := math.Log2(rarest)
	last := defaults[w.kind].levels - 1
	if !defaults[w.kind].contact { // else it may weigh nothing
		r[farApart] = w.same[last]
	}
	for l := last; l > 0; l-- {
		r[notEqual] = r[maybeEqual]
		r[maybeEqual] = max(r[maybeEqual], w.same[l]+w.rarer(Level(l), share))
	}
	return r
}

// comparable are the features that the record and another can agree on.
func (x *probe) comparable(o *outline) uint32 {
	own := &x.of.outline
	set := own.features() & o.features()
	const email, mailbox = 1 << FeatureEmail, 1 << FeatureMailbox
	if set&email == 0 && (own.mask&o.mask&wholeNames != 0 || (own.mask|o.mask)&email == 0) {
		set &^= mailbox // there are not two of them, and none tells more than a name
	}
	if ids := x.m.ids; own.mask&ids != 0 && o.mask&ids != 0 {
		set |= (own.mask | o.mask) & ids // one number under two headings
	}
	return set
}

// most is the most that agreement in a set of features can weigh.
func (x *probe) most(set uint32, o *outline) (sum Bits) {
	own := &x.of.outline
	others := x.m.ids | 1<<FeatureMailbox // the value that counts may be the other's
	if own.mask&o.mask&wholeNames == 0 {
		others |= nameFeatures
	}
	var place Bits
	for ; set != 0; set &= set - 1 {
		f := Feature(bits.TrailingZeros32(set))
		r := &x.reach[f]
		switch {
		case 1<<f&placeFeatures != 0:
			place = max(place, r[x.distance(f, o)]) // the weaker of the two does not count
		case 1<<f&others != 0:
			sum += x.m.most[f]
		default:
			sum += r[x.distance(f, o)]
		}
	}
	return sum + place
}

func (x *probe) distance(f Feature, o *outline) int {
	if int(f) >= len(o.values) {
		return maybeEqual
	}
	return distance(f, x.of.outline.values[f], o.values[f])
}

// linked says whether the record hangs together with another. It looks at what costs least first, at streets
// last, and stops where no agreement in what is left could make up for what was found. first says that the
// record comes first by id.
func (x *probe) linked(other *Prepared, o *outline, first bool) bool {
	left := x.comparable(o)
	score := bitsOf(x.m.priorSame)
	if score+x.most(left, o) < linkFloor {
		return false
	}
	a, b := x.of, other
	if !first {
		a, b = b, a // of equally good values the first counts
	}
	x.levels = Comparison{}
	for i, set := range stages {
		x.m.Schema.compareStage(i, a, b, &x.levels)
		score += x.m.weighAll(set&x.m.features, &x.levels, &x.e)
		if left &^= set; score+x.most(left, o) < linkFloor {
			return false
		}
	}
	return x.m.Score(&x.e) >= linkFloor
}
