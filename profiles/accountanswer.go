package profiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// AccountMember is a profile with a part in an account, present or past.
type AccountMember struct {
	Profile identity.ProfileID
	Roles   []Role
}

// AccountAnswer is one account as it stands at one moment, with a page of its members.
type AccountAnswer struct {
	// Account names by which observations its traits were said only where they are of somebody who may be told of.
	Account Account
	Members []AccountMember
	// Next is the place after which the next page begins; the zero id: there is none.
	Next            identity.ObservationID
	IdentityVersion uint64
}

// Account reads an account and at most so many of its members, from a place that another answer named or
// from the beginning for the zero id. A profile is listed once, by the least id of those of its
// observations that name the account. It fails with ErrNotFound where no event names the account.
func (s *Service) Account(ctx context.Context, workspace, id string, from identity.ObservationID, most int) (answer *AccountAnswer, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	accounts, ok := hot.(HotAccounts)
	if !ok {
		return nil, ErrNotFound
	}
	ids, err := accounts.AccountMembers(id, from, most+1)
	if err != nil {
		return nil, err
	}
	parts, err := accounts.AccountParts(id, maxParts)
	if err != nil {
		return nil, err
	}
	if len(ids)+len(parts) == 0 && from == uuid.Nil {
		return nil, ErrNotFound
	}
	rules, err := s.rules.Rules(workspace)
	if err != nil {
		return nil, fmt.Errorf("read rules of survivorship: %w", err)
	}
	answer = &AccountAnswer{Account: FoldAccount(id, parts, rules)}
	if answer.IdentityVersion, err = hot.IdentityVersion(); err != nil {
		return nil, err
	}
	if len(ids) > most {
		answer.Next, ids = ids[most-1], ids[:most]
	}
	listing := accountListing{view: newView(hot), accounts: accounts, account: id, done: map[identity.ProfileID]bool{}}
	for _, o := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		member, err := listing.member(ctx, o)
		if err != nil {
			return nil, err
		}
		if member != nil {
			answer.Members = append(answer.Members, *member)
		}
	}
	return answer, listing.keepSpeakers(ctx, &answer.Account)
}

// keepSpeakers takes out who said what, where that is nobody, not certain, or somebody who is not to be used.
func (l *accountListing) keepSpeakers(ctx context.Context, a *Account) (err error) {
	known := map[identity.ObservationID]bool{}
	a.keepSpeakers(func(o identity.ObservationID) bool {
		told, asked := known[o]
		if asked || err != nil {
			return told
		}
		told, err = l.usable(ctx, o)
		known[o] = told
		return told
	})
	return err
}

// usable says whether an observation is somebody's who may be told of.
func (l *accountListing) usable(ctx context.Context, o identity.ObservationID) (bool, error) {
	assigned, known, err := l.Assignment(o)
	if err != nil || !known || assigned.Standing == identity.StandingUnassigned {
		return false, err
	}
	switch err := l.refused(ctx, assigned.Profile); {
	case errors.Is(err, privacy.ErrRestricted):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

// accountListing lists the members of an account.
type accountListing struct {
	view
	accounts HotAccounts
	account  string
	done     map[identity.ProfileID]bool // those that were looked at: a profile may have a thousand observations
}

// member is the profile of an observation; nil if another of its observations stands for it, it belongs to
// nobody, or it is not to be used.
func (l *accountListing) member(ctx context.Context, o identity.ObservationID) (*AccountMember, error) {
	assigned, known, err := l.Assignment(o)
	if err != nil || !known || assigned.Standing == identity.StandingUnassigned || l.done[assigned.Profile] {
		return nil, err
	}
	l.done[assigned.Profile] = true
	switch err := l.refused(ctx, assigned.Profile); {
	case errors.Is(err, privacy.ErrRestricted):
		return nil, nil
	case err != nil:
		return nil, err
	}
	ids, err := l.Members(assigned.Profile)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b identity.ObservationID) int { return bytes.Compare(a[:], b[:]) })
	var parts []part
	for _, id := range ids {
		m, err := l.accounts.Membership(l.account, id)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		if len(parts) == 0 && id != o {
			return nil, nil // it was listed with an observation before
		}
		var state *State
		if m.record.set { // it matters whether the record still names the account
			if state, err = l.State(id); err != nil {
				return nil, fmt.Errorf("read state: %w", err)
			}
		}
		parts = append(parts, newPart(m, state))
	}
	return &AccountMember{Profile: assigned.Profile, Roles: rolesOf(parts)}, nil
}
