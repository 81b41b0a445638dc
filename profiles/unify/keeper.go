package unify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// keeper has the log told which promises were found kept, and which were not kept when they were due: as
// commitment.kept and commitment.broken of event.SourceAgent, about the observation that was promised it.
//
// Whether a promise is kept is a function of what is kept of its profile; the events say so to whoever counts and
// listens, and hold a deed that is so old that the state forgot it. Their message ids follow from what they are about, so
// that there is one, whoever finds it how often. All promises are looked at when the worker begins, so what a crash left is
// found; later, those whose profile changed and those whose time has come. Nothing is said before all is
// applied that the log held when the worker began: the log has the events of what was found before.
type keeper struct {
	*Config
	wake chan struct{}

	mu       sync.Mutex
	waiting  map[promised]bool
	everyone bool // to look at all: nothing was looked at yet, or too much changed
	current  bool

	sent  map[string]bool // message ids that were appended
	until map[string]time.Time
}

const (
	keeperChunk   = 256     // promises that are looked at under one view
	keeperWaiting = 1 << 16 // profiles that wait: of more, all promises are looked at
	keeperSent    = 1 << 16 // message ids that are remembered
)

func newKeeper(c *Config) *keeper {
	return &keeper{
		Config: c, wake: make(chan struct{}, 1), waiting: map[promised]bool{}, everyone: true, sent: map[string]bool{},
		until: map[string]time.Time{},
	}
}

// look has the keeper look at those whose promises may have changed.
func (k *keeper) look(all []promised, current bool) {
	k.mu.Lock()
	first := current && !k.current
	k.current = k.current || current
	for _, p := range all {
		if !k.everyone {
			k.waiting[p] = true
		}
	}
	if len(k.waiting) > keeperWaiting {
		k.everyone = true
		clear(k.waiting)
	}
	k.mu.Unlock()
	if len(all) == 0 && !first {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run looks until ctx ends.
func (k *keeper) run(ctx context.Context) {
	every := time.NewTicker(k.TickEvery)
	defer every.Stop()
	for ctx.Err() == nil {
		var err error
		select {
		case <-k.wake:
			err = k.lookAtWaiting(ctx)
		case <-every.C:
			if err = k.lookAtWaiting(ctx); err == nil {
				err = k.lookAtDue(ctx)
			}
		case <-ctx.Done():
		}
		if err != nil && ctx.Err() == nil {
			k.Logger.ErrorContext(ctx, "promises could not be looked at", "error", err)
		}
	}
}

// lookAtWaiting looks at what waits. After an error it waits again, for the next tick.
func (k *keeper) lookAtWaiting(ctx context.Context) error {
	k.mu.Lock()
	if !k.current {
		k.mu.Unlock()
		return nil
	}
	waiting, everyone := k.waiting, k.everyone
	k.waiting, k.everyone = map[promised]bool{}, false
	k.mu.Unlock()
	err := k.lookAtThem(ctx, waiting, everyone)
	if err != nil {
		k.mu.Lock()
		k.everyone = true
		k.mu.Unlock()
	}
	return err
}

func (k *keeper) lookAtThem(ctx context.Context, waiting map[promised]bool, everyone bool) error {
	if everyone {
		clear(k.until)
		return k.lookAtAll(ctx, func(string) (from, to time.Time) { return time.Time{}, time.Time{} })
	}
	by := map[string][]promised{}
	for p := range waiting {
		by[p.workspace] = append(by[p.workspace], p)
	}
	for workspace, all := range by {
		if err := k.lookIn(ctx, workspace, all); err != nil {
			return err
		}
	}
	return nil
}

// lookAtDue looks at the promises that have become due since it was done last.
func (k *keeper) lookAtDue(ctx context.Context) error {
	k.mu.Lock()
	current := k.current
	k.mu.Unlock()
	if !current {
		return nil
	}
	now := k.Now()
	err := k.lookAtAll(ctx, func(workspace string) (from, to time.Time) { return k.until[workspace], now })
	if err != nil {
		return err
	}
	for workspace := range k.until {
		k.until[workspace] = now
	}
	return nil
}

// lookAtAll looks at the promises of all workspaces that are due from one time on and before another; zero: any.
func (k *keeper) lookAtAll(ctx context.Context, span func(workspace string) (from, to time.Time)) error {
	names, err := k.State.PledgedWorkspaces()
	if err != nil {
		return err
	}
	for _, workspace := range names {
		from, to := span(workspace)
		var last *profiles.Pledged
		if !from.IsZero() {
			last = &profiles.Pledged{DueAt: from}
		}
		for ctx.Err() == nil {
			found, err := k.pledgedAfter(workspace, last, to)
			if err != nil {
				return err
			}
			all := make([]promised, len(found))
			for i := range found {
				all[i] = promised{workspace: workspace, observation: found[i].Observation}
			}
			if err := k.lookIn(ctx, workspace, all); err != nil {
				return err
			}
			if len(found) < keeperChunk {
				break
			}
			last = &found[len(found)-1]
		}
		if _, known := k.until[workspace]; !known {
			k.until[workspace] = from
		}
	}
	return ctx.Err()
}

func (k *keeper) pledgedAfter(workspace string, last *profiles.Pledged, to time.Time) (found []profiles.Pledged, err error) {
	view, err := k.State.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	return view.PledgedAfter(last, to, keeperChunk)
}

// lookIn looks at the promises of some of one workspace, once at those of each profile.
func (k *keeper) lookIn(ctx context.Context, workspace string, all []promised) (err error) {
	if len(all) == 0 {
		return nil
	}
	view, err := k.State.View(workspace)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	done := map[identity.ObservationID]bool{}
	var records []stream.Record
	for _, p := range all {
		ids := []identity.ObservationID{p.observation}
		if p.account != "" {
			if ids, err = view.PledgedOf(p.account); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if done[id] {
				continue
			}
			more, err := k.lookAt(ctx, view, workspace, id, done)
			if err != nil {
				return err
			}
			records = append(records, more...)
		}
	}
	return k.append(ctx, records)
}

// lookAt makes the records of what is found of the promises to one profile.
func (k *keeper) lookAt(ctx context.Context, view *state.Snapshot, workspace string, id identity.ObservationID, done map[identity.ObservationID]bool) ([]stream.Record, error) {
	now := k.Now().UTC().Truncate(time.Millisecond)
	to, err := profiles.PromisedTo(ctx, view, id, now)
	if errors.Is(err, privacy.ErrRestricted) {
		return nil, nil
	}
	if to == nil || err != nil {
		return nil, err
	}
	for _, o := range to.Observations {
		done[o] = true
	}
	var records []stream.Record
	for i := range to.Commitments {
		e := foundOf(workspace, &to.Commitments[i], now)
		if e == nil || k.sent[e.MessageID] {
			continue
		}
		if err := knowing(view, e); err != nil {
			return nil, err
		}
		value, err := event.Encode(e)
		if err != nil {
			return nil, fmt.Errorf("encode what became of a promise: %w", err)
		}
		records = append(records, stream.Record{
			Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
			ReceivedAt: e.ReceivedAt, Value: value,
		})
	}
	return records, nil
}

// knowing has an event say since when whom it is about is known.
func knowing(view *state.Snapshot, e *event.Event) error {
	o, err := view.Observation(e.Observation)
	if o == nil || err != nil {
		return err
	}
	e.Context = event.Written{Actor: event.Actor{Kind: event.AuthorSystem}, Known: o.FirstReceived}.Context()
	return nil
}

// foundOf is the event of what is found of a promise and nobody has said; nil if there is nothing.
func foundOf(workspace string, c *profiles.Commitment, now time.Time) *event.Event {
	e := &event.Event{
		Workspace: workspace, Source: event.SourceAgent, Type: event.TypeTrack, Observation: c.Observation,
		CX: &event.CX{CommitmentID: c.ID, AuthorRole: event.AuthorSystem, DueAt: c.DueAt},
	}
	switch {
	case c.Status == profiles.CommitmentKept && !c.Noted && c.Ended.MessageID == "":
		e.Name = event.NameCommitmentKept
		e.MessageID = foundID(e, c.Evidence.Source, c.Evidence.MessageID)
		e.Properties, _ = json.Marshal(profiles.CommitmentBody{Kind: c.Kind, Evidence: &c.Evidence}) // always encodes
	case c.Status == profiles.CommitmentMade && !c.DueAt.IsZero() && c.DueAt.Before(now):
		e.Name = event.NameCommitmentBroken
		e.MessageID = foundID(e, c.DueAt.Format(time.RFC3339Nano))
		e.Properties, _ = json.Marshal(profiles.CommitmentBody{Kind: c.Kind})
	default:
		return nil
	}
	e.Stamp(time.Time{}, time.Time{}, now)
	return e
}

// foundID names what was found of a promise, by what it is about.
func foundID(e *event.Event, about ...string) string {
	h := sha256.New()
	for _, text := range append([]string{e.Workspace, e.Name, string(e.Observation[:]), e.CX.CommitmentID}, about...) {
		h.Write(binary.AppendUvarint(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	return profiles.FoundPrefix + hex.EncodeToString(h.Sum(nil)[:16])
}

func (k *keeper) append(ctx context.Context, records []stream.Record) error {
	if len(records) == 0 {
		return nil
	}
	if _, err := k.Log.Append(ctx, records); err != nil {
		return fmt.Errorf("append what became of promises: %w", err)
	}
	if len(k.sent) > keeperSent {
		clear(k.sent)
	}
	for i := range records {
		k.sent[records[i].MessageID] = true
	}
	return nil
}
