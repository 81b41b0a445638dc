package schema

import (
	"encoding/json"
	"slices"

	"tributary/ingest/event"
)

// Droppable returns the paths that are to be left out so that the breaches are gone, where that can be:
// a field that is missing cannot, nor can the whole object. What is within a list goes with the member
// that holds the list. Ascending, none within another.
func Droppable(breaches []Breach) []string {
	var paths []string
	for _, b := range breaches {
		if b.Kind == MissingField {
			continue
		}
		segments := split(b.Path)
		if i := slices.Index(segments, elements); i >= 0 {
			segments = segments[:i]
		}
		if len(segments) > 0 {
			paths = append(paths, join(segments))
		}
	}
	slices.SortFunc(paths, shorter)
	return slices.Compact(paths)
}

// Without returns the event without the fields of the object that contracts are about (Section). The
// event itself stays as it is; so do the typed fields that were made of it.
func Without(e *event.Event, paths []string) *event.Event {
	if len(paths) == 0 {
		return e
	}
	left := *e
	section := &left.Properties
	if traits(e) {
		section = &left.Traits
	}
	for _, path := range paths {
		*section = without(*section, split(path))
	}
	return &left
}

// without returns an object without one field, everything else byte for byte as it was but for the space
// between members.
func without(raw []byte, segments []string) json.RawMessage {
	members, ok := membersOf(raw)
	if !ok {
		return raw
	}
	out := []byte{'{'}
	for _, m := range members {
		value := m.value
		if m.name == segments[0] {
			if len(segments) == 1 {
				continue
			}
			value = without(value, segments[1:])
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, m.quoted...), ':'), value...)
	}
	return append(out, '}')
}

type member struct {
	name          string
	quoted, value []byte
}

// membersOf reads an object's members, equal names included.
func membersOf(raw []byte) ([]member, bool) {
	s := scanner{data: raw}
	s.space()
	if s.at >= len(raw) || raw[s.at] != '{' {
		return nil, false
	}
	s.at++
	var members []member
	for s.more('}') {
		from := s.at
		name := s.text()
		quoted := raw[from:s.at]
		s.space()
		s.at = min(s.at+1, len(raw)) // the colon
		s.space()
		from = s.at
		s.value(0)
		members = append(members, member{unescape(name), quoted, raw[from:s.at]})
	}
	return members, true
}

// traits says whether an event's contract is about its traits.
func traits(e *event.Event) bool { return e.Type == event.TypeIdentify || e.Type == event.TypeGroup }

// Section is the object of an event that contracts are about: the traits of identify and group, the
// properties of all others; and its name as a field.
func Section(e *event.Event) (raw []byte, field string) {
	if traits(e) {
		return e.Traits, "traits"
	}
	return e.Properties, "properties"
}

// EventName is the name that contracts and reports go by: that of a track call; of any other "$" and its
// type, for pages have too many names.
func EventName(e *event.Event) string {
	if e.Type == event.TypeTrack {
		return e.Name
	}
	return "$" + string(e.Type)
}

// FieldName is how a path within a section is told: "properties.cart.total".
func FieldName(section, path string) string { return join(append([]string{section}, split(path)...)) }
