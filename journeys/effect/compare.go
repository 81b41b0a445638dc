package effect

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Outcome is one outcome of those who were exposed beside that of those who were not. Differences are exposed less
// not exposed.
type Outcome struct {
	// Currency is that of an amount; empty: the value is a share.
	Currency string `json:"currency,omitempty"`
	// Crude is as it is, whoever they were.
	Crude Sides `json:"crude"`
	// Standardised is as it would be if both were of the same strata, in the mix of all who can be compared; absent if no
	// stratum has both.
	Standardised *Sides `json:"standardised,omitempty"`
	// LeftOut are the people, and strata, of which only one of the two has any.
	LeftOut       int `json:"left_out"`
	LeftOutStrata int `json:"left_out_strata"`
	StrataCount   int `json:"strata_count"` // of those that have both
	// BelowMinimum: fewer than Minimum people on one side can be compared.
	BelowMinimum bool        `json:"below_minimum"`
	Strata       []StratumOf `json:"strata"` // those with most weight
}

// Sides are both sides of a comparison.
type Sides struct {
	Exposed    Side      `json:"exposed"`
	Unexposed  Side      `json:"unexposed"`
	Difference *Estimate `json:"difference,omitempty"` // absent if one side has nobody
}

// Side is one of them; without people it has no value.
type Side struct {
	People   int       `json:"people"`
	Estimate *Estimate `json:"estimate,omitempty"`
}

// StratumOf is one stratum that has both sides.
type StratumOf struct {
	Stratum
	// Weight is the share of the stratum in all who can be compared: what it counts on both sides.
	Weight float64 `json:"weight"`
	Sides
}

// Minimum is how many people each side must have that can be compared.
const Minimum = 50

// pair is both sides of a stratum: [0] not exposed, [1] exposed.
type pair [2]sums

// grouped adds up a value over people, by stratum and side; people without a value are left out.
type grouped map[Stratum]*pair

func (g grouped) add(key Stratum, exposed bool, v float64) {
	p := g[key]
	if p == nil {
		p = &pair{}
		g[key] = p
	}
	side := 0
	if exposed {
		side = 1
	}
	p[side].add(v)
}

// outcome compares. whole are both sides over all strata.
func (g grouped) outcome(whole *pair, currency string, limit int) Outcome {
	o := Outcome{Currency: currency, Strata: []StratumOf{}}
	o.Crude = sides([2][]sums{{whole[0]}, {whole[1]}}, []float64{1}, whole, currency != "")
	var both []Stratum
	var compared pair
	for _, key := range g.keys() {
		p := g[key]
		if p[0].n == 0 || p[1].n == 0 {
			o.LeftOut += p[0].n + p[1].n
			o.LeftOutStrata++
			continue
		}
		both = append(both, key)
		compared[0].n, compared[1].n = compared[0].n+p[0].n, compared[1].n+p[1].n
	}
	o.StrataCount = len(both)
	o.BelowMinimum = min(compared[0].n, compared[1].n) < Minimum
	if len(both) == 0 {
		return o
	}
	var strata [2][]sums
	weights := make([]float64, len(both))
	for i, key := range both {
		p := g[key]
		weights[i] = float64(p[0].n+p[1].n) / float64(compared[0].n+compared[1].n)
		strata[0], strata[1] = append(strata[0], p[0]), append(strata[1], p[1])
		o.Strata = append(o.Strata, StratumOf{key, weights[i], sides([2][]sums{{p[0]}, {p[1]}}, []float64{1}, whole, currency != "")})
	}
	s := sides(strata, weights, whole, currency != "")
	o.Standardised = &s
	slices.SortStableFunc(o.Strata, func(a, b StratumOf) int { return cmp.Compare(b.Weight, a.Weight) })
	o.Strata = o.Strata[:min(len(o.Strata), limit)]
	return o
}

// sides are both sides over strata with their weights.
func sides(strata [2][]sums, weights []float64, whole *pair, amounts bool) Sides {
	s := Sides{Unexposed: Side{People: count(strata[0])}, Exposed: Side{People: count(strata[1])}}
	var money [2]amount
	for i, side := range []*Side{&s.Unexposed, &s.Exposed} {
		switch {
		case side.People == 0:
			continue
		case amounts:
			money[i] = standardAmount(strata[i], weights, &whole[i])
			e := money[i].estimate()
			side.Estimate = &e
		default:
			e := standardShare(strata[i], weights)
			side.Estimate = &e
		}
	}
	if s.Exposed.People == 0 || s.Unexposed.People == 0 {
		return s
	}
	var d Estimate
	if amounts {
		d = money[1].less(money[0]).estimate()
	} else {
		d = shareDifference(*s.Exposed.Estimate, *s.Unexposed.Estimate)
	}
	s.Difference = &d
	return s
}

func count(strata []sums) (n int) {
	for _, s := range strata {
		n += s.n
	}
	return n
}

// keys are the strata in the order of their words, so that sums come out alike every time.
func (g grouped) keys() []Stratum {
	return slices.SortedFunc(maps.Keys(g), func(a, b Stratum) int {
		return cmp.Or(strings.Compare(a.Tenure, b.Tenure), strings.Compare(a.Currency, b.Currency), strings.Compare(a.RevenueBefore, b.RevenueBefore),
			strings.Compare(a.ContactsBefore, b.ContactsBefore), strings.Compare(a.Topic, b.Topic), strings.Compare(a.Channel, b.Channel))
	})
}

// retention compares who stayed.
func (p *people) retention(o *Outcomes, limit int) Outcome {
	g, whole := grouped{}, &pair{}
	for i := range p.units {
		u, v := &p.units[i], 0.0
		if o.Retention.of(u) {
			v = 1
		}
		g.add(p.stratum(u, o.Adjust), u.Exposed, v)
		whole.add(u.Exposed, v)
	}
	return g.outcome(whole, "", limit)
}

// revenue compares what people of a currency paid: those who had paid in it last before the contact, and those who had not paid.
func (p *people) revenue(o *Outcomes, currency string, limit int) Outcome {
	g, whole := grouped{}, &pair{}
	for i := range p.units {
		if u := &p.units[i]; u.Currency == currency || u.Currency == "" {
			g.add(p.stratum(u, o.Adjust), u.Exposed, u.Revenue[currency])
			whole.add(u.Exposed, u.Revenue[currency])
		}
	}
	return g.outcome(whole, currency, limit)
}

func (p *pair) add(exposed bool, v float64) {
	side := 0
	if exposed {
		side = 1
	}
	p[side].add(v)
}

// currencies are those in which anybody paid.
func (p *people) currencies() []string {
	found := map[string]bool{}
	for i := range p.units {
		u := &p.units[i]
		for c := range u.Revenue {
			found[c] = true
		}
		for c := range u.Before {
			found[c] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
