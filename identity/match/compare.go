package match

import "slices"

// Level says how well two values agree. 0 means that one of them is missing. What the others mean
// depends on the feature; a lower one is the better.
type Level uint8

// Missing says that there is nothing to compare.
const Missing Level = 0

// Levels of words of a name.
const (
	NameExact     Level = iota + 1
	NameAlike           // a nickname, or one written as part of the other
	NameNear            // one slip of the pen, or Jaro-Winkler of .93 and more
	NameClose           // Jaro-Winkler of .85, or the same sound
	NameInitial         // one is the first letter of the other
	NameElsewhere       // the word stands in another part of the other name
	NameDifferent
	NameAnother // both are well-known first names, and not of one person
	nameLevels  = int(NameAnother) + 1
)

// Levels of a birth date.
const (
	BirthExact   Level = iota + 1
	BirthSwapped       // day and month turned around
	BirthNear          // one digit wrong or two neighbours turned around
	BirthCoarse        // the year is the same and one says no more, or the first of January
	BirthParts         // two of day, month and year are equal
	BirthYear          // the year, or all but two digits
	BirthDifferent
	birthLevels = int(BirthDifferent) + 1
)

// Levels of addresses.
const (
	AddressExact  Level = iota + 1
	AddressNear         // the number is equal, the street similar
	AddressStreet       // the street is equal and a number missing
	AddressNumber       // the street is equal and the number one slip apart
	AddressRoad         // the street is equal, the number another
	AddressDifferent
	addressLevels = int(AddressDifferent) + 1
)

// Levels of places.
const (
	PlaceBoth     Level = iota + 1 // postcode and city
	PlacePostcode                  // postcode
	PlaceCity
	PlaceNear // postcode or city one slip apart, or the postcodes of one area
	PlaceRegion
	PlaceDifferent
	placeLevels = int(PlaceDifferent) + 1
)

// Levels of telephone numbers.
const (
	PhoneExact Level = iota + 1
	PhoneTail        // a local number and the end of a longer one
	PhoneNear        // one slip apart
	PhoneDifferent
	phoneLevels = int(PhoneDifferent) + 1
)

// Levels of e-mail addresses.
const (
	EmailExact Level = iota + 1
	EmailRole        // equal, and an office's rather than a person's: info@, sales@
	EmailDifferent
	emailLevels = int(EmailDifferent) + 1
)

// Levels of a mailbox that is not equal to another's but may be the same person's. There is no level
// for disagreement: that is said by the e-mail.
const (
	MailboxSlip   Level = iota + 1 // one slip apart, or the same under another domain, and telling
	MailboxOwner                   // it is made of the whole name of the other, who tells more of it
	MailboxName                    // it has the last name of the other in it, or begins with the first
	MailboxStem                    // similar, but such as anybody of that name may have
	mailboxLevels = int(MailboxStem) + 1
)

// Levels of everything else.
const (
	TextExact Level = iota + 1
	TextNear
	TextPartly
	TextDifferent
	textLevels = int(TextDifferent) + 1
)

const maxLevels = nameLevels

// Comparison is a vector of levels: what there is to know about two records, before any model
// weighs it. Values hold, for levels that agree on one, the hash of the value on either side: how
// common it is belongs to the model.
type Comparison struct {
	Levels [maxFeatures]Level
	Values [maxFeatures][2]uint64
	// Contradiction is set when the records cannot be of one person: junior and senior, or two
	// numbers of an exclusive kind.
	Contradiction bool
}

// Salts of value hashes.
const (
	saltGiven = 20 + iota
	saltFamily
	saltWord
	saltBirth
	saltAddress
	saltPostcode
	saltCity
	saltPhone
	saltEmail
	saltOrganisation
	saltRegion
	saltContent
	saltFeature // plus the feature
)

// Compare compares two records, feature by feature. Of several values the best agreement counts.
// It is symmetric but for the order of Values.
func (s *Schema) Compare(a, b *Prepared, c *Comparison) {
	*c = Comparison{}
	for i := range stages {
		s.compareStage(i, a, b, c)
	}
}

// stages are the sets of features, as bits, that are compared together, what costs least first. What is
// said of mailboxes depends on the names.
var stages = [...]uint32{
	1<<FeatureBirth | 1<<FeatureSex | 1<<FeaturePhone,
	nameFeatures,
	^uint32(1<<FeatureBirth | 1<<FeatureSex | 1<<FeaturePhone | nameFeatures | placeFeatures),
	placeFeatures,
}

const (
	nameFeatures  = 1<<FeatureGiven | 1<<FeatureFamily | 1<<FeatureOther
	placeFeatures = 1<<FeatureAddress | 1<<FeaturePlace
)

// compareStage compares the features of one of the stages.
func (s *Schema) compareStage(i int, a, b *Prepared, c *Comparison) {
	switch i {
	case 0:
		compareBirths(a, b, c)
		compareSexes(a, b, c)
		comparePhones(a, b, c)
	case 1:
		compareNames(a, b, c)
	case 2:
		compareEmails(a, b, c)
		compareOrganisations(a, b, c)
		s.compareIDs(a, b, c)
		compareFree(a, b, c)
	default:
		compareAddresses(a, b, c)
		comparePlaces(a, b, c)
	}
}

func compareSexes(a, b *Prepared, c *Comparison) {
	if a.sex == 0 || b.sex == 0 {
		return
	}
	l := TextDifferent
	if a.sex == b.sex {
		l = TextExact
	}
	c.set(FeatureSex, l, 0, 0)
}

// set keeps the better of what was found and what is.
func (c *Comparison) set(f Feature, l Level, va, vb uint64) {
	if c.Levels[f] == Missing || l < c.Levels[f] {
		c.Levels[f] = l
		c.Values[f] = [2]uint64{va, vb}
	}
}

func compareBirths(a, b *Prepared, c *Comparison) {
	for i := range a.births {
		for j := range b.births {
			l := compareDates(&a.births[i], &b.births[j])
			c.set(FeatureBirth, l, a.births[i].value, b.births[j].value)
		}
	}
}

func compareDates(a, b *date) Level {
	same := 0
	if a.sameYear(b) {
		same++
	}
	if a.month == b.month && a.month > 0 {
		same++
	}
	if a.day == b.day && a.day > 0 {
		same++
	}
	january := func(d *date) bool { return d.month <= 1 && d.day <= 1 }
	switch {
	case same == 3, a.text == b.text:
		return BirthExact
	case a.sameYear(b) && a.whole() && b.whole() && a.month == b.day && a.day == b.month:
		return BirthSwapped
	case a.sameYear(b) && (january(a) || january(b)):
		return BirthCoarse
	case !a.whole() || !b.whole():
		switch {
		case same == 2:
			return BirthCoarse
		case a.month+a.day+b.month+b.day == 0 && oneEdit(a.text, b.text):
			return BirthYear // years alone
		}
		return BirthDifferent
	case oneEdit(a.text, b.text):
		return BirthNear
	case same == 2:
		return BirthParts
	case a.sameYear(b), unequal(a.text, b.text) <= 2:
		return BirthYear
	}
	return BirthDifferent
}

// unequal is how many digits of two dates differ.
func unequal(a, b string) int {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func compareOrganisations(a, b *Prepared, c *Comparison) {
	for i := range a.orgs {
		for j := range b.orgs {
			x, y := &a.orgs[i], &b.orgs[j]
			c.set(FeatureOrganisation, compareOrganisation(x, y), x.value, y.value)
		}
	}
	// A person is no company.
	if c.Levels[FeatureOrganisation] == Missing && (len(a.orgs) > 0 && len(b.names) > 0 || len(b.orgs) > 0 && len(a.names) > 0) {
		c.set(FeatureOrganisation, TextDifferent, 0, 0)
	}
}

// found is how many words of the shorter list are in the other; of lists of one length, the fewer.
func found(few, many []string, same func(v, w string) bool) int {
	n := 0
	for _, w := range few {
		if slices.ContainsFunc(many, func(v string) bool { return same(v, w) }) {
			n++
		}
	}
	if len(few) < len(many) {
		return n
	}
	back := 0
	for _, w := range many {
		if slices.ContainsFunc(few, func(v string) bool { return same(v, w) }) {
			back++
		}
	}
	return min(n, back)
}

func compareOrganisation(x, y *organisation) Level {
	if x.key == y.key {
		return TextExact
	}
	if jaroWinkler(x.key, y.key) >= 0.92 {
		return TextNear
	}
	few, many := x.words, y.words
	if len(few) > len(many) {
		few, many = many, few
	}
	alike := func(v, w string) bool { return jaroWinkler(v, w) >= 0.85 }
	found := found(few, many, alike)
	switch {
	case found == len(few) && (len(few) > 1 || len(many) == 1):
		return TextNear
	case found > 0:
		return TextPartly
	}
	return TextDifferent
}

func (s *Schema) compareIDs(a, b *Prepared, c *Comparison) {
	for i := range a.ids {
		for j := range b.ids {
			x, y := &a.ids[i], &b.ids[j]
			f := Feature(x.kind)
			va, vb := x.hash, y.hash
			if x.value == y.value {
				vb = va // under whichever heading
			}
			switch {
			case x.kind == y.kind && x.value == y.value:
				c.set(f, TextExact, va, vb)
			case x.value == y.value && len(x.value) >= 8:
				c.set(f, TextExact, va, vb) // the same number under another heading
			case x.kind != y.kind:
			case oneEdit(x.value, y.value):
				c.set(f, TextNear, va, vb)
			default:
				c.set(f, TextDifferent, va, vb)
			}
		}
	}
	for i, k := range s.IDs {
		if k.Exclusive && c.Levels[fixedFeatures+Feature(i)] == TextDifferent {
			c.Contradiction = true
		}
	}
}

func compareFree(a, b *Prepared, c *Comparison) {
	for i := range a.free {
		for j := range b.free {
			x, y := &a.free[i], &b.free[j]
			if x.feature != y.feature {
				continue
			}
			l := TextDifferent
			switch {
			case x.text == y.text:
				l = TextExact
			case min(len(x.text), len(y.text)) > 3 && oneEdit(x.text, y.text), jaroWinkler(x.text, y.text) >= 0.92:
				l = TextNear
			}
			c.set(x.feature, l, x.value, y.value)
		}
	}
}
