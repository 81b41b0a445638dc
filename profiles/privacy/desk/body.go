package desk

import (
	"time"

	"tributary/identity"
	"tributary/profiles"
)

// maxReason is how long a reason may be, in bytes.
const maxReason = 1000

// IDs are the identifiers of a body.
func (b *Body) IDs() []identity.Identifier {
	ids := make([]identity.Identifier, len(b.Identifiers))
	for i, id := range b.Identifiers {
		ids[i] = identity.Identifier(id)
	}
	return ids
}

// Who is whom a body names.
func (b *Body) Who() (profiles.Address, error) {
	switch {
	case b.Profile != "" && len(b.Identifiers) > 0:
		return nil, &FieldError{"profile", "cannot stand beside identifiers"}
	case b.Profile != "":
		return profiles.Address{{Type: profiles.TypeProfile, Value: b.Profile}}, nil
	case len(b.Identifiers) == 0:
		return nil, &FieldError{"identifiers", "or profile is required"}
	}
	return b.IDs(), nil
}

// Request is the request that a body makes.
func (b *Body) Request(workspace, actor string) (r Request, err error) {
	r = Request{Workspace: workspace, Reason: b.Reason, Actor: actor, Keep: b.Suppress != nil && !*b.Suppress}
	if r.Who, err = b.Who(); err != nil {
		return r, err
	}
	if len(b.Reason) > maxReason {
		return r, &FieldError{"reason", "may have 1000 bytes"}
	}
	if b.Hold != "" {
		hold, err := time.ParseDuration(b.Hold)
		if err != nil || hold < 0 || hold > 90*24*time.Hour {
			return r, &FieldError{"hold", "must be a duration from 0s to 2160h, such as 24h"}
		}
		r.Hold = &hold
	}
	return r, nil
}
