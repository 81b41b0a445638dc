package match

import "math/bits"

// outline tells fast what two records cannot agree on. Those of many records lie side by side, so that
// most pairs are done with before the records themselves are fetched from memory.
type outline struct {
	// features that the record has something of, as bits, and the flags below
	mask uint32
	// values are by feature; two that are not 0 tell at what level it can agree at best, see distance:
	// of names and e-mails hashes, of birth dates and telephone numbers eight digits, four bits each, of
	// an address the letters of its street, a bit each, and above them how many there are.
	values [FeatureMailbox]uint32
}

// Flags of an outline.
const (
	wholeNames = 1 << (31 - iota) // it has names, and of each the first and the last are known
	hasFewKeys

	outlineFlags = uint32(wholeNames | hasFewKeys)
)

func (p *Prepared) outlineOf(s *Schema) (o outline) {
	whole, others := len(p.names) > 0, false
	for _, n := range p.names {
		whole = whole && n.given.text != "" && len(n.family) > 0
		others = others || len(n.others) > 0
	}
	if whole {
		o.mask = wholeNames
	}
	for f := range Feature(s.features()) {
		switch {
		case f == FeatureOther && !others:
		case p.has(f), f == FeatureMailbox && len(p.emails) > 0:
			o.mask |= 1 << f
		}
	}
	if p.few() {
		o.mask |= hasFewKeys
	}
	hash := func(f Feature, hash uint64) { o.values[f] = uint32(hash>>32) | 1 }
	if len(p.names) == 1 {
		n := p.names[0]
		if n.given.text == n.givenAll {
			hash(FeatureGiven, n.given.hash)
		}
		if len(n.family) == 1 {
			hash(FeatureFamily, n.family[0].hash)
		}
	}
	if len(p.births) == 1 && p.births[0].whole() && !p.births[0].twoDigits {
		o.values[FeatureBirth] = eightDigits(p.births[0].text)
	}
	if len(p.phones) == 1 && len(p.phones[0].tail) == phoneTail {
		o.values[FeaturePhone] = eightDigits(p.phones[0].tail[1:])
	}
	if len(p.emails) == 1 {
		hash(FeatureEmail, p.emails[0].hash)
	}
	if len(p.addresses) == 1 && len(p.addresses[0].street) == 1 {
		o.values[FeatureAddress] = lettersOf(p.addresses[0].joined)
	}
	return o
}

// eightDigits packs digits, 0 where there are others or more.
func eightDigits(s string) (packed uint32) {
	for i := range len(s) {
		if len(s) != 8 || s[i] < '0' || s[i] > '9' {
			return 0
		}
		packed = packed<<4 | uint32(s[i]-'0')
	}
	return packed
}

// letterBits are those of the letters from a to z.
const letterBits = 1<<26 - 1

// lettersOf packs which letters a word has and its length, 0 where it has others or is long.
func lettersOf(s string) (packed uint32) {
	for i := range len(s) {
		if len(s) > 63 || s[i] < 'a' || s[i] > 'z' {
			return 0
		}
		packed |= 1 << (s[i] - 'a')
	}
	return packed | uint32(len(s))<<26
}

// Distances of two values of a feature.
const (
	maybeEqual = iota
	notEqual   // they do not agree at the best level
	farApart   // they differ at the last level
	distances
)

// distance is how far apart two values of a feature are at least.
func distance(f Feature, x, y uint32) int {
	if x == 0 || y == 0 || x == y {
		return maybeEqual
	}
	switch f { //nolint:exhaustive // of the others hashes are compared
	case FeatureAddress:
		if lettersFar(x, y) {
			return farApart
		}
		return maybeEqual
	case FeaturePhone:
		if unequalDigits(x, y) > 2 {
			return farApart
		}
	case FeatureBirth:
		if d := x ^ y; unequalDigits(x, y) > 2 && d>>16 != 0 && d&0xffff != 0 { // years, and not the days alone
			return farApart
		}
	}
	return notEqual
}

// unequalDigits is how many of eight digits differ.
func unequalDigits(x, y uint32) int {
	d := x ^ y
	d |= d >> 2
	d |= d >> 1
	return bits.OnesCount32(d & 0x11111111)
}

// lettersFar says of two words that neither begins with the other, that they are more than a slip apart,
// and that their Jaro-Winkler similarity is below .88: letters that only one of them has match none, and
// of n matches in words of a and b letters the similarity is at most .4 + .6 * (n/a + n/b + 1) / 3.
func lettersFar(x, y uint32) bool {
	onlyX, onlyY := bits.OnesCount32(x&^y&letterBits), bits.OnesCount32(y&^x&letterBits)
	if onlyX < 2 || onlyY < 2 {
		return false
	}
	a, b := int(x>>26), int(y>>26)
	n := min(a-onlyX, b-onlyY)
	return 10*n*(a+b) < 14*a*b
}

func (o *outline) few() bool { return o.mask&hasFewKeys != 0 }

func (o *outline) features() uint32 { return o.mask &^ outlineFlags }
