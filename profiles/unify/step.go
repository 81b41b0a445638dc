package unify

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
)

// quantum is how many records of one partition are applied before it is the next one's turn. It
// bounds how long a step runs over its time.
const quantum = 32

// applier is the one goroutine that changes the state.
type applier struct {
	*Config
	trainer *trainer
	tx      *state.Tx
	turn    [stream.Lanes]int // whose turn it is
	newest  time.Time         // greatest received time applied
	expired time.Time         // when message ids were last expired

	// Of the step under way:
	began   time.Time
	taken   []*record
	entries []outbox.Entry
	touched []stale
	// segmented are those to judge; analyses is what workspaces analyse by, analysing those that do.
	segmented []reconsidered
	analyses  map[*state.Space]*analysed
	analysing []*analysed
	historian *historian
	asked     bool // the historian is at work, or its answer is being taken in:
	piece     *past
	erasing   []erasing
	// examined are looked at for refusals to carry; carried says that there are some for the log.
	examined []examined
	carried  bool
	carrier  *carrier
	keeper   *keeper
	// promised are observations whose promises are to be looked at once the step is committed.
	promised []promised
	// current: all is applied that the log held when the worker began. unseen: observations were noted till then.
	current, unseen bool
	report          Report
	// unsettled is what is to be resolved before the commit, by workspace; spaces is their order.
	unsettled map[*state.Space]*unsettled
	spaces    []*state.Space
	// minds are what workspaces decide by; open are those workspaces.
	// stuck are those over whose chores pure code panicked.
	minds map[*state.Space]*mind
	// judges are the contracts by which events of sources are judged.
	judges    map[judgeID][]term
	foresight foresight
	open      []*state.Space
	stuck     map[string]bool
	// arrived are the workspaces for which a new model arrived whole in this step.
	arrived []arrival
	chorer  int       // whose turn it is to have chores done
	decided time.Time // when a component over the bound was last decided about, or put off
	// poisoned holds the places of records in this step that pure code panicked over. After the
	// first panic the step is cautious.
	poisoned map[stream.Position]*fault
	cautious bool
}

func newApplier(c *Config, t *trainer) *applier {
	return &applier{
		Config: c, trainer: t, tx: c.State.Tx(),
		unsettled: map[*state.Space]*unsettled{}, poisoned: map[stream.Position]*fault{},
		minds: map[*state.Space]*mind{}, judges: map[judgeID][]term{}, stuck: map[string]bool{},
		analyses: map[*state.Space]*analysed{}, historian: newHistorian(c), keeper: newKeeper(c),
	}
}

// run makes steps until ctx ends or something fails. It ends between steps.
func (a *applier) run(ctx context.Context, fs *feeds) error {
	defer a.tx.Abort()
	if err := a.openAll(); err != nil {
		return err
	}
	if err := a.openAnalyses(); err != nil {
		return err
	}
	if err := a.contractsAhead(ctx, fs); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	a.wantModels()
	for ctx.Err() == nil {
		if err := fs.failure(); err != nil { // however busy the others are
			return err
		}
		if err := a.step(ctx, fs); err != nil {
			return err
		}
		if len(a.taken) > 0 || a.hasChores() || a.analysesNow() || a.unseen {
			continue
		}
		if err := a.wait(ctx, fs); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// step applies what is there, live first, and commits it.
func (a *applier) step(ctx context.Context, fs *feeds) error {
	a.began = a.Now()
	a.taken, a.report = a.taken[:0], Report{}
	if err := a.fill(ctx, fs); err != nil {
		return err
	}
	if len(a.taken) == 0 && !a.isDue() && !a.hasChores() && !a.judgeIsDue() && !a.analysesNow() && !a.unseen && a.current == fs.current() {
		return nil
	}
	if err := a.settleAll(ctx); err != nil {
		return err
	}
	if err := a.choresAll(ctx); err != nil {
		return err
	}
	if err := a.carryAll(ctx, fs); err != nil {
		return err
	}
	if err := a.settleErasures(fs); err != nil {
		return err
	}
	if err := a.analyseAll(ctx); err != nil {
		return err
	}
	if err := a.publishAll(ctx); err != nil {
		return err
	}
	return a.commit(fs)
}

// fill takes live records as long as the step lasts, less the share of the bulk lane, and then
// bulk ones: their share in any case, more if the step has room.
func (a *applier) fill(ctx context.Context, fs *feeds) error {
	live, err := a.drain(ctx, fs, stream.LaneLive, a.StepRecords-a.BulkRecords, 0)
	if err != nil {
		return err
	}
	bulk, err := a.drain(ctx, fs, stream.LaneBulk, a.StepRecords-live, a.BulkRecords)
	a.report.Live, a.report.Bulk = live, bulk
	return err
}

// drain applies up to limit records of a lane, a quantum of each partition in turn. It ends early
// when nothing is there, or when the step's time is over and at least sure records are done.
func (a *applier) drain(ctx context.Context, fs *feeds, lane stream.Lane, limit, sure int) (int, error) {
	feeds, done, idle := fs.lanes[lane], 0, 0
	for done < limit && idle < len(feeds) && ctx.Err() == nil {
		if done >= sure && len(a.taken) > 0 && a.Now().Sub(a.began) >= a.StepTime {
			break
		}
		f := feeds[a.turn[lane]%len(feeds)]
		a.turn[lane]++
		taken := f.take(min(quantum, limit-done), func(f *feed) bool { return fs.mustWait(f, a.tx.Offset) })
		if len(taken) == 0 {
			idle++
			continue
		}
		idle = 0
		done += len(taken)
		if err := a.applyAll(ctx, taken); err != nil {
			return done, err
		}
	}
	return done, nil
}

// applyAll applies records to the step.
func (a *applier) applyAll(ctx context.Context, records []*record) error {
	a.taken = append(a.taken, records...)
	fine, err := a.guard(ctx, func(current **record) error { return a.applyEach(ctx, records, current) })
	if err != nil || fine {
		return err
	}
	return a.redo(ctx)
}

// settleAll resolves what the step's records left open.
func (a *applier) settleAll(ctx context.Context) error {
	fine, err := a.guard(ctx, func(**record) error { return a.settle(ctx) })
	if err != nil || fine {
		return err
	}
	return a.redo(ctx)
}

// redo drops the step and does it again, without the records that pure code panicked over: what
// they left half done is gone with the step, and they go to the quarantine.
func (a *applier) redo(ctx context.Context) error {
	for {
		a.abort()
		a.entries, a.touched, a.arrived = a.entries[:0], a.touched[:0], a.arrived[:0]
		a.examined, a.erasing = a.examined[:0], a.erasing[:0]
		a.segmented = a.segmented[:0]
		a.forgetUnsettled()
		a.report, a.cautious = Report{Live: a.report.Live, Bulk: a.report.Bulk}, true
		fine, err := a.guard(ctx, func(current **record) error { return a.applyEach(ctx, a.taken, current) })
		if err != nil {
			return err
		}
		if fine {
			return errors.Join(a.openAll(), a.openAnalyses())
		}
	}
}

// guard calls f, which says what record it is at, and returns false if it panicked. Then that
// record is poisoned, if it is known.
func (a *applier) guard(ctx context.Context, f func(current **record) error) (fine bool, err error) {
	var current *record
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		place := "step"
		if current != nil {
			place = current.String()
			if a.poisoned[current.Position] != nil {
				err = fmt.Errorf("apply %s: panic even in quarantine: %v", place, p)
			}
			a.poisoned[current.Position] = &fault{stage: stageUnify, reason: reasonInternal, detail: panicDetail(p)}
		}
		a.Logger.ErrorContext(ctx, "panic while applying the log", "place", place, "detail", panicDetail(p), "stack", string(debug.Stack()))
		fine = false
	}()
	return true, f(&current)
}

func (a *applier) applyEach(ctx context.Context, records []*record, current **record) error {
	for _, r := range records {
		*current = r
		if err := a.apply(ctx, r); err != nil {
			return fmt.Errorf("apply %s: %w", r.Position, err)
		}
	}
	return nil
}

// commit writes the step: state, counts, offsets and outbox in one batch.
func (a *applier) commit(fs *feeds) error {
	for _, lane := range fs.lanes {
		for _, f := range lane {
			if f.moved {
				a.tx.SetOffset(f.partition, f.next)
				f.moved = false
			}
		}
	}
	if err := a.expire(); err != nil {
		return err
	}
	if err := errors.Join(a.saveChores(), a.saveAnalyses()); err != nil {
		return err
	}
	if err := a.Outbox.Append(a.tx.Batch(), a.entries); err != nil {
		return err
	}
	if err := a.tx.Commit(); err != nil {
		return err
	}
	if len(a.entries) > 0 {
		a.Outbox.Notify()
	}
	if a.carried {
		a.carried = false
		a.carrier.look()
	}
	a.keeper.look(a.promised, a.current)
	a.promised = a.promised[:0]
	clear(a.entries) // lets go of the events
	a.entries = a.entries[:0]
	clear(a.poisoned)
	a.cautious = false
	for _, m := range a.arrived {
		a.trainer.done(m.workspace, m.useful)
	}
	a.arrived = a.arrived[:0]
	a.wantModels()
	a.report.Took = a.Now().Sub(a.began)
	a.Metrics.Step(a.report)
	return nil
}

// expire forgets message ids once an hour, by the log's clock or ours, whichever is behind: a wrong
// clock must not make us forget what may still come again.
func (a *applier) expire() error {
	now := a.began
	if a.newest.Before(now) {
		now = a.newest
	}
	if now.Sub(a.expired) < time.Hour {
		return nil
	}
	a.expired = now
	return a.tx.Expire(now)
}

// errSkip says that a command cannot be carried out; it goes to the quarantine.
type errSkip struct{ reason, detail string }

func (e errSkip) Error() string { return e.reason + ": " + e.detail }

func asSkip(err error) (errSkip, bool) {
	var skip errSkip
	return skip, errors.As(err, &skip)
}
