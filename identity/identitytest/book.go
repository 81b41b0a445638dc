package identitytest

import (
	"context"
	"fmt"

	"tributary/identity"
)

// Book keeps the assignments of one workspace up to date, as a worker would.
type Book struct {
	Engine      *identity.Engine
	Facts       *Facts
	Assignments map[identity.ObservationID]identity.Assignment
}

// NewBook returns a book over facts, with nothing resolved yet.
func NewBook(e *identity.Engine, f *Facts) *Book {
	return &Book{Engine: e, Facts: f, Assignments: map[identity.ObservationID]identity.Assignment{}}
}

// Resolve resolves what the seeds affect and writes it down.
func (b *Book) Resolve(seeds ...identity.ObservationID) (identity.Resolution, error) {
	r, err := b.Engine.Resolve(context.Background(), b.Facts, nil, seeds)
	if err != nil {
		return r, fmt.Errorf("resolve into book: %w", err)
	}
	for _, a := range r.Assignments {
		b.Assignments[a.Observation] = a
	}
	return r, nil
}

// Add adds an observation, or a version of one, and resolves what it affects.
func (b *Book) Add(o identity.Observation) error {
	seeds := []identity.ObservationID{o.ID}
	if was, _ := b.Facts.Observation(o.ID); was != nil {
		affected, err := b.Engine.Affected(b.Facts, was)
		if err != nil {
			return err
		}
		seeds = affected
	}
	b.Facts.Add(o)
	_, err := b.Resolve(seeds...)
	return err
}

// Remove removes an observation and resolves what it leaves.
func (b *Book) Remove(id identity.ObservationID) error {
	was, _ := b.Facts.Observation(id)
	if was == nil {
		return nil
	}
	seeds, err := b.Engine.Affected(b.Facts, was)
	if err != nil {
		return err
	}
	b.Facts.Remove(id)
	delete(b.Assignments, id)
	_, err = b.Resolve(seeds...)
	return err
}

// Link sets a verdict and resolves what it affects.
func (b *Book) Link(x, y identity.ObservationID, v identity.Verdict) error {
	b.Facts.Link(x, y, v)
	_, err := b.Resolve(x, y)
	return err
}

// Unlink takes a verdict back and resolves what that affects.
func (b *Book) Unlink(x, y identity.ObservationID) error {
	b.Facts.Unlink(x, y)
	_, err := b.Resolve(x, y)
	return err
}

// Block blocks an identifier and resolves all its holders.
func (b *Book) Block(id identity.Identifier) error {
	b.Facts.Block(id)
	return b.resolveHolders(id)
}

// Unblock takes that back.
func (b *Book) Unblock(id identity.Identifier) error {
	b.Facts.Unblock(id)
	return b.resolveHolders(id)
}

func (b *Book) resolveHolders(id identity.Identifier) error {
	holders, err := b.Facts.Holders(id)
	if err != nil {
		return err
	}
	_, err = b.Resolve(holders...)
	return err
}
