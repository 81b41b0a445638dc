package effect_test

import (
	"math"
	"strings"

	"tributary/journeys/effect"
)

// costs is what a contact costs in loops.
type costs struct {
	rate               *float64
	minutes, human, ai float64
	aiKnown            bool
}

func (m *model) span() (list []*talk) {
	for _, t := range m.talks {
		if t.began != "" && !t.start.Before(at(0)) && t.start.Before(at(31)) {
			list = append(list, t)
		}
	}
	return list
}

func (m *model) costs(rate *float64) *costs {
	c := &costs{rate: rate}
	var minutes, human, ai []float64
	for _, t := range m.span() {
		if t.human && t.timed {
			minutes = append(minutes, t.minutes)
		}
		if t.priced && t.began == "ai" {
			ai = append(ai, t.cost)
		} else if t.priced {
			human = append(human, t.cost)
		}
	}
	for list, into := range map[*[]float64]*float64{&minutes: &c.minutes, &human: &c.human, &ai: &c.ai} {
		if len(*list) > 0 {
			*into = mean(*list)
		}
	}
	c.aiKnown = len(ai) > 0
	return c
}

func (c *costs) of(t *talk) (cost float64, made bool) {
	switch {
	case t.priced:
		cost = t.cost
	case t.began == "ai":
		cost, made = c.ai, true
	case t.human && c.rate == nil:
		cost, made = c.human, true
	}
	if t.human && c.rate != nil {
		minutes := t.minutes
		if !t.timed {
			minutes, made = c.minutes, true
		}
		cost += minutes * *c.rate
	}
	return cost, made
}

// byPerson is the mean of values with an error that takes people as its units.
func byPerson(list []*talk, value func(*talk) float64) (m, err float64, known bool) {
	sums, counts := map[uint64]float64{}, map[uint64]float64{}
	n, sum := float64(len(list)), 0.0
	for _, t := range list {
		sums[t.person] += value(t)
		counts[t.person]++
		sum += value(t)
	}
	m = sum / n
	square := 0.0
	for who := range sums {
		square += (sums[who] - m*counts[who]) * (sums[who] - m*counts[who])
	}
	g := float64(len(sums))
	return m, math.Sqrt(square*g/(g-1)) / n, g > 1
}

const z = 1.959963984540054

func (n numbers) ranged(name string, v, err float64, known bool) {
	n[name] = v
	if known {
		n[name+" low"], n[name+" high"] = v-z*err, v+z*err
	}
}

func (n numbers) shared(name string, list []*talk, hit func(*talk) bool) {
	if len(list) == 0 {
		return
	}
	n[name] = mean(valuesOf(list, hit))
	n[name+" low"], n[name+" high"] = wilson(n[name], float64(len(list)))
}

func valuesOf(list []*talk, hit func(*talk) bool) (v []float64) {
	for _, t := range list {
		if hit(t) {
			v = append(v, 1)
		} else {
			v = append(v, 0)
		}
	}
	return v
}

func filter(list []*talk, keep func(*talk) bool) (some []*talk) {
	for _, t := range list {
		if keep(t) {
			some = append(some, t)
		}
	}
	return some
}

func (m *model) uses(r *effect.UseCaseRequest) numbers {
	c, all := m.costs(r.CostPerMinute), m.span()
	n := numbers{"contacts": float64(len(all)), "imputed": 0}
	settled := func(t *talk) bool {
		return !t.start.Add(7*day).After(m.known) && (t.closed || !t.end.Add(day).After(m.known))
	}
	measured := func(t *talk) bool { return t.human && t.timed && c.rate != nil || t.priced && c.rate == nil }
	total := func(t *talk) float64 {
		v, _ := c.of(t)
		if m.again(t, whatever) {
			next, _ := c.of(m.near(t, true, whatever))
			v += next
		}
		return v
	}
	name := func(t *talk) string {
		if len(r.By) == 0 {
			return t.topic + "||"
		}
		return strings.Join([]string{t.topic, t.channel, t.agent}, "|")
	}
	names, people := map[string]*talk{}, map[uint64]bool{}
	for _, t := range all {
		people[t.person] = true
		if t.began == "ai" {
			names[name(t)] = t
		}
		if _, made := c.of(t); settled(t) && (t.began == "ai" || measured(t)) {
			if m.again(t, whatever) {
				_, too := c.of(m.near(t, true, whatever))
				made = made || too
			}
			if made {
				n["imputed"]++
			}
		}
	}
	n["people"] = float64(len(people))
	var lives []*life
	if r.Value != nil {
		lives, _, _ = m.lives(effect.ExposureAIBegan, true)
	}
	for key, one := range names {
		mine := filter(all, func(t *talk) bool { return t.began == "ai" && name(t) == key })
		done := filter(mine, settled)
		humans := filter(all, func(t *talk) bool { return t.began == "human" && t.topic == one.topic && settled(t) })
		told := filter(humans, measured)
		n[key+" contacts"], n[key+" immature"], n[key+" people"] = float64(len(done)), float64(len(mine)-len(done)), float64(persons(done))
		n.shared(key+" contained", done, (*talk).contained)
		n.shared(key+" confirmed", done, func(t *talk) bool { return t.contained() && t.resolution == "confirmed" })
		n.shared(key+" silent", filter(done, (*talk).contained), func(t *talk) bool { return m.again(t, whatever) })
		var hm, he, am, ae float64
		var hk, ak bool
		if len(told) > 0 {
			hm, he, hk = byPerson(told, total)
			n[key+" human untold"] = float64(len(humans) - len(told))
			n.ranged(key+" human", hm, he, hk)
		}
		if len(done) > 0 && c.aiKnown {
			am, ae, ak = byPerson(done, total)
			n.ranged(key+" ai", am, ae, ak)
		}
		saves := len(told) > 0 && len(done) > 0 && c.aiKnown
		saving, err, known := hm-am, math.Hypot(he, ae), hk && ak
		if saves {
			n.ranged(key+" saving", saving, err, known)
		}
		if r.Value != nil {
			some := []*life{}
			for _, l := range in(lives, "EUR") {
				if l.talk.topic == one.topic {
					some = append(some, l)
				}
			}
			n.compare(key+" paid", some, func(l *life) string { return l.tenure }, func(l *life) float64 { return l.revenue["EUR"] }, false)
			d, ok := n[key+" paid standardised difference"]
			high, bounded := n[key+" paid standardised difference high"]
			share := float64(persons(done)) / float64(len(done))
			if saves = saves && ok && bounded; saves {
				saving, err = saving+d*share, math.Hypot(err, (high-d)/z*share)
				n.ranged(key+" value", saving, err, known)
			}
			n0, n1 := n[key+" paid standardised unexposed people"], n[key+" paid standardised exposed people"]
			known = known && n0 >= 1 && n1 >= 1
		}
		verdict := "undecided"
		if saves && known && saving-z*err > 0 {
			verdict = "pays"
		} else if saves && known && saving+z*err < 0 {
			verdict = "does_not"
		}
		n[key+" verdict "+verdict] = 1
	}
	return n
}

func persons(list []*talk) int {
	seen := map[uint64]bool{}
	for _, t := range list {
		seen[t.person] = true
	}
	return len(seen)
}
