// Package policy decides which fields of a customer a reader may see, and takes out or masks the rest.
//
// A policy is one YAML document: for each purpose, kind of reader and class of data it says show, mask
// or withhold, from which level of verification on, and up to which age. What goes out says the class
// of each of its fields in a struct tag, policy:"class", or in a method PolicyClass() string where only
// the value knows; see Apply. The package is pure: it reads no clock and no storage.
package policy

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The purposes and kinds of reader that a policy has a word on.
var (
	purposes = []string{"support", "billing", "sales", "marketing", "analytics", "operations"}
	readers  = []string{"human", "own_ai", "third_party_ai", "system"}
)

// Purposes lists the purposes that a policy knows.
func Purposes() []string { return slices.Clone(purposes) }

// Readers lists the kinds of reader that a policy knows.
func Readers() []string { return slices.Clone(readers) }

// Action is what is done with a value. The greater is the stricter.
type Action uint8

// The actions.
const (
	Show Action = iota
	Mask
	Withhold
)

var actionNames = []string{"show", "mask", "withhold"}

// String returns "show", "mask" or "withhold".
func (a Action) String() string { return actionNames[a] }

// Level is how sure it is that who asks, or is asked for, is the person of the profile.
type Level uint8

// The levels.
const (
	Claimed  Level = iota // one contact identifier that somebody gave
	Matched               // two that agree, or a conversation whose customer was identified
	Verified              // a trusted source has verified the customer
)

var levelNames = []string{"claimed", "matched", "verified"}

// String returns "claimed", "matched" or "verified".
func (l Level) String() string { return levelNames[l] }

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Rule is what a policy says about one class for one reader and purpose.
type Rule struct {
	Do Action
	// Needs is the least level at which Do applies; below it Below does.
	Needs Level
	Below Action
	// MaxAge: what is older is withheld; 0: any age.
	MaxAge time.Duration
	// Limit: how many elements of the class one answer has at most; 0: any number.
	Limit int
	// Consent names purposes, ascending and with spaces between, to each of which the customer must have
	// agreed; without that Do is Withhold.
	Consent string
}

// stricter joins two rules: whatever one of them refuses, stays refused.
func stricter(a, b Rule) Rule {
	r := Rule{Do: max(a.Do, b.Do), Needs: max(a.Needs, b.Needs), MaxAge: least(a.MaxAge, b.MaxAge), Limit: least(a.Limit, b.Limit)}
	// A rule without a level allows below the other's level what it allows above.
	below := func(x Rule) Action {
		if x.Needs == Claimed {
			return x.Do
		}
		return x.Below
	}
	r.Below = max(below(a), below(b), r.Do)
	r.Consent = strings.Join(union(strings.Fields(a.Consent), strings.Fields(b.Consent)), " ")
	return r
}

func least[N cmp.Ordered](a, b N) N {
	var none N
	if a == none || b == none {
		return max(a, b)
	}
	return min(a, b)
}

// TypeAccount stands in Verification.OwnTypes for accounts, which are looked up by their id alone.
const TypeAccount = "account"

// Verification says what raises a reading above claimed.
type Verification struct {
	// ValidFor is how long a conversation.verified of one of TrustedSources holds.
	ValidFor       time.Duration
	TrustedSources []string
	// IdentifiedFor is how long a conversation.identified of one of IdentifiedSources holds; "*": any source.
	IdentifiedFor     time.Duration
	IdentifiedSources []string
	// OwnLookup is the level of an address by one of OwnTypes, by kind of reader.
	OwnLookup map[string]Level
	OwnTypes  []string // types of identifier, and TypeAccount
}

// Trusts says whether a source's conversation.verified is believed.
func (v *Verification) Trusts(source string) bool { return slices.Contains(v.TrustedSources, source) }

// Identifies says whether a source's conversation.identified is believed.
func (v *Verification) Identifies(source string) bool {
	return slices.Contains(v.IdentifiedSources, source) || slices.Contains(v.IdentifiedSources, "*")
}

// Policy is a document that was read and found whole. It is safe for concurrent use.
type Policy struct {
	Verification Verification
	narrower     map[string][]string
	classes      []string          // the built-in ones and the document's own, sorted
	traits       map[string]string // the class of a trait by its name
	rules        map[string]map[string]map[string]Rule
	// resolved holds the rule of each class by purpose and reader.
	resolved map[combination]map[string]Rule
}

type combination struct{ purpose, reader string }

// Classes lists the classes that the policy has a word on, its own included, ascending.
func (p *Policy) Classes() []string { return slices.Clone(p.classes) }

// MayNarrow says whether a key of one purpose may ask for another one instead: its own, or one that the
// policy lists as narrower.
func (p *Policy) MayNarrow(own, asked string) bool {
	return own == asked || slices.Contains(p.narrower[own], asked)
}

// Rule returns what holds for a class. Of a class that the policy does not know everything is withheld.
func (p *Policy) Rule(purpose, reader, class string) Rule {
	if r, known := p.resolved[combination{purpose, reader}][class]; known {
		return r
	}
	return Rule{Do: Withhold, Below: Withhold}
}

// ClassOf returns the class of what PolicyClass returned: "class", or "class:name" where a name may put
// it into a class of its own.
func (p *Policy) ClassOf(said string) string {
	class, name := splitClass(said)
	if name == "" {
		return class
	}
	if own, ok := p.traits[name]; ok {
		return own
	}
	return classByName(class, name)
}

// lookup finds the rule of a class, and the paths of what it was made of: the word on this very purpose
// and reader; else the stricter of the words on the purpose and on the reader; else the default.
func (p *Policy) lookup(purpose, reader, class string) (Rule, []string, bool) {
	at := func(purpose, reader string) (Rule, string, bool) {
		r, ok := p.rules[purpose][reader][class]
		return r, "rules." + purpose + "." + reader + "." + class, ok
	}
	if r, path, ok := at(purpose, reader); ok {
		return r, []string{path}, true
	}
	ofPurpose, path1, ok1 := at(purpose, anyName)
	ofReader, path2, ok2 := at(anyName, reader)
	switch {
	case ok1 && ok2:
		return stricter(ofPurpose, ofReader), []string{path1, path2}, true
	case ok1:
		return ofPurpose, []string{path1}, true
	case ok2:
		return ofReader, []string{path2}, true
	}
	r, path, ok := at(anyName, anyName)
	return r, []string{path}, ok
}

// Explanation is the rule of one class and where the document says so.
type Explanation struct {
	Class string `json:"class"`
	Do    string `json:"do"`
	Needs string `json:"needs,omitempty"`
	Below string `json:"below,omitempty"` // what happens under Needs
	Age   string `json:"max_age,omitempty"`
	Limit int    `json:"limit,omitempty"`
	// Consent are the purposes to which the customer must have agreed.
	Consent []string `json:"consent,omitempty"`
	From    []string `json:"from"`
}

// Explain tells the rule of every class for a purpose and a kind of reader. It fails for names that
// there are not.
func (p *Policy) Explain(purpose, reader string) ([]Explanation, error) {
	if !slices.Contains(purposes, purpose) {
		return nil, fmt.Errorf("purpose: must be one of %v", purposes)
	}
	if !slices.Contains(readers, reader) {
		return nil, fmt.Errorf("reader: must be one of %v", readers)
	}
	var all []Explanation
	for _, class := range p.classes {
		r, from, _ := p.lookup(purpose, reader, class)
		x := Explanation{Class: class, Do: r.Do.String(), Limit: r.Limit, Consent: strings.Fields(r.Consent), From: from}
		if r.Needs > Claimed {
			x.Needs, x.Below = r.Needs.String(), r.Below.String()
		}
		if r.MaxAge > 0 {
			x.Age = formatAge(r.MaxAge)
		}
		all = append(all, x)
	}
	return all, nil
}

//go:embed default.yaml
var defaultYAML []byte

// DefaultYAML returns the built-in policy's document.
func DefaultYAML() []byte { return slices.Clone(defaultYAML) }

var defaultPolicy = func() *Policy {
	p, err := Parse(defaultYAML)
	if err != nil {
		panic("built-in policy: " + err.Error())
	}
	return p
}()

// Default returns the built-in policy.
func Default() *Policy { return defaultPolicy }
