package profiles

import (
	"encoding/json"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// newTraits are the traits that say more than the attributes do: those of a call are kept as they came, and hold what
// attributes were taken from.
func newTraits(p *Profile) []Trait {
	said := retold{}
	for i := range p.Attributes {
		a := &p.Attributes[i]
		for _, path := range event.TraitPaths(a.Name) {
			said[path] = textOf(a.Value)
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Traits), func(t Trait) bool { return said.holds(t.Name, t.Value) })
}

// retold are the texts of attributes by where the traits of a call hold them.
type retold map[string]string

// holds says whether all of a trait's value is told.
func (r retold) holds(path string, value json.RawMessage) bool {
	if len(value) > 0 && value[0] == '{' {
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil {
			return false
		}
		for name, member := range members {
			if !r.holds(path+"."+name, member) {
				return false
			}
		}
		return true
	}
	said, known := r[path]
	if !known {
		return false
	}
	text := textOf(value)
	if path == "birthday" {
		text, _, _ = strings.Cut(text, "T") // a time, as libraries make of a date
	}
	return strings.EqualFold(text, said)
}
