package profiles

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
)

// reference is what a fact rests upon: what is said of the same event, item or observation has the same id in every
// answer, whatever its kind is then.
type reference struct {
	of     string    // event, item, trait, or the kind of a fact that is made of several
	owner  uuid.UUID // the profile of a sum, the observation of traits
	one    string
	two    string
	number int
}

// id is 64 bits of SHA-256 over the reference, in base64url.
func (r *reference) id() string {
	var buf [256]byte
	b := append(buf[:0], r.of...)
	b = append(append(b, 0), r.owner[:]...)
	b = append(append(b, r.one...), 0)
	b = append(append(b, r.two...), 0, byte(r.number))
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

func ofEvent(x *Interaction) reference {
	return reference{of: "event", one: x.Source, two: x.MessageID}
}

func ofItem(x *Item) reference {
	return reference{of: "item", one: string(x.Kind), two: x.Account + "\x00" + x.ID}
}

func ofTrait(x *Trait) reference {
	return reference{of: "trait", owner: x.Observation, one: x.Source, two: x.MessageID}
}

// factIDs are the ids of all facts that rest on single events, items and observations of a profile. Its traits need not
// be grouped as they were in another answer, so every number that a group of them may have had counts.
func factIDs(p *Profile) map[string]bool {
	ids := map[string]bool{}
	add := func(r reference) { ids[r.id()] = true }
	for i := range p.Items {
		add(ofItem(&p.Items[i]))
	}
	for i := range p.Interactions {
		add(ofEvent(&p.Interactions[i]))
	}
	for i := range p.Answers {
		add(ofEvent(&p.Answers[i]))
	}
	for i := range p.Commitments {
		add(ofPromise(&p.Commitments[i]))
	}
	said := map[reference]int{}
	for _, traits := range [][]Trait{p.Attributes, p.Traits} {
		for i := range traits {
			r := ofTrait(&traits[i])
			r.number = said[r] / maxTraitGroup
			add(r)
			r.number = 0
			said[r]++
		}
	}
	return ids
}

// Confidence is how far a fact can be relied on.
type Confidence string

// The confidences.
const (
	Certain   Confidence = "certain"
	Likely    Confidence = "likely"
	Uncertain Confidence = "uncertain"
)

// What lowers a confidence (Fact.Why).
const (
	WhyIdentityInferred = "identity_inferred" // records were joined by what is likely, not by a shared id
	WhyIdentityUnsure   = "identity_unsure"   // it may be one of several customers
	WhySourcesDiffer    = "sources_differ"    // others say something else
	WhyOld              = "old"               // nobody has said so for half a year
	WhyVeryOld          = "very_old"          // for two years
)

const (
	oldAfter     = 182 * 24 * time.Hour
	veryOldAfter = 730 * 24 * time.Hour
)

// doubt is what a fact's confidence is made of.
type doubt struct {
	confidence Confidence
	why        []string
}

func (d *doubt) lower(to Confidence, why string) {
	if to == Uncertain || d.confidence != Uncertain {
		d.confidence = to
	}
	d.why = append(d.why, why)
}

// judge says how sure a fact is, given how sure it is that all observations are of one person. What happened does not
// become less certain with time; what is so may have changed.
func (f *Fact) judge(identityDoubt doubt, asOf time.Time) {
	d := doubt{identityDoubt.confidence, identityDoubt.why[:len(identityDoubt.why):len(identityDoubt.why)]}
	for i := range f.Quotes {
		if f.Quotes[i].Others > 0 {
			d.lower(Uncertain, WhySourcesDiffer)
			break
		}
	}
	if lasting[f.Kind] && !f.At.IsZero() {
		switch age := asOf.Sub(f.At); {
		case age > veryOldAfter:
			d.lower(Uncertain, WhyVeryOld)
		case age > oldAfter:
			d.lower(Likely, WhyOld)
		}
	}
	f.Confidence, f.Why = d.confidence, d.why
}

// lasting are the kinds of fact that say how things are, not what happened.
var lasting = map[FactKind]bool{FactOpen: true, FactMoney: true, FactTrait: true}

// identityDoubt is as certain as the least certain join of the profile.
func identityDoubt(p *Profile) doubt {
	d := doubt{confidence: Certain}
	for i := range p.Observations {
		switch o := &p.Observations[i]; {
		case o.Standing == identity.StandingUnassigned:
			d = doubt{}
			d.lower(Uncertain, WhyIdentityUnsure)
			return d
		case o.Standing == identity.StandingMember && d.confidence == Certain && !joinsForCertain(o.Reason.Rule):
			d.lower(Likely, WhyIdentityInferred)
		}
	}
	return d
}

// joinsForCertain says whether a rule goes by a shared id or by what a person decided.
func joinsForCertain(rule string) bool {
	switch rule {
	case identity.RuleMustMerge:
		return true
	case identity.RuleDevice:
		return false
	}
	return strings.HasPrefix(rule, "same_") || strings.HasPrefix(rule, "compound_")
}
