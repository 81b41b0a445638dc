package find

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
)

// QueryError says what is wrong with a query; it does not repeat it.
type QueryError struct{ Reason string }

// Error implements error.
func (e *QueryError) Error() string { return "query: " + e.Reason }

// asked is what a query may be asking for.
type asked struct {
	identifiers []identity.Identifier // to be looked up under these types
	value       string                // to be looked for under all types; empty: not
	record      string                // the id of a conversation, case, order or invoice; empty: of none
	kinds       []string              // that record may be of
	words       []string              // folded: of a name; none: of no name
	raw         []string              // the same as they were written
}

// recordKinds are what a record may be, which stands before the colon where somebody knows.
var recordKinds = []string{ByConversation, ByCase, ByOrder, ByInvoice}

// bareTypes are the types of identifier that every workspace has, in the order in which they are told.
var bareTypes = []string{event.IDUser, event.IDEmail, event.IDPhone, event.IDAnonymous, event.IDDevice}

// parse takes a query apart: "type:value", "name:…", "order:…", or a bare value, which may be any of these.
func parse(query string) (*asked, error) {
	query = strings.TrimFunc(query, unicode.IsSpace)
	switch {
	case !utf8.ValidString(query):
		return nil, &QueryError{"is no UTF-8"}
	case utf8.RuneCountInString(query) > MaxQueryRunes:
		return nil, &QueryError{fmt.Sprintf("may have %d characters", MaxQueryRunes)}
	case strings.ContainsFunc(query, unicode.IsControl):
		return nil, &QueryError{"has a control character"}
	case fold(query) == "":
		return nil, &QueryError{"needs something to search for"}
	}
	typ, value, typed := strings.Cut(query, ":")
	typ, value = strings.ToLower(typ), strings.TrimFunc(value, unicode.IsSpace)
	switch {
	case !typed || value == "":
	case typ == profiles.TypeProfile || typ == profiles.TypeObservation || event.KnownIdentifierType(typ):
		return &asked{identifiers: []identity.Identifier{{Type: typ, Value: value}}}, nil
	case typ == ByName:
		return ofName(value)
	case slices.Contains(recordKinds, typ):
		return &asked{record: value, kinds: []string{typ}}, nil
	}
	a, err := bare(query)
	if typed && value != "" && err == nil && event.ValidIdentifierType(typ) { // that of a source; ids of conversations may look so as well
		a.identifiers = append([]identity.Identifier{{Type: typ, Value: value}}, a.identifiers...)
	}
	return a, err
}

// bare is a value of which nothing is said.
func bare(query string) (*asked, error) {
	a := &asked{value: query, record: query, kinds: recordKinds}
	if _, err := uuid.Parse(query); err == nil && len(query) == len(uuid.Nil.String()) {
		a.identifiers = append(a.identifiers, identity.Identifier{Type: profiles.TypeProfile, Value: query})
	}
	for _, typ := range bareTypes {
		a.identifiers = append(a.identifiers, identity.Identifier{Type: typ, Value: query})
	}
	if strings.Contains(query, "@") {
		return a, nil
	}
	name, err := ofName(query)
	if err == nil {
		a.words, a.raw = name.words, name.raw
	}
	return a, err
}

// ofName takes the words of a name.
func ofName(value string) (*asked, error) {
	raw := strings.FieldsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	if len(raw) > MaxWords {
		return nil, &QueryError{fmt.Sprintf("may have %d words", MaxWords)}
	}
	a := &asked{}
	for _, word := range raw {
		if folded := fold(word); folded != "" {
			a.words, a.raw = append(a.words, folded), append(a.raw, word)
		}
	}
	return a, nil
}
