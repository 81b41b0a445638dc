package erase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/privacy"
)

// ErrUnderWay is returned for the certificate of an erasure that is not done.
var ErrUnderWay = errors.New("erase: the erasure is not done yet")

// Archive finds certificates.
type Archive struct {
	// Erasures finds erasures; privacy.Desk does.
	Erasures interface {
		Get(ctx context.Context, workspace string, id uuid.UUID) (*privacy.Record, error)
	}
	Log stream.Log
}

// Certificate returns the certificate of an erasure, or privacy.ErrUnknown, or ErrUnderWay. A log that had to be
// waited for is asked again: Waiting.Gone tells what it holds no more. That is no part of what is signed.
func (a *Archive) Certificate(ctx context.Context, workspace string, id uuid.UUID) (*Certificate, error) {
	e, err := a.Erasures.Get(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if len(e.Certificate) == 0 {
		return nil, ErrUnderWay
	}
	c := new(Certificate)
	if err := json.Unmarshal(e.Certificate, c); err != nil {
		return nil, fmt.Errorf("read the certificate of %s: %w", id, err)
	}
	for i := range c.Waiting {
		if w := &c.Waiting[i]; len(w.Below) > 0 {
			if w.Gone, err = a.gone(ctx, w.Below); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// gone says whether the log holds nothing below a bound any more.
func (a *Archive) gone(ctx context.Context, below privacy.UpTo) (bool, error) {
	partitions, err := a.Log.Partitions(ctx)
	if err != nil {
		return false, fmt.Errorf("ask the log what it holds: %w", err)
	}
	for _, p := range partitions {
		if p.First < below[p.ID] {
			return false, nil
		}
	}
	return true, nil
}
