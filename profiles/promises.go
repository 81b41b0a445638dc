package profiles

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// Pledged says where something was promised: to which observation, under which id, and when it is due; the zero
// time: it does not say. AccountID is the account that it names.
type Pledged struct {
	Observation identity.ObservationID
	ID          string
	AccountID   string
	DueAt       time.Time
}

// Cursor names a place in the list of promises.
func (p *Pledged) Cursor() string {
	text, _ := json.Marshal([]any{p.DueAt, p.Observation, p.ID}) // always encodes
	return base64.RawURLEncoding.EncodeToString(text)
}

// MaxPromiseID is how long the id of a promise may be, in bytes: those of other sources are theirs.
const MaxPromiseID = 512

// ParsePledged reads a Cursor.
func ParsePledged(cursor string) (*Pledged, error) {
	p := new(Pledged)
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &[]any{&p.DueAt, &p.Observation, &p.ID})
	}
	if err != nil || len(p.ID) > MaxPromiseID {
		return nil, fmt.Errorf("read cursor: it is none of a list of promises")
	}
	return p, nil
}

// HotPledged is what Hot knows of where promises are. An observation or a day may be listed that is no longer that of the promise:
// what the profile says holds.
type HotPledged interface {
	// PledgedAfter lists at most so many, ascending by when they are due, behind one of them or from the first on
	// for nil, and due before a time; zero: all, those that say no time last. AccountID is not filled in.
	PledgedAfter(last *Pledged, until time.Time, most int) ([]Pledged, error)
	// PledgedAs lists the observations that were promised something under an id.
	PledgedAs(id string) ([]identity.ObservationID, error)
	// PledgedOf lists the observations that were promised something about an account.
	PledgedOf(account string) ([]identity.ObservationID, error)
	// HasPledged says whether anything was promised to an observation.
	HasPledged(id identity.ObservationID) (bool, error)
}

// Promised are the promises to one profile.
type Promised struct {
	Profile identity.ProfileID
	// Observations are those of the profile, ascending.
	Observations []identity.ObservationID
	Commitments  []Commitment
}

// PromisedTo folds the promises to the profile that has an observation, as of a time, which tells in which accounts it
// has a part; nil, nil if there are none, or the observation belongs to nobody. It fails with privacy.ErrRestricted where
// use of the profile is restricted.
func PromisedTo(ctx context.Context, hot Hot, id identity.ObservationID, now time.Time) (*Promised, error) {
	v := newView(hot)
	assigned, known, err := v.Assignment(id)
	if err != nil || !known || assigned.Standing == identity.StandingUnassigned {
		return nil, err
	}
	if err := v.refused(ctx, assigned.Profile); err != nil {
		return nil, err
	}
	ids, err := v.Members(assigned.Profile)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	if there, err := anyPledged(hot, ids); !there || err != nil {
		return nil, err
	}
	desk := takeDesk()
	defer desk.clear()
	members, err := v.members(ctx, assigned.Profile, desk)
	if err != nil {
		return nil, err
	}
	var of []AccountOf
	if accounts, ok := hot.(HotAccounts); ok {
		if of, err = accountsOf(accounts, members, Rules{}, now); err != nil {
			return nil, err
		}
	}
	return &Promised{Profile: assigned.Profile, Observations: idsOf(members), Commitments: foldCommitments(members, of)}, nil
}

func anyPledged(hot Hot, ids []identity.ObservationID) (bool, error) {
	pledged, ok := hot.(HotPledged)
	if !ok {
		return false, nil
	}
	for _, id := range ids {
		if there, err := pledged.HasPledged(id); there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// PromiseQuery asks for the promises of a workspace.
type PromiseQuery struct {
	Status    CommitmentStatus // "": any
	DueBefore time.Time        // zero: any
	After     *Pledged         // behind which one; nil: from the first
	Most      int
}

// PromisePage is a page of promises, by when they are due.
type PromisePage struct {
	Promises []PromiseOf
	Next     *Pledged // nil: there are no more
}

// PromiseOf is a promise with whose it is.
type PromiseOf struct {
	Profile identity.ProfileID
	Commitment
}

// maxLooked bounds how many promises a page looks at, so that one that few fit is short and not slow.
const maxLooked = 512

// Promises lists promises of a workspace. Those to whom use is restricted, and those to nobody, are left out.
func (s *Service) Promises(ctx context.Context, workspace string, q PromiseQuery) (page *PromisePage, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	pledged, ok := hot.(HotPledged)
	if !ok {
		return &PromisePage{}, nil
	}
	found, err := pledged.PledgedAfter(q.After, q.DueBefore, maxLooked+1)
	if err != nil {
		return nil, err
	}
	page = &PromisePage{}
	for i := range found {
		if i == maxLooked || len(page.Promises) == q.Most {
			page.Next = &found[i-1]
			break
		}
		c, err := s.promise(ctx, hot, &found[i])
		if err != nil {
			return nil, err
		}
		if c != nil && (q.Status == "" || c.Status == q.Status) {
			page.Promises = append(page.Promises, *c)
		}
	}
	return page, nil
}

// promise is what an entry leads to: nil where that is no longer so.
func (s *Service) promise(ctx context.Context, hot Hot, p *Pledged) (*PromiseOf, error) {
	to, err := PromisedTo(ctx, hot, p.Observation, s.now())
	if errors.Is(err, privacy.ErrRestricted) {
		return nil, nil
	}
	if to == nil || err != nil {
		return nil, err
	}
	for i := range to.Commitments {
		if c := &to.Commitments[i]; c.ID == p.ID && c.Observation == p.Observation && c.DueAt.Equal(p.DueAt) {
			return &PromiseOf{to.Profile, *c}, nil
		}
	}
	return nil, nil
}

// PromisedAs lists to which profiles something was promised under an id, ascending.
func (s *Service) PromisedAs(_ context.Context, workspace, id string) (profiles []identity.ProfileID, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	pledged, ok := hot.(HotPledged)
	if !ok {
		return nil, nil
	}
	ids, err := pledged.PledgedAs(id)
	if err != nil {
		return nil, err
	}
	for _, o := range ids {
		a, known, err := hot.Assignment(o)
		if err != nil {
			return nil, fmt.Errorf("read assignment: %w", err)
		}
		if known && a.Standing != identity.StandingUnassigned {
			profiles = append(profiles, a.Profile)
		}
	}
	return sorted(profiles), nil
}
