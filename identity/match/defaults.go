package match

// kind is the sort of comparison that a feature is; it decides levels, default weights and how
// the values of groups are taken together.
type kind uint8

const (
	kindGiven kind = iota
	kindFamily
	kindOther
	kindBirth
	kindSex
	kindAddress
	kindPlace
	kindPhone
	kindEmail
	kindMailbox
	kindOrganisation
	kindID
	kindIDs // of which people have several
	kindFree
	kindVarying
	kinds
)

// weights are the default probabilities of a kind of comparison, by level: among pairs of records
// of one person, and of strangers. Those of people of one household lie between the two. They are what experience says
// about lists of customers, before any data are seen; data move them (train.go).
type weights struct {
	levels      int
	same, other []float64
	// shared is how often housemates have the same true value.
	shared float64
	// rarity is how much of a value's rarity counts, by level: 1 where both have the value.
	rarity []float64
	// volatile: people have several values in the course of time, so of groups the best agreement
	// counts; else a group's values are all about one truth, and the mean counts.
	volatile bool
	// unique: the value is given to one person or household; the distinct people on it say how
	// common it is, not the records.
	unique bool
	// contact: where somebody is reached; a value that many people share tells nothing.
	contact bool
	// fixed: data do not move the weights.
	fixed bool
}

var defaults = [kinds]weights{
	kindGiven: {
		levels: nameLevels,
		//              -  exact alike near  close init  else  different another
		same:   []float64{0, .74, .08, .07, .02, .03, .02, .03, .01},
		shared: 0.01,
		other:  []float64{0, .010, .006, .004, .02, .03, .004, .426, .5},
		rarity: []float64{0, 1, .8, .7, .3, 0, .8, 0, 0},
	},
	kindFamily: {
		levels: nameLevels,
		same:   []float64{0, .80, .03, .07, .02, .01, .02, .05, 0},
		shared: 0.75,
		other:  []float64{0, .003, .001, .001, .012, .03, .002, .951, 0},
		rarity: []float64{0, 1, .9, .7, .3, 0, .8, 0, 0},
	},
	kindOther: {
		levels: nameLevels,
		same:   []float64{0, .48, .02, .06, .01, .28, .01, .14, 0},
		shared: 0.02,
		other:  []float64{0, .02, .003, .003, .01, .05, .01, .904, 0},
		rarity: []float64{0, 1, .8, .7, .3, 0, .8, 0, 0},
	},
	kindBirth: {
		levels: birthLevels,
		//              -  exact swap near coarse parts year different
		same:   []float64{0, .80, .02, .07, .02, .04, .02, .03},
		shared: 0.012,
		other:  []float64{0, .0003, .0001, .0012, .004, .004, .05, .9404},
		rarity: []float64{0, 1, .3, .3, .3, 0, 0, 0},
	},
	kindSex: {
		levels: textLevels,
		same:   []float64{0, .97, 0, 0, .03},
		shared: 0,
		other:  []float64{0, .5, 0, 0, .5},
		rarity: []float64{0, 0, 0, 0, 0},
	},
	kindAddress: {
		levels: addressLevels,
		//              -  exact near street number road different
		same:     []float64{0, .60, .08, .04, .04, .02, .22},
		shared:   0.92,
		other:    []float64{0, .0003, .0002, .0002, .0002, .002, .9971},
		rarity:   []float64{0, 1, .7, .5, .5, .3, 0},
		volatile: true, unique: true,
	},
	kindPlace: {
		levels: placeLevels,
		//              -  both post city near region different
		same:     []float64{0, .50, .12, .12, .08, .04, .14},
		shared:   0.95,
		other:    []float64{0, .001, .001, .01, .02, .1, .868},
		rarity:   []float64{0, 1, 1, 1, 0, .8, 0},
		volatile: true,
	},
	kindPhone: {
		levels: phoneLevels,
		//              -  exact tail near different
		same:     []float64{0, .55, .02, .04, .39},
		shared:   0.5,
		other:    []float64{0, .0002, .00005, .0003, .99945},
		rarity:   []float64{0, 1, .5, .5, 0},
		volatile: true, unique: true, contact: true,
	},
	kindEmail: {
		levels: emailLevels,
		//              -  exact role different
		same:     []float64{0, .65, .02, .33},
		shared:   .1,
		other:    []float64{0, .0001, .001, .9989},
		rarity:   []float64{0, 1, 1, 0},
		volatile: true, unique: true, contact: true,
	},
	kindMailbox: {
		levels: mailboxLevels,
		//              -  slip owner family stem (agreement only: the rest is what is not shown)
		same:     []float64{0, .10, .30, .05, .05},
		shared:   0.15,
		other:    []float64{0, .00005, .001, .002, .002},
		rarity:   []float64{0, 0, 1, 1, 0},
		volatile: true, fixed: true,
	},
	kindOrganisation: {
		levels: textLevels,
		same:   []float64{0, .50, .25, .15, .10},
		shared: 0,
		other:  []float64{0, .002, .002, .02, .976},
		rarity: []float64{0, 1, .7, 0, 0},
	},
	kindID: {
		levels: textLevels,
		same:   []float64{0, .92, .05, 0, .03},
		shared: 0.002,
		other:  []float64{0, .0001, .0003, 0, .9996},
		rarity: []float64{0, 1, .5, 0, 0},
		unique: true,
	},
	kindIDs: {
		levels:   textLevels,
		same:     []float64{0, .60, .03, 0, .37},
		shared:   0.08,
		other:    []float64{0, .0001, .0003, 0, .9996},
		rarity:   []float64{0, 1, .5, 0, 0},
		volatile: true, unique: true,
	},
	kindFree: {
		levels: textLevels,
		same:   []float64{0, .75, .10, 0, .15},
		shared: 0.03,
		other:  []float64{0, .05, .01, 0, .94},
		rarity: []float64{0, 1, .5, 0, 0},
	},
	kindVarying: {
		levels:   textLevels,
		same:     []float64{0, .50, .08, 0, .42},
		shared:   0.05,
		other:    []float64{0, .05, .01, 0, .94},
		rarity:   []float64{0, 1, .5, 0, 0},
		volatile: true,
	},
}

// kindOf is the kind of a feature.
func (s *Schema) kindOf(f Feature) kind {
	if f < fixedFeatures {
		return kind(f)
	}
	i := int(f - fixedFeatures)
	if i < len(s.IDs) {
		if s.IDs[i].Several {
			return kindIDs
		}
		return kindID
	}
	if s.Free[i-len(s.IDs)].Varies {
		return kindVarying
	}
	return kindFree
}

// Defaults of what no single pair tells.
const (
	// defaultPartners is how many other records of the same person a record has, on average.
	defaultPartners = 1.0
	// defaultHousemates is how many records of other members of the household a record has.
	defaultHousemates = 0.7
	// pseudoPartners is how many records of experience those stand for.
	pseudoPartners = 100
	// pseudoPairs is how many pairs of experience the default probabilities of levels stand for.
	pseudoPairs = 200
	// pseudoStrangers is the same for pairs of strangers.
	pseudoStrangers = 2000
	// pseudoRecords and rareShare say how common a value is before it is seen: the default sample
	// of pseudoRecords holds it rareShare of the time.
	pseudoRecords = 100
	// strayShare is how many others share a value of one person all the same: by mistake, or because
	// names do not tell them apart.
	strayShare = 0.05
	rareShare  = 1e-4
)
