package profiles

import (
	"context"
	"errors"
	"fmt"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// restrictions is implemented by a Hot that knows who is restricted (GDPR, Article 18): kept, and not used.
type restrictions interface {
	RestrictsAny() bool
	Restricted(...identity.ObservationID) bool
}

type forPrivacy struct{}

// ForPrivacy returns a context in which the restricted are found too: for who handles their requests.
func ForPrivacy(ctx context.Context) context.Context {
	return context.WithValue(ctx, forPrivacy{}, true)
}

// refused returns privacy.ErrRestricted if use of a profile is restricted: if that of one of its
// observations is.
func (v view) refused(ctx context.Context, id identity.ProfileID) error {
	r, ok := v.Hot.(restrictions)
	if !ok || !r.RestrictsAny() || ctx.Value(forPrivacy{}) != nil {
		return nil
	}
	members, err := v.Members(id)
	if err != nil {
		return err
	}
	return refused(ctx, v.Hot, members...)
}

// Refused returns privacy.ErrRestricted if use of a profile is restricted, for whoever does not handle requests of
// privacy (ForPrivacy).
func Refused(ctx context.Context, hot Hot, id identity.ProfileID) error {
	return newView(hot).refused(ctx, id)
}

func refused(ctx context.Context, hot Hot, ids ...identity.ObservationID) error {
	r, ok := hot.(restrictions)
	if ok && ctx.Value(forPrivacy{}) == nil && r.RestrictsAny() && r.Restricted(ids...) {
		return privacy.ErrRestricted
	}
	return nil
}

// bare leaves of candidates whose use is restricted that they are some.
func (v view) bare(ctx context.Context, err error) error {
	var several *AmbiguousError
	if !errors.As(err, &several) {
		return err
	}
	for i := range several.Candidates {
		id := several.Candidates[i].Profile
		switch refused := v.refused(ctx, id); {
		case errors.Is(refused, privacy.ErrRestricted):
			several.Candidates[i] = Candidate{Profile: id}
		case refused != nil:
			return refused
		}
	}
	return err
}

// Usable returns privacy.ErrRestricted if use of one of some observations is restricted now: what they were
// before is not used either.
func (s *Service) Usable(ctx context.Context, workspace string, ids ...identity.ObservationID) (err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	return refused(ctx, hot, ids...)
}
