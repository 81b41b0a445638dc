// Package steward is where people say who is who: which pairs they are asked about, what a decision would do, the
// decision itself, what was decided, and what the decisions tell of how well the scores do. It decides nothing: a
// decision is a verdict on pairs of observations, or the block of an identifier, given through the log, and who is who
// follows from it by the rules of package identity.
package steward

import (
	"context"
	"errors"
	"time"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// The errors that a caller may expect, beside identity.ErrTooLarge and privacy.ErrRestricted.
var (
	// ErrNoDecision says that there is no decision of an id that stands.
	ErrNoDecision = errors.New("there is no such decision, or other words stand in its place")
	// ErrUndone says that a decision is taken back already.
	ErrUndone = errors.New("the decision is taken back already")
	// ErrContradicted says that a decision would not come to what it means, for others contradict it.
	ErrContradicted = errors.New("other decisions contradict it: it would not come to what it means")
	// ErrNoPair says that one of two observations is gone, may not be used, or hangs together with too many to explain.
	ErrNoPair = errors.New("there is no such pair of observations")
	// ErrCursor says that a cursor is none of the list.
	ErrCursor = errors.New("the cursor is none of this list")
)

// Explainer reads the hot state; explain.Service is one.
type Explainer interface {
	Pairs(ctx context.Context, workspace string, of [][2]identity.ObservationID) (*explain.Pairs, error)
	Otherwise(ctx context.Context, workspace string, say explain.Saying, around []identity.ObservationID) (*explain.Effect, []*identity.Compared, error)
	Judged(workspace string) (*explain.Judged, error)
}

// Commands gives commands through the log and returns once they are applied.
type Commands interface {
	DoNamed(ctx context.Context, workspace string, commands []unify.Named) error
}

// Worker waits until what hangs together with a decision is decided; unify.Worker does.
type Worker interface {
	Decided(ctx context.Context, workspace string) error
}

// Normaliser brings identifiers into their one form; identity.Engine is one.
type Normaliser interface {
	Normalise(at identity.Place, id identity.Identifier) (identity.Identifier, identity.DropReason)
}

// Asked reads the questions to people from the analytics store, the likeliest first: of a workspace, those after a
// place, at most so many.
type Asked func(ctx context.Context, workspace string, after Place, limit int) ([]store.ReviewRow, error)

// Config is what a desk is made of. All of it is required.
type Config struct {
	State    explain.Store
	Explain  Explainer
	Commands Commands
	Worker   Worker
	Engine   Normaliser
	Asked    Asked
	Now      func() time.Time
}

// Desk takes decisions. It is safe for concurrent use: of two that speak of the same pair at once, the later stands.
type Desk struct{ Config }

// New returns a desk.
func New(c Config) *Desk { return &Desk{c} }

// look runs f over one moment of a workspace.
func (d *Desk) look(workspace string, f func(*state.Snapshot) error) (err error) {
	view, err := d.State.View(workspace)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	return f(view)
}
