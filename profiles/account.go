package profiles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// An account is a company, a household or a contract. What is said of it (its traits, its plan, what it
// owes, what it is entitled to) is kept by account and by the observation that the event is of, apart from
// what is kept of the observation itself: so it stays with the account when that contact leaves, and goes
// when that person is erased. Who belongs to it is kept beside it (Membership), of every observation whose
// events name the account.

// traitAccountKind is the trait that says what an account is, as event.CX.AccountKind does.
const traitAccountKind = "account_kind"

// Bounds of what is told.
const (
	maxAccounts    = 16   // accounts of a profile: those that it holds roles in, then those that it left
	maxAccountsOf  = 256  // accounts of an observation that are looked at, the shortest ids first
	maxMemberships = 4096 // memberships of a profile that are looked at, by ascending observations
	maxParts       = 256  // of what is said of an account, in the order of AccountPart
)

// ofAccount says whether items of a kind belong to the account that the event names, if it names one.
func (k ItemKind) ofAccount() bool {
	return k == ItemSubscription || k == ItemBilling || k == ItemDispute || k == ItemEntitlement
}

// StatesAccount says whether an event says something of the account that it names, beyond naming it: a
// group call, and what happens to a subscription, a bill, a dispute or an entitlement.
func StatesAccount(e *event.Event) bool {
	if e.CX == nil || e.CX.AccountID == "" {
		return false
	}
	return e.Type == event.TypeGroup || e.CX.AccountKind != "" || moves[e.Name].kind.ofAccount()
}

// AccountSpeaker returns by which observation an account keeps what an event of an observation says of it:
// by that one; or, of an event that is of no person, for it has neither identifiers nor a record, as when a
// CRM tells what it knows of a company, by one that stands for the source. Then nobody is a member by it.
func AccountSpeaker(id identity.ObservationID, source, record string, identifiers int) (speaker identity.ObservationID, person bool) {
	if identifiers > 0 || record != "" {
		return id, true
	}
	return uuid.NewSHA1(accountSources, []byte(source)), false
}

// accountSources is the name space of the ids that stand for sources; drawn once, and never to change.
var accountSources = uuid.MustParse("6d0b4f5e-3c1a-4e57-9a0e-2f6f6a2b7c11")

// ApplyAccount adds what an event says of its account, whose log record is at pos, to the State that is
// kept of that account and of the event's observation. See StatesAccount.
func (s *State) ApplyAccount(e *event.Event, pos stream.Position) {
	x := newInteraction(e, pos)
	s.see(1, x.at, x.at)
	s.addSource(sourceSeen{name: x.source, events: 1, first: x.at, last: x.at})
	if e.Type == event.TypeGroup {
		s.say(e, x.stamp, nil, e.Traits)
	}
	if kind := e.CX.AccountKind; kind != "" && (e.Record == nil || !e.Record.Deleted) {
		value, _ := json.Marshal(kind) // of a string, never fails
		s.assert(freeTrait, trait{
			name: traitAccountKind, by: x.stamp, received: e.ReceivedAt.UnixMilli(), n: 1, value: string(value),
		}, true)
	}
	if m, known := moves[e.Name]; known && m.kind.ofAccount() {
		s.applyItem(m, e, x, pos)
	}
	s.applyDeed(e, x.stamp)
}

// AccountPart is a part of what is kept of an account by one observation. Parts are ordered by what they
// say, then by observation, so that the plan of a large company is not lost among its members' group calls.
type AccountPart struct {
	Observation identity.ObservationID
	Saying      Saying
	State       *State
}

// Saying is what a part of an account's state says: two kinds are kept apart.
type Saying byte

// The kinds of part, in their order.
const (
	SayingFacts  Saying = iota // plan, debt, disputes, entitlements; and the source's record of the account
	SayingTraits               // the traits of group calls
)

// SayingOf is the kind of part that an event which states its account is kept in.
func SayingOf(e *event.Event) Saying {
	if e.Record != nil || moves[e.Name].kind.ofAccount() {
		return SayingFacts
	}
	return SayingTraits
}

// Account is what the rules of survivorship make of all that is said of one account.
type Account struct {
	ID        string            `policy:"account"`
	Kind      event.AccountKind `policy:"account"` // "" if nobody said
	FirstSeen time.Time         `policy:"account"` // of what says something of it; corrected times
	LastSeen  time.Time         `policy:"account"`
	Events    uint64            `policy:"account"`
	Sources   []SourceSeen      `policy:"-"`
	Traits    []Trait           `policy:"-"` // ascending by name, account_kind not among them
	Items     []Item            `policy:"-"` // plan, debt, disputes, entitlements; newest first
	deeds     []deed            // by which promises that name the account may be kept
}

// FoldAccount makes the account of its parts. Their order does not matter, and none is changed.
func FoldAccount(id string, parts []AccountPart, rules Rules) Account {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b AccountPart) int {
		return cmp.Or(bytes.Compare(a.Observation[:], b.Observation[:]), cmp.Compare(a.Saying, b.Saying))
	})
	var all State
	var claims []claim
	for i := range parts {
		m := Member{Assignment: identity.Assignment{Observation: parts[i].Observation}, State: parts[i].State}
		if m.State != nil {
			all.mergeTold(m.State)
			claims = appendClaims(claims, &m, freeTrait, recordTrait)
			all.deeds = mergeNewest(all.deeds, m.State.deeds, deed.compare, maxDeeds)
		}
	}
	a := Account{ID: id, FirstSeen: all.FirstSeen(), LastSeen: all.LastSeen(), Events: all.events, Items: foldItems(all.items), deeds: all.deeds}
	for _, x := range all.sources {
		a.Sources = append(a.Sources, SourceSeen{
			Name: x.name, Events: x.events, FirstSeen: time.UnixMilli(x.first).UTC(), LastSeen: time.UnixMilli(x.last).UTC(),
		})
	}
	slices.SortFunc(a.Sources, func(a, b SourceSeen) int { return strings.Compare(a.Name, b.Name) })
	for _, t := range survivors(claims, rules) {
		if t.Name == traitAccountKind {
			a.Kind = accountKind(t.Value)
			continue
		}
		t.ofAccount = true
		for i := range t.Alternatives {
			t.Alternatives[i].ofAccount = true
		}
		a.Traits = append(a.Traits, t)
	}
	return a
}

// keepSpeakers takes out by which observations an account's traits were said, but for those that may be told. An
// answer about one person, or to somebody who may not know of another one, says the value and its source alone.
func (a *Account) keepSpeakers(told func(identity.ObservationID) bool) {
	for i := range a.Traits {
		t := &a.Traits[i]
		if !told(t.Observation) {
			t.Observation = uuid.Nil
		}
		for j := range t.Alternatives {
			if !told(t.Alternatives[j].Observation) {
				t.Alternatives[j].Observation = uuid.Nil
			}
		}
	}
}

// accountKind reads a kind. What is none is left out: a source's own words are not to be taken for ours.
func accountKind(value json.RawMessage) event.AccountKind {
	var kind event.AccountKind
	if json.Unmarshal(value, &kind) != nil {
		return ""
	}
	switch kind {
	case event.AccountCompany, event.AccountHousehold, event.AccountContract:
		return kind
	}
	return ""
}

// AccountOf is an account that a profile has, or had, a part in.
type AccountOf struct {
	Account `policy:"-"`
	Roles   []Role `policy:"-"`       // the shortest names first
	Current bool   `policy:"account"` // a role is held at the time for which it was read
}

// addItems adds the items of the accounts in which a role is held.
func (p *Profile) addItems() {
	for i := range p.Accounts {
		a := &p.Accounts[i]
		for _, item := range a.Items {
			item.Account = a.ID
			p.Items = append(p.Items, item)
		}
	}
	slices.SortStableFunc(p.Items, func(a, b Item) int { return b.ChangedAt.Compare(a.ChangedAt) })
}

// HotAccounts is what Hot knows of accounts. What it returns may be kept but not changed.
type HotAccounts interface {
	// AccountsOf lists the accounts that an observation's events name, the shortest ids first and of one
	// length ascending, at most so many.
	AccountsOf(id identity.ObservationID, most int) ([]string, error)
	// Membership is the part that an observation has in an account; nil if its events name it not.
	Membership(account string, id identity.ObservationID) (*Membership, error)
	// AccountParts lists what is said of an account, in the order of AccountPart, at most so many.
	AccountParts(account string, most int) ([]AccountPart, error)
	// AccountMembers lists the observations whose events name an account, ascending, after one, at most so
	// many. The zero id stands before all.
	AccountMembers(account string, after identity.ObservationID, most int) ([]identity.ObservationID, error)
}

// accountsOf finds the accounts of a profile's observations: those in which it holds a role at a time,
// then those that it left, each the newest named first. Only of the first are traits and items told.
func accountsOf(hot HotAccounts, members []Member, rules Rules, at time.Time) ([]AccountOf, error) {
	said, err := partsOf(hot, members)
	if err != nil {
		return nil, err
	}
	type found struct {
		AccountOf
		last int64
	}
	var all []found
	for name, parts := range said {
		f := found{AccountOf: AccountOf{Account: Account{ID: name}, Roles: rolesOf(parts)}}
		for _, p := range parts {
			f.last = max(f.last, p.last)
		}
		f.Current = slices.ContainsFunc(f.Roles, func(r Role) bool { return r.At(at) })
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b found) int {
		switch {
		case a.Current != b.Current && a.Current:
			return -1
		case a.Current != b.Current:
			return 1
		}
		return cmp.Or(cmp.Compare(b.last, a.last), strings.Compare(a.ID, b.ID))
	})
	var list []AccountOf
	for i := range min(len(all), maxAccounts) {
		a := all[i].AccountOf
		if a.Current {
			parts, err := hot.AccountParts(a.ID, maxParts)
			if err != nil {
				return nil, fmt.Errorf("read account: %w", err)
			}
			a.Account = FoldAccount(a.ID, parts, rules)
			a.keepSpeakers(func(id identity.ObservationID) bool { // others are somebody else
				return slices.ContainsFunc(members, func(m Member) bool { return m.id() == id })
			})
		}
		list = append(list, a)
	}
	return list, nil
}

// partsOf finds the parts of observations in accounts, by account.
func partsOf(hot HotAccounts, members []Member) (map[string][]part, error) {
	byID := func(a, b Member) int {
		x, y := a.id(), b.id()
		return bytes.Compare(x[:], y[:])
	}
	if !slices.IsSortedFunc(members, byID) {
		members = slices.Clone(members)
		slices.SortFunc(members, byID)
	}
	said := map[string][]part{}
	left := maxMemberships
	for i := range members {
		if left == 0 {
			break
		}
		names, err := hot.AccountsOf(members[i].id(), min(left, maxAccountsOf))
		if err != nil {
			return nil, fmt.Errorf("read accounts of an observation: %w", err)
		}
		left -= len(names)
		for _, name := range names {
			m, err := hot.Membership(name, members[i].id())
			if err != nil {
				return nil, fmt.Errorf("read membership: %w", err)
			}
			if m != nil {
				said[name] = append(said[name], newPart(m, members[i].State))
			}
		}
	}
	return said, nil
}
