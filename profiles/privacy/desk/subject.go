package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
)

// Subject is whom an address names, as far as that is certain.
type Subject struct {
	Profile identity.ProfileID
	// Observations are the confirmed ones, ascending. Identifiers are what is theirs alone, in order.
	Observations []identity.ObservationID
	Identifiers  []identity.Identifier
	Kept         []Kept
	Unassigned   int
	Stores       []Store
}

// Hashes are those of the identifiers, ascending.
func (s *Subject) Hashes(h *privacy.Hasher, workspace string) []privacy.IdentifierHash {
	all := make([]privacy.IdentifierHash, len(s.Identifiers))
	for i, id := range s.Identifiers {
		all[i] = h.Identifier(workspace, id)
	}
	slices.SortFunc(all, privacy.IdentifierHash.Compare)
	return slices.Compact(all)
}

// ErrUnconfirmed is returned for somebody of whom nothing is certain.
var ErrUnconfirmed = errors.New("privacy: no observation of this profile is confirmed: it may be one of several; decide who it is first")

// subject finds whom an address names. It fails as profiles.Service.Find does, and with ErrUnconfirmed.
func (d *Desk) subject(ctx context.Context, workspace string, who profiles.Address) (s *Subject, err error) {
	hot, err := d.State.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	found, err := d.Profiles.Find(profiles.ForPrivacy(ctx), hot, workspace, who)
	if err != nil {
		return nil, err
	}
	members, err := hot.Members(found.Profile)
	if err != nil {
		return nil, err
	}
	confirmed := members[:0]
	for _, id := range members {
		a, known, err := hot.Assignment(id)
		if err != nil {
			return nil, err
		}
		if known && a.Standing != identity.StandingUnassigned {
			confirmed = append(confirmed, id)
		}
	}
	if len(confirmed) == 0 {
		return nil, ErrUnconfirmed
	}
	s, err = theirs(hot, confirmed)
	if err != nil {
		return nil, err
	}
	s.Profile = found.Profile
	return s, s.count(hot)
}

// circle works out what is somebody's alone.
type circle struct {
	hot      profiles.Hot
	observed map[identity.ObservationID]*identity.Observation
	holders  map[identity.Identifier][]identity.ObservationID
	sure     map[identity.ObservationID]bool // may be counted as the subject's
}

// theirs returns what belongs to the subject of some observations: these, those all of whose identifiers
// are the subject's alone, and these identifiers. An identifier is the subject's alone if nobody else holds
// it. That is the greatest such circle: whatever is held by anybody outside is taken out until nothing is.
func theirs(hot profiles.Hot, founders []identity.ObservationID) (*Subject, error) {
	c := &circle{
		hot: hot, observed: map[identity.ObservationID]*identity.Observation{},
		holders: map[identity.Identifier][]identity.ObservationID{}, sure: map[identity.ObservationID]bool{},
	}
	own := map[identity.ObservationID]bool{}
	ids := map[identity.Identifier]bool{}
	for _, id := range founders {
		own[id] = true
		o, err := c.observation(id)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		for _, i := range o.Identifiers {
			ids[i] = true
		}
	}
	s := &Subject{}
	if err := c.kept(s, own, ids); err != nil {
		return nil, err
	}
	for changed := true; changed; {
		changed = false
		for i := range ids {
			if !c.alone(i, own, ids) {
				delete(ids, i)
				changed = true
			}
		}
	}
	for i := range ids {
		for _, holder := range c.holders[i] {
			own[holder] = true
		}
	}
	s.Observations = slices.SortedFunc(maps.Keys(own), compareIDs)
	s.Identifiers = slices.SortedFunc(maps.Keys(ids), compareIdentifiers)
	c.reasons(s, own, ids)
	return s, nil
}

func (c *circle) observation(id identity.ObservationID) (*identity.Observation, error) {
	if o, known := c.observed[id]; known {
		return o, nil
	}
	o, err := c.hot.Observation(id)
	if err != nil {
		return nil, fmt.Errorf("read observation: %w", err)
	}
	c.observed[id] = o
	a, known, err := c.hot.Assignment(id)
	c.sure[id] = known && a.Standing != identity.StandingUnassigned
	return o, err
}

// kept reads who holds the identifiers.
func (c *circle) kept(s *Subject, own map[identity.ObservationID]bool, ids map[identity.Identifier]bool) error {
	for i := range ids {
		holders, err := c.hot.Holders(i)
		if err != nil {
			return fmt.Errorf("read holders: %w", err)
		}
		c.holders[i] = holders
		for _, h := range holders {
			if own[h] {
				continue
			}
			if _, err := c.observation(h); err != nil {
				return err
			}
			if !c.sure[h] {
				s.Unassigned++
			}
		}
	}
	return nil
}

// alone says whether everybody who holds an identifier is the subject, or says nothing beyond the circle.
func (c *circle) alone(i identity.Identifier, own map[identity.ObservationID]bool, ids map[identity.Identifier]bool) bool {
	if len(c.holders[i]) == 0 { // it is blocked: nobody is known by it
		return false
	}
	for _, h := range c.holders[i] {
		if own[h] {
			continue
		}
		o := c.observed[h]
		if o == nil || !c.sure[h] || o.RecordID != "" {
			return false
		}
		for _, other := range o.Identifiers {
			if !ids[other] {
				return false
			}
		}
	}
	return true
}

// reasons says why identifiers of the subject stay.
func (c *circle) reasons(s *Subject, own map[identity.ObservationID]bool, ids map[identity.Identifier]bool) {
	counts := map[Kept]int{}
	for i, holders := range c.holders {
		if ids[i] {
			continue
		}
		why := Kept{Type: i.Type, Reason: "blocked"}
		for _, h := range holders {
			if own[h] {
				why.Reason = "held_by_others"
			}
		}
		for _, h := range holders {
			if !own[h] && !c.sure[h] {
				why.Reason = "may_be_others"
			}
		}
		counts[why]++
	}
	for why, n := range counts {
		why.Count = n
		s.Kept = append(s.Kept, why)
	}
	slices.SortFunc(s.Kept, func(a, b Kept) int {
		if a.Type != b.Type {
			return bytes.Compare([]byte(a.Type), []byte(b.Type))
		}
		return bytes.Compare([]byte(a.Reason), []byte(b.Reason))
	})
}

// count says how much of the subject the state holds, by the source that told of it first.
func (s *Subject) count(hot profiles.Hot) error {
	observations, events := map[string]uint64{}, map[string]uint64{}
	for _, id := range s.Observations {
		o, err := hot.Observation(id)
		if err != nil {
			return fmt.Errorf("read observation: %w", err)
		}
		kept, err := hot.State(id)
		if err != nil {
			return fmt.Errorf("read what is kept: %w", err)
		}
		source := ""
		if o != nil {
			source = o.Source
		}
		observations[source]++
		if kept != nil {
			events[source] += kept.Events()
		}
	}
	for _, source := range slices.Sorted(maps.Keys(observations)) {
		s.Stores = append(s.Stores,
			Store{Store: "state", Source: source, What: "observations", Count: observations[source]},
			Store{Store: "state", Source: source, What: "events", Count: events[source]})
	}
	return nil
}

func compareIDs(a, b identity.ObservationID) int { return bytes.Compare(a[:], b[:]) }

func compareIdentifiers(a, b identity.Identifier) int {
	if a.Type != b.Type {
		return bytes.Compare([]byte(a.Type), []byte(b.Type))
	}
	return bytes.Compare([]byte(a.Value), []byte(b.Value))
}
