// Package quarantine is the desk at which people look at what could not be processed, try what would become of it
// now, and have it processed again or closed. The program's own commands (api/admin) and the public interface (api)
// both ask it, so that they answer the same.
//
// README.md says what is kept of an item, and what of its payload is shown to whom.
package quarantine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// ErrUnknown is returned for a place of the workspace at which nothing is quarantined.
var ErrUnknown = errors.New("quarantine: there is no such item in this workspace")

// ConflictError says why an item cannot become what is asked for. Its text repeats nothing of the item's payload.
type ConflictError struct{ Why string }

// Error says why.
func (e *ConflictError) Error() string { return "quarantine: " + e.Why }

// Store knows what is quarantined; state.Store is one.
type Store interface {
	Items(q state.ItemQuery) ([]*state.Item, error)
	CountItems(q state.ItemQuery) (map[state.ItemGroup]uint64, error)
	Item(workspace string, pos stream.Position, ordinal uint32) (*state.Item, bool, error)
}

// Commands gives commands through the log and returns once they are applied; admin.Commands does.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
	DoAll(ctx context.Context, workspace string, commands []unify.Command) error
}

// Rehearser tells what a replay would come to; unify.Worker is one.
type Rehearser interface {
	Rehearse(ctx context.Context, items []*state.Item) ([]unify.Rehearsal, error)
}

// Desk answers for the quarantine of all workspaces. It keeps nothing, and is safe for concurrent use.
type Desk struct {
	Store    Store
	Commands Commands
	Worker   Rehearser
}

// The limits of a request.
const (
	DefaultLimit = 100  // items of a page
	MaxPlaces    = 1000 // items that one request may list or change
)

// List returns a page of items without their payloads, in the order of their places, and where the next page begins;
// nil: there is none.
func (d *Desk) List(q state.ItemQuery) (items []*state.Item, next *Place, err error) {
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	items, err = d.Store.Items(q)
	if err == nil && len(items) == q.Limit {
		p := PlaceOf(items[len(items)-1])
		next = &p
	}
	return items, next, err
}

// Count is how many items of one kind were received on one UTC day.
type Count struct {
	Day    string `json:"day"`
	Source string `json:"source"`
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	Status string `json:"status"`
	Items  uint64 `json:"items"`
}

// Counts counts the items that a query selects, the newest day first.
func (d *Desk) Counts(q state.ItemQuery) ([]Count, error) {
	groups, err := d.Store.CountItems(q)
	if err != nil {
		return nil, err
	}
	counts := []Count{}
	for g, n := range groups {
		counts = append(counts, Count{g.Day.String(), g.Source, g.Stage, g.Reason, string(g.Status), n})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(b.Items, a.Items),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Status, b.Status))
	})
	return counts, nil
}

// Item returns an item with its payload, or ErrUnknown.
func (d *Desk) Item(workspace string, p Place) (*state.Item, error) {
	item, found, err := d.Store.Item(workspace, p.Position, p.Ordinal)
	if err == nil && !found {
		err = fmt.Errorf("%w: %s", ErrUnknown, p)
	}
	return item, err
}

// Open returns the items at some places that are open, in that order. One that is not any more, or never was, has been
// dealt with and is left out.
func (d *Desk) Open(workspace string, places []Place) ([]*state.Item, error) {
	var items []*state.Item
	for _, p := range places {
		item, found, err := d.Store.Item(workspace, p.Position, p.Ordinal)
		if err != nil {
			return nil, err
		}
		if found && item.Status == state.StatusOpen {
			items = append(items, item)
		}
	}
	return items, nil
}

// Shown is the line of the audit trail that says that an item's payload was looked at. Whose it is was never found
// out, so that no person's report of disclosures can have it: the audit trail does.
func Shown(i *state.Item) unify.AuditNote {
	return unify.AuditNote{Action: "quarantine.show", SubjectKind: "item", Subject: PlaceOf(i).String(), Outcome: store.AuditDone}
}
