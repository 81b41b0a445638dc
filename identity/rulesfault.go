package identity

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/event"
)

var compoundName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Validate reports every fault, each with its path.
func (r Rules) Validate() error {
	var faults faultList
	if _, ok := r.Strategy.knobs(); !ok {
		faults.add("strategy: %q is none; there are %s", r.Strategy, listed(Strategies()))
	}
	faults.identifiers(r.Identifiers)
	faults.compounds(r)
	faults.blocked("blocked", r.Blocked)
	oneOf(&faults, "contact", r.Contact, ContactWeighed, ContactAgreeingName)
	oneOf(&faults, "visits", r.Visits, VisitsAlone, VisitsFirstCustomer)
	faults.precision("matching.merge_precision", r.Matching.MergePrecision)
	faults.precision("matching.review_precision", r.Matching.ReviewPrecision)
	if m := r.Expanded().Matching; m.ReviewPrecision > m.MergePrecision {
		faults.add("matching.review_precision: %v is above merge_precision, %v", m.ReviewPrecision, m.MergePrecision)
	}
	faults.negative("generic.spread", r.Generic.Spread)
	faults.negative("generic.holders", r.Generic.Holders)
	return errors.Join(faults...)
}

type faultList []error

func (l *faultList) add(format string, args ...any) { *l = append(*l, fmt.Errorf(format, args...)) }

func (l *faultList) negative(path string, n int) {
	if n < 0 {
		l.add("%s: is negative", path)
	}
}

func (l *faultList) precision(path string, p float64) {
	if p != 0 && !(p >= .01 && p <= .9999) {
		l.add("%s: %v is not between 0.01 and 0.9999", path, p)
	}
}

func oneOf[T ~string](l *faultList, path string, got T, known ...T) {
	if got != "" && !slices.Contains(known, got) {
		l.add("%s: %q is none; there are %s", path, got, listed(known))
	}
}

func listed[T ~string](list []T) string {
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(x))
	}
	return b.String()
}

func (l *faultList) identifiers(rules []IdentifierRule) {
	seen := map[string]bool{}
	for i, r := range rules {
		path := fmt.Sprintf("identifiers[%d]", i)
		switch {
		case !knownType(r.Type):
			l.add("%s.type: %q is neither a known identifier type nor <source>.<kind>", path, r.Type)
		case seen[r.Type]:
			l.add("%s.type: %q is there twice", path, r.Type)
		case strings.HasSuffix(r.Type, kindSession):
			l.add("%s.type: sessions join nobody by themselves and have no rule", path)
		}
		seen[r.Type] = true
		oneOf(l, path+".role", r.Role, RoleExclusive, RoleCertain, RoleDevice, RoleShareable, RoleEvidence, RoleIgnored)
		l.negative(path+".limit", r.Limit)
		switch {
		case r.Window < 0:
			l.add("%s.window: is negative", path)
		case r.Window > 0 && r.Limit == 0:
			l.add("%s.window: has no limit", path)
		}
		switch {
		case r.Limit > 0 && r.Role == RoleIgnored:
			l.add("%s.limit: the type is ignored", path)
		case r.Limit > 1 && r.Role == RoleExclusive:
			l.add("%s.limit: a profile has one value of an exclusive type", path)
		}
	}
}

func (l *faultList) compounds(r Rules) {
	seen := map[string]bool{}
	for i, c := range r.Compound {
		path := fmt.Sprintf("compound[%d]", i)
		switch {
		case !compoundName.MatchString(c.Name):
			l.add("%s.name: %q is not made of lower case letters, digits and _", path, c.Name)
		case seen[c.Name]:
			l.add("%s.name: %q is there twice", path, c.Name)
		}
		seen[c.Name] = true
		if len(c.Of) != 2 || c.Of[0] == c.Of[1] {
			l.add("%s.of: needs two different types", path)
			continue
		}
		if !knownType(c.Of[0]) && !knownType(c.Of[1]) {
			l.add("%s.of: needs an identifier type", path)
		}
		for j, typ := range c.Of {
			switch {
			case !knownType(typ) && !event.KnownAttribute(typ):
				l.add("%s.of[%d]: %q is neither an identifier type nor an identifying attribute", path, j, typ)
			case OfContact(typ):
				l.add("%s.of[%d]: conversations and sessions are nobody's", path, j)
			case slices.ContainsFunc(r.Identifiers, func(x IdentifierRule) bool { return x.Type == typ && x.Role == RoleIgnored }):
				l.add("%s.of[%d]: %q is ignored", path, j, typ)
			}
		}
	}
}

func (l *faultList) blocked(path string, blocks []Block) {
	for i, b := range blocks {
		if (b.Value == "") == (b.Pattern == "") {
			l.add("%s[%d]: needs either a value or a pattern", path, i)
		}
		if b.Type != "" && !knownType(b.Type) && !event.KnownAttribute(b.Type) {
			l.add("%s[%d].type: %q is neither an identifier type nor an identifying attribute", path, i, b.Type)
		}
		if _, err := regexp.Compile(b.Pattern); err != nil {
			l.add("%s[%d].pattern: %w", path, i, err)
		}
	}
}

// knownType says whether a type may be that of an identifier.
func knownType(typ string) bool {
	switch typ {
	case event.IDUser, event.IDAnonymous, event.IDDevice, event.IDEmail, event.IDPhone:
		return true
	}
	return classByName(typ) != classUnknown
}
