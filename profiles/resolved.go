package profiles

import (
	"context"
	"errors"
	"fmt"

	"tributary/identity"
)

// Resolved is whom an address may name, without a word on who they are.
type Resolved struct {
	// Profiles are ascending; empty: it names nobody.
	Profiles []identity.ProfileID
	// Requested is the id that was asked for, when it has been merged into the only profile; else zero.
	Requested identity.ProfileID
	// Split: the id that was asked for stands for none of the profiles alone.
	Split bool
	// Unsure: even if it is one alone it may be somebody else.
	Unsure bool
}

// Resolve says whom an address may name, all of them. It fails with *AddressError, ctx's error or that of the store.
func (s *Service) Resolve(ctx context.Context, workspace string, address Address) (r Resolved, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return Resolved{}, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	found, err := s.resolve(ctx, newView(hot), workspace, address)
	if errors.Is(err, ErrNotFound) {
		return Resolved{}, nil
	}
	if err != nil {
		return Resolved{}, err
	}
	return Resolved{found.profiles, found.requested, found.split, found.unsure}, nil
}
