package desk

import (
	"context"

	"tributary/profiles"
)

// Subject finds whom an address names: the observations and identifiers that an erasure would take. It fails as
// Preview does.
func (d *Desk) Subject(ctx context.Context, workspace string, who profiles.Address) (*Subject, error) {
	return d.subject(ctx, workspace, who)
}
