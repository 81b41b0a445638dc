package unify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/identity"
	"tributary/identity/match"
)

// Status says how far a workspace has come in deciding who is who.
type Status struct {
	// Settled: nothing is pending and the model was trained on just what there is. Who is who is then a
	// function of the set of records, whatever the order in which they came.
	Settled bool `json:"identity_settled"`
	// Model is the number of the model in force; 0 are the weights that ship with the program.
	Model uint32 `json:"model"`
	// Trained is how many observations it was trained on, Comparable how many there are that say
	// enough to be compared.
	Trained    uint64 `json:"trained"`
	Comparable uint64 `json:"comparable"`
	// Pending names what is under way: "model" (one is arriving), "relink" (everything is compared
	// anew under it), "resolve" (everything is decided again), "oversized" (a component over the bound).
	Pending []string `json:"pending,omitempty"`
	// Moved is how many times an observation went from one profile to another, ever.
	Moved uint64 `json:"moved"`
}

// Tasks reads the documents that tell of it: a state.Snapshot is one.
type Tasks interface {
	Task(name string) ([]byte, error)
	Rules() ([]byte, error)
}

// ReadStatus reads the status of a snapshot's workspace.
func ReadStatus(from Tasks) (Status, error) {
	c, err := readChores(from)
	if err != nil {
		return Status{}, err
	}
	encoded, err := from.Rules()
	if err != nil {
		return Status{}, err
	}
	rules, err := identity.ParseRules(encoded)
	if err != nil {
		return Status{}, fmt.Errorf("read rules: %w", err)
	}
	enabled := rules.Expanded().Matching.Enabled
	s := Status{Settled: c.settled(hashRules(rules), enabled == nil || *enabled), Model: c.force.Model, Trained: c.force.Count, Comparable: c.known.Count, Moved: c.moved}
	for _, p := range []struct {
		name string
		is   bool
	}{
		{pendingModel, c.parts != nil}, {taskRelink, c.relink != nil}, {taskResolve, c.resolve != nil}, {taskOversized, c.oversized != nil},
	} {
		if p.is {
			s.Pending = append(s.Pending, p.name)
		}
	}
	return s, nil
}

// Status returns the status of a workspace.
func (w *Worker) Status(workspace string) (Status, error) {
	view, err := w.config.State.View(workspace)
	if err != nil {
		return Status{}, fmt.Errorf("read status: %w", err)
	}
	s, err := ReadStatus(view)
	if closed := view.Close(); err == nil {
		err = closed
	}
	return s, err
}

// Precision says how precise merges by score are: estimated by the model itself, which rules set the
// threshold by, and measured on the pairs that people decided about, once there are some.
type Precision struct {
	Estimated float64 `json:"estimated"`
	match.Measured
}

// Precision returns that of the model in force in a workspace.
func (w *Worker) Precision(workspace string) (p Precision, err error) {
	view, err := w.config.State.View(workspace)
	if err != nil {
		return p, fmt.Errorf("read precision: %w", err)
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	engine, err := engineOf(w.config.Engine, view)
	if err != nil {
		return p, fmt.Errorf("read precision: %w", err)
	}
	p.Estimated, p.High = engine.Matching().MergePrecision, 1
	number, encoded, err := view.Model()
	if number == 0 || err != nil {
		return p, err
	}
	model, err := ReadModel(w.config.Hasher, workspace, number, encoded)
	if err != nil {
		return p, fmt.Errorf("read precision: %w", err)
	}
	p.Measured = model.MeasuredPrecision(p.Estimated)
	return p, nil
}

// Undecided lists the workspaces in which something is under way.
func (w *Worker) Undecided() ([]string, error) {
	all, err := w.config.State.Busy()
	if err != nil {
		return nil, fmt.Errorf("find what is undecided: %w", err)
	}
	undecided := all[:0]
	for _, workspace := range all {
		s, err := w.Status(workspace)
		if err != nil {
			return nil, err
		}
		if len(s.Pending) > 0 {
			undecided = append(undecided, workspace)
		}
	}
	return undecided, nil
}

// pendingModel is in Status.Pending while a model is arriving.
const pendingModel = "model"

// Decided waits until everything is decided by the rules and the model of now, whether or not a new
// model is due. It fails as Settle does.
func (w *Worker) Decided(ctx context.Context, workspace string) error {
	return w.poll(ctx, workspace, func(s *Status) bool {
		return !slices.Contains(s.Pending, taskResolve) && !slices.Contains(s.Pending, taskOversized)
	})
}

// settlePoll is how often Settle looks.
const settlePoll = 20 * time.Millisecond

// Settle has a model trained on all that is there, if the one in force was not, and waits until
// nothing is pending. While more comes all the time it does not end. It fails with ctx's error, and
// with ErrStopped when the worker ends.
func (w *Worker) Settle(ctx context.Context, workspace string) error {
	return w.poll(ctx, workspace, func(s *Status) bool {
		if !s.Settled && (len(s.Pending) == 0 || slices.Equal(s.Pending, []string{pendingModel})) { // whose other parts may never come
			w.trainer.want(workspace)
		}
		return s.Settled
	})
}

// poll looks at the status until it is as wanted.
func (w *Worker) poll(ctx context.Context, workspace string, wanted func(*Status) bool) error {
	ticker := time.NewTicker(settlePoll)
	defer ticker.Stop()
	for {
		s, err := w.Status(workspace)
		if err != nil || wanted(&s) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.life.Done():
			return ErrStopped
		case <-ticker.C:
		}
	}
}
