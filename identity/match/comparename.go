package match

import (
	"slices"
	"strings"
)

// compareNames compares names part by part; of several pairs of names the one that agrees best
// counts, as a whole.
func compareNames(a, b *Prepared, c *Comparison) {
	if len(a.names) == 1 && len(b.names) == 1 {
		x, y := a.names[0], b.names[0]
		nameComparison{c}.compare(x, y)
		c.Contradiction = c.Contradiction || x.suffix.contradicts(y.suffix)
		return
	}
	best := -1
	suffixContradicts := len(a.names) > 0 && len(b.names) > 0
	for _, x := range a.names {
		for _, y := range b.names {
			var now Comparison
			n := nameComparison{c: &now}
			n.compare(x, y)
			if !x.suffix.contradicts(y.suffix) {
				suffixContradicts = false
			}
			rank := n.rank()
			if rank > best || rank == best && slices.Compare(now.Levels[:FeatureBirth], c.Levels[:FeatureBirth]) < 0 {
				best = rank
				copy(c.Levels[:FeatureBirth], now.Levels[:FeatureBirth])
				copy(c.Values[:FeatureBirth], now.Values[:FeatureBirth])
			}
		}
	}
	c.Contradiction = c.Contradiction || suffixContradicts
}

type nameComparison struct{ c *Comparison }

// rank orders the agreement of pairs of names.
func (n nameComparison) rank() int {
	worth := [nameLevels]int{0, 8, 6, 5, 3, 3, 4, 0, 0}
	rank := 0
	for f := FeatureGiven; f <= FeatureOther; f++ {
		rank += 2 * worth[n.c.Levels[f]]
	}
	return rank
}

func (n nameComparison) compare(x, y *name) {
	if x.given.text != "" && y.given.text != "" {
		l := compareGiven(x, y)
		if l >= NameDifferent && (amongOthers(&x.given, y) || amongOthers(&y.given, x)) {
			l = NameElsewhere
		}
		n.c.set(FeatureGiven, l, x.given.value(saltGiven), y.given.value(saltGiven))
	}
	if len(x.family) > 0 && len(y.family) > 0 {
		l, va, vb := compareFamily(x, y)
		n.c.set(FeatureFamily, l, va, vb)
	}
	n.compareTurned(x, y)
	n.compareOthers(x, y)
}

// compareWords takes two given names or two last names.
func compareWords(a, b *word) Level {
	switch {
	case a.text == b.text:
		return NameExact
	case a.initial() || b.initial():
		if a.text[0] == b.text[0] {
			return NameInitial
		}
		return NameDifferent
	case len(a.text) >= 4 && len(b.text) >= 4 && oneEdit(a.text, b.text):
		return NameNear
	}
	jw := jaroWinkler(a.text, b.text)
	if jw < 0.6 {
		return NameDifferent // too far for all that follows
	}
	switch {
	case jw >= 0.93:
		return NameNear
	case jw >= 0.82, len(a.sound) > 2 && a.sound == b.sound, jw >= 0.7 && a.sound == b.sound:
		return NameClose
	case min(len(a.text), len(b.text)) >= 4 && edits(a.text, b.text, 2) <= 2 && max(len(a.text), len(b.text)) >= 6:
		return NameClose
	}
	return NameDifferent
}

func compareGiven(x, y *name) Level {
	if x.givenAll == y.givenAll {
		return NameExact
	}
	l := compareWords(&x.given, &y.given)
	if l <= NameAlike {
		return l
	}
	if nicknameOf(&x.given, &y.given) {
		return NameAlike
	}
	short, long := x.given.text, y.given.text
	if len(short) > len(long) {
		short, long = long, short
	}
	known := len(x.given.roots) > 0 && len(y.given.roots) > 0
	switch {
	case known && l == NameNear:
		return NameClose // a slip seldom makes another name: Daniel and Danielle
	case known && l >= NameClose && l != NameInitial:
		return NameAnother
	case len(short) >= 3 && len(short) <= 4 && strings.HasPrefix(long, short) && !known:
		return NameAlike
	}
	if min(len(x.givenAll), len(y.givenAll)) > 5 && oneEdit(x.givenAll, y.givenAll) {
		return min(l, NameNear)
	}
	return l
}

func compareFamily(x, y *name) (Level, uint64, uint64) {
	best, bx, by := NameDifferent, &x.family[len(x.family)-1], &y.family[len(y.family)-1]
	for i := range x.family {
		for j := range y.family {
			if l := compareWords(&x.family[i], &y.family[j]); l < best {
				best, bx, by = l, &x.family[i], &y.family[j]
			}
		}
	}
	if best == NameExact && len(x.family) != len(y.family) {
		best = NameAlike // one of two last names was left out
	}
	switch {
	case x.familyAll == y.familyAll:
		best = NameExact
	case best > NameNear && min(len(x.familyAll), len(y.familyAll)) > 5 && oneEdit(x.familyAll, y.familyAll):
		best = NameNear
	case best == NameDifferent:
		for i := range x.family {
			if amongOthers(&x.family[i], y) {
				best, bx, by = NameElsewhere, &x.family[i], &x.family[i]
			}
		}
		for i := range y.family {
			if amongOthers(&y.family[i], x) {
				best, bx, by = NameElsewhere, &y.family[i], &y.family[i]
			}
		}
	}
	return best, bx.value(saltFamily), by.value(saltFamily)
}

func amongOthers(w *word, n *name) bool {
	if w.initial() {
		return false
	}
	for i := range n.others {
		if n.others[i].text == w.text {
			return true
		}
	}
	return false
}

// compareTurned looks whether first and last name change places.
func (n nameComparison) compareTurned(x, y *name) {
	l := &n.c.Levels
	if l[FeatureGiven] != Missing && l[FeatureGiven] <= NameClose || l[FeatureFamily] != Missing && l[FeatureFamily] <= NameClose {
		return
	}
	one, other := crossed(&x.given, y.family), crossed(&y.given, x.family)
	switch {
	case min(one, other) <= NameNear && max(one, other) <= NameClose:
		l[FeatureGiven], l[FeatureFamily] = NameElsewhere, NameElsewhere
	case one <= NameNear && (y.given.text == "" || len(x.family) == 0):
		v := x.given.value(saltGiven)
		n.c.set(FeatureGiven, NameElsewhere, v, v)
	case other <= NameNear && (x.given.text == "" || len(y.family) == 0):
		v := y.given.value(saltGiven)
		n.c.set(FeatureGiven, NameElsewhere, v, v)
	}
}

// crossed compares a first name with last names.
func crossed(given *word, family []word) Level {
	best := NameDifferent
	if given.text == "" || given.initial() {
		return best
	}
	for i := range family {
		if l := compareWords(given, &family[i]); l <= NameClose {
			best = min(best, l)
		}
	}
	return best
}

// compareOthers looks for words of either name that stand in no part that was compared already.
func (n nameComparison) compareOthers(x, y *name) {
	if len(x.others) == 0 || len(y.others) == 0 {
		n.othersAgainstParts(x, y)
		n.othersAgainstParts(y, x)
		return
	}
	for i := range x.others {
		for j := range y.others {
			v, w := &x.others[i], &y.others[j]
			l := compareWords(v, w)
			if l == NameClose {
				l = NameDifferent
			}
			n.c.set(FeatureOther, l, v.value(saltWord), w.value(saltWord))
		}
	}
}

// othersAgainstParts: a word of no known part equals a part of the other name that had nothing to
// be compared with.
func (n nameComparison) othersAgainstParts(x, y *name) {
	for i := range x.others {
		w := &x.others[i]
		if w.initial() {
			continue
		}
		if n.c.Levels[FeatureFamily] == Missing {
			for j := range y.family {
				if compareWords(w, &y.family[j]) <= NameNear {
					n.c.set(FeatureFamily, NameElsewhere, y.family[j].value(saltFamily), y.family[j].value(saltFamily))
				}
			}
		}
		if n.c.Levels[FeatureGiven] == Missing && y.given.text != "" && compareWords(w, &y.given) <= NameNear {
			n.c.set(FeatureGiven, NameElsewhere, y.given.value(saltGiven), y.given.value(saltGiven))
		}
	}
}
