package match

import (
	"slices"

	"tributary/identity"
)

var levelNames = [kinds][]string{
	kindGiven:        {"", "equal", "nickname", "one slip", "similar", "initial", "in another part of the name", "different", "another"},
	kindFamily:       {"", "equal", "one of two names", "one slip", "similar", "initial", "in another part of the name", "different"},
	kindOther:        {"", "equal", "alike", "one slip", "similar", "initial", "elsewhere", "different"},
	kindBirth:        {"", "equal", "day and month turned", "one digit", "as far as known", "two of three parts", "nearly", "different"},
	kindSex:          {"", "equal", "", "", "different"},
	kindAddress:      {"", "equal", "similar street", "same street, no number", "number one digit off", "same street", "different"},
	kindPlace:        {"", "postcode and city", "postcode", "city", "near", "region", "different"},
	kindPhone:        {"", "equal", "local part equal", "one digit", "different"},
	kindEmail:        {"", "equal", "equal, of an office", "different"},
	kindMailbox:      {"", "one slip", "made of the name", "has a part of the name", "similar"},
	kindOrganisation: {"", "equal", "similar", "partly", "different"},
	kindID:           {"", "equal", "one slip", "", "different"},
	kindIDs:          {"", "equal", "one slip", "", "different"},
	kindFree:         {"", "equal", "similar", "", "different"},
	kindVarying:      {"", "equal", "similar", "", "different"},
}

// Explain takes the score of two records apart.
func (m *Model) Explain(a, b *Prepared) identity.Weighing {
	if a.ID > b.ID {
		a, b = b, a
	}
	c := clustering{m: m, links: &links{}, records: []*Prepared{a, b}, apart: func(int, int) bool { return false }}
	return m.explain(c.compare(&group{members: []uint32{0}}, &group{members: []uint32{1}}))
}

// explain takes the score of two groups apart.
func (m *Model) explain(l *link) identity.Weighing {
	e := l.evidence(m)
	x := identity.Weighing{
		Model: m.Number, Prior: bitsOf(m.priorSame), Score: m.Score(&e), Contradiction: l.contradiction,
	}
	sum := Bits(0)
	for f := range l.features {
		if at := &l.features[f]; at.n > 0 {
			x.Fields = append(x.Fields, identity.FieldBits{
				Field: m.Schema.FeatureName(Feature(f)), Level: levelNames[m.Weights[f].kind][at.level], Bits: e.Same[f],
			})
			sum += e.Same[f]
		}
	}
	same, _ := m.Sum(&e)
	x.Overlap = same - sum
	x.Household = x.Score - x.Prior - same
	slices.SortStableFunc(x.Fields, func(p, q identity.FieldBits) int { return int(abs(q.Bits) - abs(p.Bits)) })
	return x
}

func abs(b Bits) Bits { return max(b, -b) }
