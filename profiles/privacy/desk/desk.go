// Package desk takes requests of privacy: it says whom an erasure would take, holds it, carries it out,
// and keeps suppressions and restrictions. What it changes goes through the log; what outlives the data
// folder goes to the ledger before.
package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// DefaultHold is how long an erasure is held before it is carried out.
const DefaultHold = 24 * time.Hour

// Commands gives commands through the log and waits until they are applied; admin.Commands is one.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// Worker tells when records are applied; unify.Worker is one.
type Worker interface {
	Applied(ctx context.Context, pos stream.Position) error
}

// Store is a row of a preview: how much a store holds of somebody.
type Store struct {
	Store  string `json:"store" policy:"meta"`                  // "state", "analytics_store", "log", "quarantine"
	Source string `json:"source,omitempty" policy:"provenance"` // empty: of all
	What   string `json:"what" policy:"meta"`                   // "observations", "events", "rows of facts", …
	Count  uint64 `json:"count" policy:"meta"`
}

// Config is what a Desk works with. Hold, Stores and Now have defaults; all else is required.
type Config struct {
	Log      stream.Log
	State    *state.Store
	Worker   Worker
	Commands Commands
	Profiles *profiles.Service
	Engine   privacy.Normaliser
	Hasher   *privacy.Hasher
	Ledger   *privacy.Ledger
	// Hold is how long an erasure is held if the request does not say. Default DefaultHold.
	Hold time.Duration
	// Stores counts what other stores than the state hold of a subject, for previews. Default: nothing.
	Stores func(ctx context.Context, workspace string, s *Subject) ([]Store, error)
	Now    func() time.Time
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Log != nil, "log")
	need(c.State != nil, "state")
	need(c.Worker != nil, "worker")
	need(c.Commands != nil, "commands")
	need(c.Profiles != nil, "profiles")
	need(c.Engine != nil, "engine")
	need(c.Hasher != nil, "hasher")
	need(c.Ledger != nil, "ledger")
	if c.Hold < 0 {
		faults = append(faults, errors.New("hold: is negative"))
	}
	return errors.Join(faults...)
}

// Desk is a privacy.Desk, and what people ask it. It is safe for concurrent use.
type Desk struct {
	Config
	// turn lets one request about an erasure be worked on at a time: a cancellation must not cross the
	// end of the hold.
	turn chan struct{}
}

var _ privacy.Desk = (*Desk)(nil)

// New returns a desk.
func New(c Config) (*Desk, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure privacy: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Stores == nil {
		c.Stores = func(context.Context, string, *Subject) ([]Store, error) { return nil, nil }
	}
	return &Desk{Config: c, turn: make(chan struct{}, 1)}, nil
}

// take waits for the turn; done gives it back.
func (d *Desk) take(ctx context.Context) (done func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// now is the time as commands carry it.
func (d *Desk) now() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// Request asks for an erasure.
type Request struct {
	Workspace string
	Who       profiles.Address
	// Keep leaves the subject's identifiers unsuppressed: they may come back. The default is to refuse them.
	Keep   bool
	Hold   *time.Duration // nil: the default
	Reason string
	Actor  string
}

// Preview says what an erasure would take, or takes.
type Preview struct {
	ID           uuid.UUID      `json:"id,omitzero" policy:"meta"` // zero: nothing was asked for yet
	Status       privacy.Status `json:"status,omitempty" policy:"meta"`
	Profile      uuid.UUID      `json:"profile" policy:"meta"`
	Observations int            `json:"observations" policy:"meta"`
	// Identifiers counts what is the subject's alone, by type; Suppressed says whether it is refused
	// from then on.
	Identifiers map[string]int `json:"identifiers" policy:"meta"`
	Suppressed  bool           `json:"suppressed" policy:"meta"`
	// Kept are identifiers that stay, since others have them too, or nobody is known by them.
	Kept []Kept `json:"kept" policy:"-"`
	// Unassigned is how many observations may be the subject's, or another's, and are left alone.
	Unassigned int       `json:"unassigned" policy:"meta"`
	Stores     []Store   `json:"stores" policy:"-"`
	HoldUntil  time.Time `json:"hold_until" policy:"meta"`
}

// Kept is a type of identifier of which some stay, and why.
type Kept struct {
	Type   string `json:"type" policy:"meta"`
	Count  int    `json:"count" policy:"meta"`
	Reason string `json:"reason" policy:"meta"` // "held_by_others", "blocked" or "may_be_others"
}

// Preview says what an erasure would take, and changes nothing.
func (d *Desk) Preview(ctx context.Context, r Request) (*Preview, error) {
	s, err := d.subject(ctx, r.Workspace, r.Who)
	if err != nil {
		return nil, err
	}
	return d.preview(ctx, &r, s)
}

func (d *Desk) preview(ctx context.Context, r *Request, s *Subject) (*Preview, error) {
	p := &Preview{
		Profile: s.Profile, Observations: len(s.Observations), Identifiers: map[string]int{}, Suppressed: !r.Keep,
		Kept: append([]Kept{}, s.Kept...), Unassigned: s.Unassigned, Stores: s.Stores, HoldUntil: d.now().Add(d.hold(r)),
	}
	for _, id := range s.Identifiers {
		p.Identifiers[id.Type]++
	}
	others, err := d.Stores(ctx, r.Workspace, s)
	if err != nil {
		return nil, fmt.Errorf("count what is stored: %w", err)
	}
	p.Stores = append(p.Stores, others...)
	return p, nil
}

func (d *Desk) hold(r *Request) time.Duration {
	if r.Hold != nil {
		return *r.Hold
	}
	return d.Hold
}

// Request holds an erasure. The subject is restricted from then on.
func (d *Desk) Request(ctx context.Context, r Request) (*Preview, error) {
	done, err := d.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	s, err := d.subject(ctx, r.Workspace, r.Who)
	if err != nil {
		return nil, err
	}
	if open, err := d.openFor(r.Workspace, s); open != nil || err != nil {
		if err == nil {
			err = &OpenError{ID: open.ID}
		}
		return nil, err
	}
	p, err := d.preview(ctx, &r, s)
	if err != nil {
		return nil, err
	}
	p.ID, p.Status = uuid.New(), privacy.StatusHeld
	_, err = d.Commands.Do(ctx, r.Workspace, unify.PrivacyRequest{
		Actor: r.Actor, ID: p.ID, Observations: s.Observations, Identifiers: s.Hashes(d.Hasher, r.Workspace),
		Suppress: !r.Keep, Reason: r.Reason, HoldUntil: p.HoldUntil,
	})
	return p, err
}

// OpenError says that an erasure of the subject is held already.
type OpenError struct{ ID uuid.UUID }

// Error names the erasure.
func (e *OpenError) Error() string {
	return fmt.Sprintf("privacy: erasure %s of this person is held; cancel it first", e.ID)
}

func (d *Desk) openFor(workspace string, s *Subject) (*privacy.Record, error) {
	all, err := d.State.Erasures(workspace)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Status != privacy.StatusHeld {
			continue
		}
		for _, o := range s.Observations {
			if e.Concerns(o, nil) {
				return e, nil
			}
		}
	}
	return nil, nil
}

// Cancel takes a held erasure back. It fails with privacy.ErrUnknown, or with privacy.ErrOver when it is
// too late.
func (d *Desk) Cancel(ctx context.Context, workspace string, id uuid.UUID, actor string) error {
	done, err := d.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	e, err := d.Get(ctx, workspace, id)
	switch {
	case err != nil:
		return err
	case e.Status == privacy.StatusCancelled:
		return nil
	case e.Status != privacy.StatusHeld:
		return privacy.ErrOver
	}
	if _, begun := d.Ledger.Knows(id); begun { // the log was not reached; the next try, or start, carries it out
		return privacy.ErrOver
	}
	_, err = d.Commands.Do(ctx, workspace, unify.PrivacyCancel{Actor: actor, ID: id})
	return err
}

// Get implements privacy.Desk.
func (d *Desk) Get(_ context.Context, workspace string, id uuid.UUID) (*privacy.Record, error) {
	e, err := d.State.Erasure(workspace, id)
	if err == nil && e == nil {
		err = privacy.ErrUnknown
	}
	return e, err
}

// List lists the erasures of a workspace, the oldest first.
func (d *Desk) List(_ context.Context, workspace string) ([]*privacy.Record, error) {
	return d.State.Erasures(workspace)
}
