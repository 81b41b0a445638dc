package profiles

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tributary/identity"
)

// HotLineage is a Hot that knows who left a profile.
type HotLineage interface {
	// Left lists the observations that left a profile after an identity_version, ascending, wherever they are now. Its
	// founder is not among them.
	Left(id identity.ProfileID, since uint64) ([]identity.ObservationID, error)
}

// Known is an earlier answer that somebody goes by.
type Known struct {
	Version uint64             // its identity_version
	Profile identity.ProfileID // whom it was about; zero: the id of the present answer
}

// Change is what is no longer of the person that an earlier answer was about.
type Change struct {
	From uint64 `json:"from" policy:"meta"` // identity_version of the earlier answer
	To   uint64 `json:"to" policy:"meta"`   // of this one
	// Was is the profile that the earlier answer was about, if it bears another id now.
	Was *identity.ProfileID `json:"was,omitempty" policy:"meta"`
	// Withdrawn are the ids of facts that rested on what is of somebody else now. There may be ids among them that the
	// earlier answer did not have.
	Withdrawn []string `json:"withdrawn" policy:"meta"`
	// All says that they cannot be listed, for not all of what they rested on is kept, or because the earlier answer was
	// about somebody else: facts of it that this one does not repeat are to be dropped.
	All bool `json:"all,omitempty" policy:"meta"`
}

// maxLeft bounds of how many observations facts are withdrawn one by one.
const maxLeft = 64

// Changed says what a merge or split took away from the person of an earlier answer, given the present one; nil: nothing. What
// was added is in the present answer.
func (s *Service) Changed(ctx context.Context, workspace string, known Known, now *Answer) (c *Change, err error) {
	if known.Version == 0 || known.Version >= now.IdentityVersion {
		return nil, nil
	}
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	was := known.Profile
	if was == (identity.ProfileID{}) {
		was = now.Profile.ID
	}
	c = &Change{From: known.Version, To: now.IdentityVersion, Withdrawn: []string{}}
	if was != now.Profile.ID {
		c.Was = &was
	}
	left, related, err := departed(hot, was, known.Version, &now.Profile)
	switch {
	case err != nil:
		return nil, err
	case len(left) == 0 && c.Was == nil:
		return nil, nil
	}
	if c.All = !related || len(left) > maxLeft; c.All {
		return c, nil
	}
	return c, s.withdraw(ctx, hot, c, left, &now.Profile)
}

// departed lists the observations that may have been of a profile at a version and are not of the present one,
// ascending, and says whether the two have to do with each other at all.
func departed(hot Hot, was identity.ProfileID, since uint64, now *Profile) (left []identity.ObservationID, related bool, err error) {
	lineage, ok := hot.(HotLineage)
	if !ok {
		return nil, false, nil
	}
	if left, err = lineage.Left(was, since); err != nil {
		return nil, false, fmt.Errorf("read who left: %w", err)
	}
	left = append(left, was)
	own := func(id identity.ObservationID) bool {
		return slices.ContainsFunc(now.Observations, func(o ObservationRef) bool { return o.ID == id })
	}
	related = slices.ContainsFunc(left, own)
	if was != now.ID {
		members, err := hot.Members(was)
		if err != nil {
			return nil, false, fmt.Errorf("read members: %w", err)
		}
		left = append(left, members...)
	}
	return slices.DeleteFunc(sorted(left), own), related, nil
}

// withdraw lists the ids of what rests on observations that are gone, and not on the profile's own.
func (s *Service) withdraw(ctx context.Context, hot Hot, c *Change, left []identity.ObservationID, now *Profile) error {
	gone := map[string]bool{}
	for _, id := range left {
		if err := ctx.Err(); err != nil {
			return err
		}
		state, err := hot.State(id)
		if err != nil {
			return fmt.Errorf("read state: %w", err)
		}
		if state == nil {
			c.All = true
			return nil
		}
		alone := Fold(id, []Member{{Assignment: identity.Assignment{Observation: id, Profile: id}, State: state}}, Rules{})
		if alone.LeftOut.Interactions > 0 || alone.LeftOut.Traits > 0 {
			c.All = true
			return nil
		}
		for fact := range factIDs(&alone) {
			gone[fact] = true
		}
	}
	for fact := range factIDs(now) {
		delete(gone, fact)
	}
	c.Withdrawn = append(c.Withdrawn, sortedKeys(gone)...)
	return nil
}
