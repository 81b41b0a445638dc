package match

import (
	"errors"
	"fmt"
)

// Schema says what records hold besides the fields that every record may have. The zero value is
// usable.
type Schema struct {
	// IDs are the kinds of issued numbers.
	IDs []IDKind
	// Free are the names of other fields.
	Free []FreeField
	// DayFirst reads 3/4/1970 as the third of April. Where it may be either, the other reading
	// counts as day and month turned around.
	DayFirst bool
	// Off names comparisons that are not made.
	Off []string
}

// IDKind is a kind of issued number.
type IDKind struct {
	Name string
	// Exclusive: a person has one number of this kind, so two different ones are two people.
	Exclusive bool
	// Several: a person commonly has several numbers of this kind (contracts, accounts).
	Several bool
}

// FreeField is a field of no known type.
type FreeField struct {
	Name string
	// Varies: the value changes in the course of a life (occupation, employer), so that a different
	// one says little.
	Varies bool
}

// Feature is the index of one comparison. The first are the same for every schema; issued numbers
// and free fields follow in the order of the schema.
type Feature int

// The features that every schema has.
const (
	FeatureGiven Feature = iota
	FeatureFamily
	FeatureOther // middle names, and words of the whole name
	FeatureBirth
	FeatureSex
	FeatureAddress
	FeaturePlace
	FeaturePhone
	FeatureEmail
	FeatureMailbox // a similar mailbox, or one that has the other's name in it
	FeatureOrganisation
	fixedFeatures
)

// maxFeatures bounds a schema: 11 fixed comparisons, issued numbers and free fields.
const maxFeatures = 28

var fixedNames = [fixedFeatures]string{
	"given_name", "family_name", "other_names", "birth_date", "sex", "address", "place", "phone", "email",
	"mailbox", "organisation",
}

// Validate reports every fault with its path.
func (s *Schema) Validate() error {
	var faults []error
	if n := int(fixedFeatures) + len(s.IDs) + len(s.Free); n > maxFeatures {
		faults = append(faults, fmt.Errorf("schema: %d comparisons, at most %d are possible", n, maxFeatures))
	}
	seen := map[string]bool{}
	for _, name := range fixedNames {
		seen[name] = true
	}
	check := func(path, name string) {
		if name == "" || seen[name] {
			faults = append(faults, fmt.Errorf("%s: %q is empty or used twice", path, name))
		}
		seen[name] = true
	}
	for i, k := range s.IDs {
		check(fmt.Sprintf("ids[%d].name", i), k.Name)
	}
	for i, f := range s.Free {
		check(fmt.Sprintf("free[%d].name", i), f.Name)
	}
	for i, name := range s.Off {
		if _, ok := s.named(name); !ok {
			faults = append(faults, fmt.Errorf("off[%d]: there is no comparison %q", i, name))
		}
	}
	return errors.Join(faults...)
}

// named finds a comparison.
func (s *Schema) named(name string) (Feature, bool) {
	for f := range Feature(s.features()) {
		if s.FeatureName(f) == name {
			return f, true
		}
	}
	return 0, false
}

func (s *Schema) features() int { return int(fixedFeatures) + len(s.IDs) + len(s.Free) }

// FeatureName is the name of a comparison, as explanations show it.
func (s *Schema) FeatureName(f Feature) string {
	switch i := int(f) - int(fixedFeatures); {
	case i < 0:
		return fixedNames[f]
	case i < len(s.IDs):
		return s.IDs[i].Name
	default:
		return s.Free[i-len(s.IDs)].Name
	}
}

func (s *Schema) idFeature(kind string) (Feature, bool) {
	for i, k := range s.IDs {
		if k.Name == kind {
			return fixedFeatures + Feature(i), true
		}
	}
	return 0, false
}

func (s *Schema) freeFeature(name string) (Feature, bool) {
	for i, f := range s.Free {
		if f.Name == name {
			return fixedFeatures + Feature(len(s.IDs)+i), true
		}
	}
	return 0, false
}
