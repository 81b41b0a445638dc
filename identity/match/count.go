package match

import (
	"cmp"
	"slices"
)

// rounded keeps two significant digits, so that a model does not change with every record.
func rounded(n int) int {
	scale := 1
	for n/scale >= 100 {
		scale *= 10
	}
	return (n + scale/2) / scale * scale
}

// count says how common values are. Of values that are given to one person each, the distinct
// people on them count, as their names and birth dates tell; so a value that many records of one
// person share is no commoner for it, and a value on many people weighs next to nothing.
func (m *Model) count(records []*Prepared) {
	var uses []use
	counts := map[uint64]uint32{}
	for _, p := range records {
		p.values(func(f Feature, v uint64) {
			if defaults[m.Schema.kindOf(f)].unique {
				uses = append(uses, use{v, p.signature})
			} else {
				counts[v]++
			}
		})
		for f := range m.Totals {
			if p.has(Feature(f)) {
				m.Totals[f]++
			}
		}
	}
	countPeople(uses, counts)
	m.Counts = map[short]uint32{}
	for v, n := range counts {
		if n > 1 {
			m.Counts[shortOf(v)] = max(m.Counts[shortOf(v)], uint32(rounded(int(n))))
		}
	}
	for f := range m.Totals {
		m.Totals[f] = rounded(m.Totals[f])
	}
}

// use says that somebody uses a value.
type use struct {
	value uint64
	by    signature
}

// countPeople counts the distinct people on each value. Those of whom half the name is known are
// not counted beside those of whom all is.
func countPeople(uses []use, counts map[uint64]uint32) {
	slices.SortFunc(uses, func(a, b use) int {
		if c := cmp.Compare(a.value, b.value); c != 0 {
			return c
		}
		return a.by.compare(b.by)
	})
	for i := 0; i < len(uses); {
		var people [signatureKinds]uint32
		j := i
		for ; j < len(uses) && uses[j].value == uses[i].value; j++ {
			if j == i || uses[j].by != uses[j-1].by {
				people[uses[j].by.kind]++
			}
		}
		counts[uses[i].value] = slices.Max(people[:])
		i = j
	}
}

// has says whether the record has something of the feature.
func (p *Prepared) has(f Feature) bool {
	switch f { //nolint:exhaustive // the features of the schema follow
	case FeatureGiven, FeatureFamily, FeatureOther:
		return len(p.names) > 0
	case FeatureBirth:
		return len(p.births) > 0
	case FeatureSex:
		return p.sex != 0
	case FeatureAddress:
		return len(p.addresses) > 0
	case FeaturePlace:
		return len(p.places) > 0
	case FeaturePhone:
		return len(p.phones) > 0
	case FeatureEmail:
		return len(p.emails) > 0
	case FeatureMailbox:
		return len(p.names) > 0
	case FeatureOrganisation:
		return len(p.orgs) > 0
	}
	for i := range p.ids {
		if p.ids[i].kind == int(f) {
			return true
		}
	}
	for i := range p.free {
		if p.free[i].feature == f {
			return true
		}
	}
	return false
}

// values tells each value whose commonness matters, once.
func (p *Prepared) values(tell func(Feature, uint64)) {
	for _, n := range p.names {
		if n.given.text != "" {
			tell(FeatureGiven, n.given.value(saltGiven))
			tell(FeatureOther, n.given.value(saltWord))
		}
		for i := range n.family {
			tell(FeatureFamily, n.family[i].value(saltFamily))
			tell(FeatureOther, n.family[i].value(saltWord))
		}
		for i := range n.others {
			tell(FeatureOther, n.others[i].value(saltWord))
		}
	}
	for i := range p.births {
		tell(FeatureBirth, p.births[i].value)
	}
	for i := range p.addresses {
		tell(FeatureAddress, p.addresses[i].value)
	}
	for i := range p.places {
		pl := &p.places[i]
		for _, v := range []struct {
			salt uint64
			text string
		}{{saltPostcode, pl.postcode}, {saltCity, pl.city}, {saltRegion, pl.region}} {
			if v.text != "" {
				tell(FeaturePlace, hash64(v.salt, v.text))
			}
		}
	}
	for i := range p.phones {
		tell(FeaturePhone, p.phones[i].value)
	}
	for i := range p.emails {
		tell(FeatureEmail, p.emails[i].hash)
	}
	for i := range p.orgs {
		tell(FeatureOrganisation, p.orgs[i].value)
	}
	for i := range p.ids {
		tell(Feature(p.ids[i].kind), p.ids[i].hash)
	}
	for i := range p.free {
		tell(p.free[i].feature, p.free[i].value)
	}
}
