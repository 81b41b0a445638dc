package profiles

import (
	"context"

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
	if r.Restricted(members...) {
		return privacy.ErrRestricted
	}
	return nil
}
