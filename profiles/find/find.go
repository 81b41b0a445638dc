// Package find finds customers by whatever one knows of them: an identifier of a type that one knows or does not, the
// id of a profile, of a conversation, case, order or invoice, a name or a part of one. It answers candidates with
// what each was found by, and decides nothing: several are several.
package find

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/privacy"
)

// The bounds of a search.
const (
	DefaultLimit  = 20
	MaxLimit      = 50
	MaxQueryRunes = 200
	MaxWords      = 16
	// within bounds how long the analytics store may take, in all.
	within = 5 * time.Second
)

// What a customer may be found by, beside the types of identifiers.
const (
	ByProfile      = profiles.TypeProfile
	ByConversation = "conversation"
	ByCase         = "case"
	ByOrder        = "order"
	ByInvoice      = "invoice"
	ByName         = "name"
)

// Profiles knows who is who now; profiles.Service is one.
type Profiles interface {
	Resolve(ctx context.Context, workspace string, address profiles.Address) (profiles.Resolved, error)
	Get(ctx context.Context, workspace string, address profiles.Address) (*profiles.Answer, error)
}

// Index knows what the hot state cannot be asked for; Archive is one. Each lists at most limit, the best first.
type Index interface {
	// Named are profiles whose names hold all of some words, in the traits and attributes of these names.
	Named(ctx context.Context, workspace string, names, words []string, limit int) ([]identity.ProfileID, error)
	// Identified are the types of identifier under which a value is held.
	Identified(ctx context.Context, workspace, value string, limit int) ([]string, error)
	// Recorded are observations with an event of a conversation, case, order or invoice of an id.
	Recorded(ctx context.Context, workspace, value string, may May, limit int) ([]Record, error)
}

// Record is an observation with an event of what an id is the id of: see ByConversation and so on.
type Record struct {
	Observation identity.ObservationID
	Kinds       []string
}

// May says what is looked through. What a reader may not see is not to be found out by searching for it.
type May struct {
	Names    []string // traits and attributes that are names; none: nobody is found by one
	Contacts Since    // ids of conversations and cases
	Money    Since    // ids of orders and invoices
}

// Since says whether something is looked through, and from when on; the zero time: however old it is.
type Since struct {
	May  bool
	From time.Time
}

// NameFields are the traits and attributes that hold names of people.
func NameFields() []string {
	return []string{event.AttrName, event.AttrFirstName, event.AttrMiddleName, event.AttrLastName, event.AttrSuffix,
		"firstName", "lastName", "full_name", "fullName", "nickname"}
}

// Request asks for customers.
type Request struct {
	Workspace string
	Query     string
	Limit     int // default DefaultLimit, at most MaxLimit
	May       May
}

// Found are candidates: first those of an identifier or id, then those of a name.
type Found struct {
	Customers []Customer
	More      bool // there are more than these
	Left      []Left
}

// Left is what could not be searched. What was found is right, and may not be all.
type Left struct {
	By      string // names, records or identifiers
	Because string // slow or unavailable
}

// Why something could not be searched.
const (
	BecauseSlow        = "slow"
	BecauseUnavailable = "unavailable"
)

// Customer is a candidate.
type Customer struct {
	Profile identity.ProfileID
	// Requested is the id that was searched for, when it has been merged into Profile; else zero. Split: it was
	// split, and this is one of its parts.
	Requested identity.ProfileID
	Split     bool
	Matches   []Match
	// Answer is who they are; nil: use of what is kept of them is restricted.
	Answer *profiles.Answer
}

// Match is what a customer was found by.
type Match struct {
	By string // a type of identifier, or one of the constants above
	// Alone: it leads to this one alone.
	Alone bool
	// Part: a word of the query is a part of a word of the name.
	Part bool
}

// Service finds customers. It is safe for concurrent use.
type Service struct {
	profiles Profiles
	index    Index
}

// New returns a service.
func New(p Profiles, index Index) *Service { return &Service{p, index} }

// Find answers candidates. It fails with *QueryError, ctx's error or that of the hot state; what the index cannot say
// is in Found.Left.
func (s *Service) Find(ctx context.Context, r Request) (*Found, error) {
	asked, err := parse(r.Query)
	if err != nil {
		return nil, err
	}
	limit := DefaultLimit
	if r.Limit > 0 {
		limit = min(r.Limit, MaxLimit)
	}
	list := &list{at: map[identity.ProfileID]int{}}
	for _, id := range asked.identifiers {
		if err := s.identified(ctx, r.Workspace, id, list); err != nil {
			return nil, err
		}
	}
	found := &Found{}
	if err := s.indexed(ctx, r, asked, limit, list, found); err != nil {
		return nil, err
	}
	return found, s.read(ctx, r, asked, limit, list, found)
}

// identified lists whom an identifier leads to. One that is none of its type leads to nobody.
func (s *Service) identified(ctx context.Context, workspace string, id identity.Identifier, to *list) error {
	resolved, err := s.profiles.Resolve(ctx, workspace, profiles.Address{id})
	var fault *profiles.AddressError
	if errors.As(err, &fault) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resolve: %w", err)
	}
	for _, p := range resolved.Profiles {
		to.add(Customer{Profile: p, Requested: resolved.Requested, Split: resolved.Split},
			Match{By: id.Type, Alone: len(resolved.Profiles) == 1 && !resolved.Unsure})
	}
	return nil
}

// read reads who the candidates are, until there are enough.
func (s *Service) read(ctx context.Context, r Request, asked *asked, limit int, from *list, found *Found) error {
	for i := range from.all {
		if len(found.Customers) == limit {
			found.More = true
			return nil
		}
		c := from.all[i]
		answer, err := s.profiles.Get(ctx, r.Workspace, profiles.Address{{Type: profiles.TypeProfile, Value: c.Profile.String()}})
		var several *profiles.AmbiguousError
		switch {
		case errors.Is(err, profiles.ErrNotFound), errors.As(err, &several): // changed since it was listed
			continue
		case errors.Is(err, privacy.ErrRestricted):
		case err != nil:
			return fmt.Errorf("read candidate: %w", err)
		}
		c.Answer = answer
		if c.checkName(asked, r.May.Names); len(c.Matches) > 0 {
			found.Customers = append(found.Customers, c)
		}
	}
	return nil
}

// list collects candidates, each once, in the order in which they were found.
type list struct {
	all []Customer
	at  map[identity.ProfileID]int
}

func (l *list) add(c Customer, m Match) {
	i, known := l.at[c.Profile]
	if !known {
		i = len(l.all)
		l.at[c.Profile], l.all = i, append(l.all, c)
	}
	have := &l.all[i]
	if c.Requested != uuid.Nil {
		have.Requested = c.Requested
	}
	for j := range have.Matches {
		if have.Matches[j].By == m.By {
			return
		}
	}
	have.Matches = append(have.Matches, m)
}
