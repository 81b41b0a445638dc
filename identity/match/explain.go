package match

import "slices"

// FieldEvidence is what one comparison says for or against two records being one.
type FieldEvidence struct {
	Feature Feature
	Name    string
	Level   string
	Bits    Bits
}

// Explanation is a score taken apart. Prior, the bits of all fields, Overlap and Household add up to
// Score.
type Explanation struct {
	Model int // number
	// Prior is the evidence before anything is compared.
	Prior  Bits
	Fields []FieldEvidence
	// Overlap takes back what was said twice: the place of an equal address.
	Overlap Bits
	// Household takes back what is as likely among people who live together.
	Household Bits
	Score     Bits
	// Contradiction: they are not one, whatever the score.
	Contradiction bool
}

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
func (m *Model) Explain(a, b *Prepared) Explanation {
	if a.ID > b.ID {
		a, b = b, a
	}
	var c Comparison
	var e Evidence
	m.Schema.Compare(a, b, &c)
	m.Weigh(&c, &e)
	x := Explanation{Model: m.Number, Contradiction: c.Contradiction, Score: m.Score(&e)}
	ps, _ := m.prior()
	x.Prior = bitsOf(ps)
	sum := Bits(0)
	for f := range m.Weights {
		if l := c.Levels[f]; l != Missing {
			x.Fields = append(x.Fields, FieldEvidence{
				Feature(f), m.Schema.FeatureName(Feature(f)), levelNames[m.Weights[f].kind][l], e.Same[f],
			})
			sum += e.Same[f]
		}
	}
	same, _ := m.Sum(&e)
	x.Overlap = same - sum
	x.Household = x.Score - x.Prior - same
	slices.SortStableFunc(x.Fields, func(p, q FieldEvidence) int { return int(abs(q.Bits) - abs(p.Bits)) })
	return x
}

func abs(b Bits) Bits { return max(b, -b) }

// Explain takes the score of two records apart, by id; false when one of them is not there.
func (r *Resolver) Explain(a, b string) (Explanation, bool) {
	refs := r.refs(a, b)
	if len(refs) != 2 {
		return Explanation{}, false
	}
	return r.model.Explain(r.store.Record(refs[0]), r.store.Record(refs[1])), true
}
