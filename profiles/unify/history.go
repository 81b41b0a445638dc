package unify

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/analysis"
	"tributary/profiles/state"
)

// A new computed trait takes in what was stored before it was declared: the events at offsets before those
// that were applied when its document was. They are read where they are kept, beside the applier, and
// taken in between records. How far that is stands in the state, in the batch of what it did, so nothing is
// taken in twice or passed over, whatever is killed. A replayed event comes in late and stands at its old
// place: it is noted (analysed.take), and passed over when it is met.

// History reads stored events.
type History interface {
	// Ready returns nil once all that was committed to the outbox before the call can be read.
	Ready(ctx context.Context) error
	// Events returns the stored events of a workspace in a partition, from <= offset < to, ascending by
	// offset, at most max of them, and the offset before which there are no others.
	Events(ctx context.Context, workspace string, partition stream.Partition, from, to uint64, max int) (events []PastEvent, next uint64, err error)
}

// PastEvent is a stored event. Nobody changes it.
type PastEvent struct {
	Offset      uint64
	Observation identity.ObservationID
	Event       *event.Event
}

const (
	historyRead = 20_000 // events that are read at a time
	historyStep = 1_000  // of which a step takes in so many
	// How long to wait before another try where events cannot be read.
	historyWait    = time.Second
	maxHistoryWait = time.Minute
)

// pastQuery asks for a piece of the history of a generation.
type pastQuery struct {
	workspace  string
	generation uint32
	partition  stream.Partition
	from, to   uint64
}

// past is the answer.
type past struct {
	pastQuery
	events []PastEvent
	next   uint64
}

// historian reads history beside the applier, one piece at a time.
type historian struct {
	*Config
	wanted chan pastQuery
	found  chan past
	wake   chan<- struct{} // the applier's
}

func newHistorian(c *Config) *historian {
	return &historian{Config: c, wanted: make(chan pastQuery, 1), found: make(chan past, 1)}
}

func (h *historian) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-h.wanted:
			p, err := h.insist(ctx, q)
			if err != nil {
				return // ctx ended
			}
			h.found <- p // there is room: only one is asked for
			select {
			case h.wake <- struct{}{}:
			default:
			}
		}
	}
}

// insist reads until it can be read: while the analytics store is away, history waits.
func (h *historian) insist(ctx context.Context, q pastQuery) (past, error) {
	for wait := historyWait; ; wait = min(2*wait, maxHistoryWait) {
		p, err := h.read(ctx, q)
		if err == nil || ctx.Err() != nil {
			return p, errors.Join(err, ctx.Err())
		}
		h.Logger.WarnContext(ctx, "stored events cannot be read; computed traits wait for them", "workspace", q.workspace, "wait", wait, "error", err)
		select {
		case <-ctx.Done():
			return past{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (h *historian) read(ctx context.Context, q pastQuery) (p past, err error) {
	if err := h.History.Ready(ctx); err != nil {
		return p, err
	}
	p.pastQuery = q
	p.events, p.next, err = h.History.Events(ctx, q.workspace, q.partition, q.from, q.to, historyRead)
	if err == nil && (p.next <= q.from || p.next > q.to) {
		err = fmt.Errorf("history of partition %d ends at %d, which is not between %d and %d", q.partition, p.next, q.from, q.to)
	}
	return p, err
}

// askHistory asks for the next piece, if something is to be read and nothing is under way.
func (a *applier) askHistory() {
	if a.asked || a.History == nil {
		return
	}
	for _, an := range a.analysing {
		for _, g := range an.progress.Generations {
			if g.History == nil || an.fresh {
				continue
			}
			partition, end := g.History.At()
			a.historian.wanted <- pastQuery{an.space.Name(), g.Number, partition, g.History.From, end}
			a.asked = true
			return
		}
	}
}

// hasHistory says whether a piece is there to be taken in.
func (a *applier) hasHistory() bool { return a.piece != nil || len(a.historian.found) > 0 }

// learnHistory takes in some of the piece that is there.
func (a *applier) learnHistory() error {
	if a.piece == nil {
		select {
		case p := <-a.historian.found:
			a.piece = &p
		default:
			return nil
		}
	}
	p := a.piece
	space, err := a.tx.Workspace(p.workspace)
	if err != nil {
		return err
	}
	an, err := a.analysisOf(space)
	if err != nil {
		return err
	}
	g := an.awaiting(p)
	if g == nil { // other definitions came meanwhile
		a.piece, a.asked = nil, false
		return nil
	}
	n := min(historyStep, len(p.events))
	for i := range p.events[:n] {
		if err := a.remember(an, g, p.partition, &p.events[i]); err != nil {
			return err
		}
	}
	if n > 0 {
		p.from = p.events[n-1].Offset + 1
	}
	if p.events = p.events[n:]; len(p.events) == 0 {
		p.from = p.next
		a.piece, a.asked = nil, false
	}
	return an.advance(g, p.from)
}

// awaiting returns the generation that a piece is for, if it goes on where that stands.
func (an *analysed) awaiting(p *past) *analysis.Generation {
	if an == nil {
		return nil
	}
	for _, g := range an.progress.Generations {
		if g.Number != p.generation || g.History == nil {
			continue
		}
		if partition, _ := g.History.At(); partition == p.partition && g.History.From == p.from {
			return g
		}
	}
	return nil
}

// remember takes in one event of the past. One over which pure code panics is passed over.
func (a *applier) remember(an *analysed, g *analysis.Generation, partition stream.Partition, e *PastEvent) (err error) {
	defer func() {
		if p := recover(); p != nil {
			at := stream.Position{Partition: partition, Offset: e.Offset}
			a.Logger.Error("panic over a stored event", "place", at.String(), "detail", panicDetail(p), "stack", string(debug.Stack()))
			err = nil
		}
	}()
	if g.History.Taken {
		taken, err := an.space.Taken(g.Number, stream.Position{Partition: partition, Offset: e.Offset})
		if taken || err != nil {
			return err
		}
	}
	if erasedBefore(an.space, state.Stamp{At: e.Event.ReceivedAt}, e.Observation) {
		return nil // since it was read, and who was erased may have come again
	}
	if o, err := an.space.Observed(e.Observation); o == nil || err != nil {
		return err
	}
	if program := g.Program(); program.Concerns(e.Event) {
		program.Observe(e.Event, an.space.Values(g.Number, e.Observation))
	}
	return nil
}

// advance says how far the history of a generation is. When it is whole, everybody is judged again.
func (an *analysed) advance(g *analysis.Generation, to uint64) error {
	an.dirty = true
	at := an.space.Clock().At
	if !g.History.Advance(to) {
		return nil
	}
	if g.History.Taken {
		if err := an.space.DropTaken(g.Number); err != nil {
			return err
		}
	}
	g.History = nil
	e := &analysis.Everybody{At: at, Rows: choreRows}
	if was := an.progress.Everybody; was != nil {
		*e = *was
		e.After = identity.ObservationID{}
	}
	an.progress.Everybody, an.fresh = e, true
	return nil
}
