package find

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/profiles"
)

// errSlow is why the index was not waited for any longer.
var errSlow = errors.New("find: the search took too long")

// maxTypes bounds under how many types a value is looked up.
const maxTypes = 20

// indexed lists whom the index knows, the surest first, and says in found what it could not say. Of each list one more
// than the limit is asked for, so that it shows when there are more.
func (s *Service) indexed(ctx context.Context, r Request, a *asked, limit int, to *list, found *Found) error {
	slow, cancel := context.WithTimeoutCause(ctx, within, errSlow)
	defer cancel()
	left := func(by string, err error) error {
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return fmt.Errorf("search %s: %w", by, ctx.Err())
		case errors.Is(context.Cause(slow), errSlow):
			found.Left = append(found.Left, Left{by, BecauseSlow})
		default:
			found.Left = append(found.Left, Left{by, BecauseUnavailable})
		}
		return nil
	}
	if a.value != "" {
		types, err := s.index.Identified(slow, r.Workspace, a.value, maxTypes)
		if err := left("identifiers", err); err != nil {
			return err
		}
		for _, typ := range types {
			if err := s.identified(ctx, r.Workspace, identity.Identifier{Type: typ, Value: a.value}, to); err != nil {
				return err
			}
		}
	}
	if may := r.May.of(a.kinds); a.record != "" && (may.Contacts.May || may.Money.May) {
		records, err := s.index.Recorded(slow, r.Workspace, a.record, may, limit+1)
		if err := left("records", err); err != nil {
			return err
		}
		if err := s.recorded(ctx, r.Workspace, records, a.kinds, to); err != nil {
			return err
		}
	}
	if len(a.raw) > 0 && len(r.May.Names) > 0 {
		named, err := s.index.Named(slow, r.Workspace, r.May.Names, a.raw, limit+1)
		if err := left("names", err); err != nil {
			return err
		}
		return s.named(ctx, r.Workspace, named, to)
	}
	return nil
}

// of leaves of what may be looked through what a record of some kinds needs.
func (m May) of(kinds []string) May {
	m.Contacts.May = m.Contacts.May && (slices.Contains(kinds, ByConversation) || slices.Contains(kinds, ByCase))
	m.Money.May = m.Money.May && (slices.Contains(kinds, ByOrder) || slices.Contains(kinds, ByInvoice))
	return m
}

func (s *Service) recorded(ctx context.Context, workspace string, records []Record, kinds []string, to *list) error {
	for _, record := range records {
		resolved, err := s.profiles.Resolve(ctx, workspace, profiles.OfObservation(record.Observation))
		if err != nil {
			return fmt.Errorf("resolve: %w", err)
		}
		for _, p := range resolved.Profiles {
			for _, kind := range record.Kinds {
				if slices.Contains(kinds, kind) {
					to.add(Customer{Profile: p}, Match{By: kind})
				}
			}
		}
	}
	return nil
}

// named lists who has a name. Whoever was merged since is found as the profile that was kept.
func (s *Service) named(ctx context.Context, workspace string, ids []identity.ProfileID, to *list) error {
	for _, id := range ids {
		resolved, err := s.profiles.Resolve(ctx, workspace, profiles.Address{{Type: profiles.TypeProfile, Value: id.String()}})
		if err != nil {
			return fmt.Errorf("resolve: %w", err)
		}
		for _, p := range resolved.Profiles {
			to.add(Customer{Profile: p}, Match{By: ByName})
		}
	}
	return nil
}
