package profiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/consent"

	"github.com/google/uuid"
)

// TypeProfile addresses a profile by its id instead of an identifier: "profile:<uuid>". Who has held an
// id for a while adds the identity_version that it came with, "profile:<uuid>@<version>", and hears of
// it when the profile was split since.
const TypeProfile = "profile"

// maxIdentifiers bounds how many identifiers one address may have.
const maxIdentifiers = 32

// Normaliser brings an identifier into its one form, or says why it names nobody. identity.Engine
// is one.
type Normaliser interface {
	Normalise(identity.Place, identity.Identifier) (identity.Identifier, identity.DropReason)
}

// Service answers who somebody is, from the hot state alone. It is safe for concurrent use.
type Service struct {
	store     HotStore
	normalise Normaliser
	rules     RuleBook
	now       func() time.Time
}

// NewService returns a service that goes by the rules of a book. It fails with every fault of rules that
// are the same for all.
func NewService(store HotStore, normalise Normaliser, rules RuleBook) (*Service, error) {
	if fixed, ok := rules.(Rules); ok {
		if err := fixed.Validate(); err != nil {
			return nil, fmt.Errorf("configure profiles: %w", err)
		}
	}
	return &Service{store: store, normalise: normalise, rules: rules, now: time.Now}, nil
}

// Over returns a service that answers from another store.
func (s *Service) Over(store HotStore) *Service {
	other := *s
	other.store = store
	return &other
}

// Snapshot opens a view of the store that the service answers from. The caller closes it.
func (s *Service) Snapshot(workspace string) (Hot, error) { return s.store.Snapshot(workspace) }

// At returns a service to which it is that time: it tells which memberships are valid.
func (s *Service) At(t time.Time) *Service {
	other := *s
	other.now = func() time.Time { return t }
	return &other
}

// Address names somebody by one or more identifiers. With several, those that are known must
// agree; with TypeProfile there is only one.
type Address []identity.Identifier

// ParseAddress parses "type:value". The value may hold colons.
func ParseAddress(s string) (Address, error) {
	typ, value, ok := strings.Cut(s, ":")
	if !ok || typ == "" || value == "" {
		return nil, &AddressError{Field: "profile", Reason: "is not of the form type:value"}
	}
	return Address{{Type: typ, Value: value}}, nil
}

// AddressError says what is wrong with an address; it never repeats a value.
type AddressError struct{ Field, Reason string }

// Error returns "field: reason".
func (e *AddressError) Error() string { return e.Field + ": " + e.Reason }

// AmbiguousError says that an address may be one of several, or that the profile it names was
// split.
type AmbiguousError struct {
	Candidates []Candidate // ascending by profile; at most 20
	Total      int         // how many there are
	Split      bool
	// DecidedBy lists the types of identifiers and the names of attributes of which the candidates hold
	// different values: knowing one of these would decide. Ascending.
	DecidedBy       []string
	IdentityVersion uint64
}

// Error counts the candidates.
func (e *AmbiguousError) Error() string {
	if e.Split {
		return fmt.Sprintf("profiles: was split into %d", e.Total)
	}
	return fmt.Sprintf("profiles: may be one of %d", e.Total)
}

// Candidate is one of those that an address may name. It holds nothing that tells who it is.
type Candidate struct {
	Profile      identity.ProfileID
	Observations int
	FirstSeen    time.Time // corrected times, zero if no event is known
	LastSeen     time.Time
	Events       uint64
}

// Answer is one profile as it stands at one moment.
type Answer struct {
	Profile Profile
	// Requested is the id that was asked for, when it has been merged into Profile.ID; else zero.
	Requested       identity.ProfileID
	IdentityVersion uint64
	// Agreed are the identifiers of the address, in their normal form, that lead to this profile.
	Agreed []identity.Identifier
	// Consent is what was said of the profile's contact points and observations, for consent.Project;
	// nil when nothing is known of consent.
	Consent []consent.Register
}

// Get finds the one profile that an address names. It fails with ErrNotFound, *AddressError,
// *AmbiguousError, ctx's error or that of the store.
func (s *Service) Get(ctx context.Context, workspace string, address Address) (answer *Answer, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	return s.get(ctx, newView(hot), workspace, address)
}

func (s *Service) get(ctx context.Context, v view, workspace string, address Address) (*Answer, error) {
	found, err := s.find(ctx, v, workspace, address)
	if err != nil {
		return nil, err
	}
	desk := takeDesk()
	defer desk.clear()
	members, err := v.members(ctx, found.Profile, desk)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, ErrNotFound
	}
	rules, err := s.rules.Rules(workspace)
	if err != nil {
		return nil, fmt.Errorf("read rules of survivorship: %w", err)
	}
	registers, err := v.consentOf(idsOf(members))
	if err != nil {
		return nil, err
	}
	answer := &Answer{Consent: registers, Requested: found.Requested, IdentityVersion: found.IdentityVersion, Agreed: found.Agreed}
	var of []AccountOf
	if accounts, ok := v.Hot.(HotAccounts); ok {
		if of, err = accountsOf(accounts, members, rules, s.now()); err != nil {
			return nil, err
		}
	}
	answer.Profile = desk.fold(found.Profile, members, rules)
	if len(of) > 0 {
		answer.Profile.Accounts = of
		answer.Profile.addItems()
		answer.Profile.Commitments = foldCommitments(members, of)
	}
	return answer, v.markShared(answer.Profile.Identifiers)
}

// maxMarked bounds how many identifiers are looked up: a customer of years has thousands of visits.
const maxMarked = 200

// markShared says which of a profile's identifiers others hold too.
func (v view) markShared(held []HeldIdentifier) error {
	looked := 0
	for i := range held {
		h := &held[i]
		if identity.OfContact(h.Type) {
			continue
		}
		if looked++; looked > maxMarked {
			return nil
		}
		var err error
		if h.Shared, err = v.Shared(h.Identifier); err != nil {
			return fmt.Errorf("read shared identifier: %w", err)
		}
	}
	return nil
}

// Found is the one profile that an address names.
type Found struct {
	Profile         identity.ProfileID
	Requested       identity.ProfileID // as in Answer
	IdentityVersion uint64
	Agreed          []identity.Identifier // as in Answer
}

// Find is Get in a view that the caller has open, without what is kept of the profile.
func (s *Service) Find(ctx context.Context, hot Hot, workspace string, address Address) (*Found, error) {
	return s.find(ctx, newView(hot), workspace, address)
}

func (s *Service) find(ctx context.Context, v view, workspace string, address Address) (*Found, error) {
	version, err := v.IdentityVersion()
	if err != nil {
		return nil, fmt.Errorf("read identity version: %w", err)
	}
	found, err := s.resolve(ctx, v, workspace, address)
	if err != nil {
		return nil, err
	}
	if len(found.profiles) != 1 || found.unsure {
		return nil, v.bare(ctx, v.ambiguous(found, version))
	}
	if err := v.refused(ctx, found.profiles[0]); err != nil {
		return nil, err
	}
	return &Found{
		Profile: found.profiles[0], Requested: found.requested, IdentityVersion: version, Agreed: found.agreed(found.profiles[0]),
	}, nil
}

// finding is what an address resolves to: one profile, or several that it may be.
type finding struct {
	profiles  []identity.ProfileID // ascending
	unsure    bool                 // may be one of them even if it is only one
	split     bool
	requested identity.ProfileID
	given     []given
}

// given is an identifier's type with the profiles it leads to.
type given struct {
	identity.Identifier
	profiles []identity.ProfileID
}

// agreed lists the identifiers that lead to a profile.
func (f finding) agreed(id identity.ProfileID) []identity.Identifier {
	var all []identity.Identifier
	for _, g := range f.given {
		if slices.Contains(g.profiles, id) {
			all = append(all, g.Identifier)
		}
	}
	return all
}

func (s *Service) resolve(ctx context.Context, v view, workspace string, address Address) (finding, error) {
	if len(address) == 1 && address[0].Type == TypeProfile {
		return v.byID(address[0].Value)
	}
	if len(address) == 1 && address[0].Type == TypeObservation {
		return v.byObservation(address[0].Value)
	}
	if len(address) == 0 || len(address) > maxIdentifiers {
		return finding{}, &AddressError{"identifiers", fmt.Sprintf("must be 1 to %d", maxIdentifiers)}
	}
	var found finding
	known := 0
	var all []given
	for i, raw := range address {
		field := fmt.Sprintf("identifiers[%d]", i)
		if raw.Type == TypeProfile || raw.Type == TypeObservation {
			return finding{}, &AddressError{field + ".type", "cannot stand beside other identifiers"}
		}
		id, drop := s.normalise.Normalise(identity.Place{Workspace: workspace}, raw)
		if drop == identity.DropBlocked {
			continue // a value that identifies nobody, such as a no-reply mailbox
		}
		if drop != "" {
			return finding{}, refuse(field, raw.Type, drop)
		}
		next, err := v.byIdentifier(ctx, id)
		if err != nil {
			return finding{}, err
		}
		if len(next.profiles) == 0 {
			continue
		}
		all = append(all, given{id, next.profiles})
		if known++; known == 1 {
			found = next
		} else {
			found = found.and(next)
		}
	}
	if known == 0 {
		return finding{}, ErrNotFound
	}
	found.given = all
	return found, nil
}

// refuse says what is wrong with an identifier, in the words of who sent it.
func refuse(field, typ string, drop identity.DropReason) *AddressError {
	switch {
	case drop == identity.DropUnknownType:
		return &AddressError{field + ".type", "must be user_id, email, phone, anonymous_id, device_id or <source>.<kind>"}
	case typ == event.IDEmail:
		return &AddressError{field + ".value", "is not an e-mail address"}
	case typ == event.IDPhone:
		return &AddressError{field + ".value", "is not a telephone number; write it with + and the country's code"}
	}
	return &AddressError{field + ".value", "is too long, holds control characters or is not UTF-8"}
}

// and narrows a finding by another. When they disagree it may be any of both.
func (f finding) and(g finding) finding {
	var both []identity.ProfileID
	for _, id := range f.profiles {
		if slices.Contains(g.profiles, id) {
			both = append(both, id)
		}
	}
	if len(both) > 0 {
		return finding{profiles: both, unsure: f.unsure && g.unsure}
	}
	return finding{profiles: sorted(slices.Concat(f.profiles, g.profiles)), unsure: true}
}

// view answers questions about a snapshot. It remembers assignments, because those that an
// identifier leads to are mostly those of the members.
type view struct {
	Hot
	assigned *assigned
}

// assigned are assignments, found by a number for each: they are large for a map.
type assigned struct {
	at  map[identity.ObservationID]int
	all []identity.Assignment
}

func newView(hot Hot) view {
	return view{hot, &assigned{at: map[identity.ObservationID]int{}}}
}

// Assignment is that of Hot.
func (v view) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	if i, known := v.assigned.at[id]; known {
		return v.assigned.all[i], true, nil
	}
	a, known, err := v.Hot.Assignment(id)
	if known && err == nil {
		v.assigned.at[id] = len(v.assigned.all)
		v.assigned.all = append(v.assigned.all, a)
	}
	return a, known, err
}

// byID finds a profile by its id, or by the id as it was held since an identity_version: "ID@VERSION".
func (v view) byID(value string) (finding, error) {
	text, version, held := strings.Cut(value, "@")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		return finding{}, &AddressError{"profile", "is not a UUID"}
	}
	var since uint64
	if held {
		if since, err = strconv.ParseUint(version, 10, 63); err != nil || since == 0 {
			return finding{}, &AddressError{"profile", "has no identity_version behind the @"}
		}
	}
	parts, err := v.Parts(id, since)
	if err != nil {
		return finding{}, fmt.Errorf("read parts: %w", err)
	}
	if len(parts) > 1 {
		return finding{profiles: parts, split: true}, nil
	}
	a, known, err := v.Assignment(id)
	if err != nil {
		return finding{}, fmt.Errorf("read assignment: %w", err)
	}
	if !known {
		return finding{}, ErrNotFound
	}
	found := finding{profiles: []identity.ProfileID{a.Profile}}
	if a.Profile != id {
		found.requested = id
	}
	return found, nil
}

func (v view) byIdentifier(ctx context.Context, id identity.Identifier) (finding, error) {
	holders, err := v.Holders(id)
	if err != nil {
		return finding{}, fmt.Errorf("read holders: %w", err)
	}
	var sure, maybe []identity.ProfileID
	for _, o := range holders {
		if err := ctx.Err(); err != nil { // a value may be held by a hundred thousand
			return finding{}, err
		}
		a, known, err := v.Assignment(o)
		switch {
		case err != nil:
			return finding{}, fmt.Errorf("read assignment: %w", err)
		case !known:
		case a.Standing == identity.StandingUnassigned:
			maybe = append(maybe, a.Candidates...)
		default:
			sure = append(sure, a.Profile)
		}
	}
	if len(sure) > 0 {
		return finding{profiles: sorted(sure)}, nil
	}
	return finding{profiles: sorted(maybe), unsure: true}, nil
}

func sorted(ids []identity.ProfileID) []identity.ProfileID {
	slices.SortFunc(ids, func(a, b identity.ProfileID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// members reads those of a profile, ascending. What is kept of them is valid until the desk is cleared.
func (v view) members(ctx context.Context, id identity.ProfileID, desk *desk) ([]Member, error) {
	ids, err := v.Members(id)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	members := make([]Member, 0, len(ids))
	for _, o := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m := Member{}
		if m.Assignment, _, err = v.Assignment(o); err != nil {
			return nil, fmt.Errorf("read assignment: %w", err)
		}
		if m.Observation, err = v.Observation(o); err != nil {
			return nil, fmt.Errorf("read observation: %w", err)
		}
		if m.State, err = desk.state(v.Hot, o); err != nil {
			return nil, fmt.Errorf("read state: %w", err)
		}
		members = append(members, m)
	}
	return members, nil
}
