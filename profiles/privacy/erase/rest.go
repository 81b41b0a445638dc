package erase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"tributary/profiles/privacy"
)

// scrubState takes off the disk what the state, and the outbox in it, have forgotten.
func (r *Runner) scrubState(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	again, err := r.askState(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := r.State.Scrub(ctx); err != nil {
		return nil, err
	}
	lines := map[uuid.UUID][]Line{}
	for _, e := range b.records {
		lines[e.ID] = []Line{{Store: "state and outbox", Removed: uint64(len(e.Observations)), Proof: again.proof(e.ID)}}
	}
	return r.lines(lines, "")
}

// removeFiles goes through the files of the data folder that are no database.
func (r *Runner) removeFiles(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	lines := map[uuid.UUID][]Line{}
	for _, files := range r.Files {
		n, err := files.Erase(ctx, b.set)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files.Name(), err)
		}
		again, err := files.Erase(ctx, b.set)
		if err == nil && again != 0 {
			err = fmt.Errorf("%d hold something of the person still", again)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: search again: %w", files.Name(), err)
		}
		for _, e := range b.records {
			lines[e.ID] = append(lines[e.ID], Line{Store: files.Name(), Removed: uint64(n)})
		}
	}
	return r.lines(lines, "searched again")
}

// noted is what is kept of a step, for the certificate.
type noted struct {
	Lines   []Line    `json:"lines,omitempty"`
	Waiting []Waiting `json:"waiting,omitempty"`
}

// lines makes notes of what was found clean just now, as the lines prove, or as proof says of all that do not,
// and of what must wait.
func (r *Runner) lines(all map[uuid.UUID][]Line, proof string, waiting ...Waiting) (map[uuid.UUID]privacy.Step, error) {
	now := r.Now().UTC().Truncate(time.Millisecond)
	done := map[uuid.UUID]privacy.Step{}
	for id, lines := range all {
		for i := range lines {
			lines[i].At, lines[i].Result = now, "nothing left"
			if lines[i].Proof == "" {
				lines[i].Proof = proof
			}
		}
		detail, err := json.Marshal(noted{Lines: lines, Waiting: waiting})
		if err != nil {
			return nil, err
		}
		done[id] = privacy.Step{Detail: detail}
	}
	return done, nil
}

// finish certifies the erasures, and then takes from the totals whose they were.
func (r *Runner) finish(ctx context.Context, b *batch) error {
	ids := make([]uuid.UUID, len(b.records))
	finishing, inside := errgroup.WithContext(ctx)
	finishing.SetLimit(notesAtOnce)
	for i, e := range b.records {
		ids[i] = e.ID
		if err := r.at("finish"); err != nil {
			return errors.Join(err, finishing.Wait())
		}
		finishing.Go(func() error { return r.finishOne(inside, e) })
	}
	if err := finishing.Wait(); err != nil {
		return err
	}
	if err := r.at("anonymise"); err != nil {
		return err
	}
	return r.Store.AnonymiseTotals(ctx, ids)
}

func (r *Runner) finishOne(ctx context.Context, e *privacy.Record) error {
	text, err := r.certify(e)
	if err == nil {
		err = r.Desk.Finish(ctx, e.Workspace, e.ID, e.Step(stepCounted).Counts, text)
	}
	if err != nil {
		return fmt.Errorf("certify erasure %s: %w", e.ID, err)
	}
	return nil
}
