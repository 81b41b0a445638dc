package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/stream"
	"tributary/profiles"
)

// Lineage knows what was taken from a person since an earlier answer; profiles.Service does.
type Lineage interface {
	Changed(ctx context.Context, workspace string, known profiles.Known, now *profiles.Answer) (*profiles.Change, error)
}

// Worker says when a record is applied; unify.Worker does.
type Worker interface {
	Applied(ctx context.Context, pos stream.Position) error
}

// The parts of a context that may be late.
const (
	partAfter   = "after"   // what was acknowledged is not applied: the facts may be without it
	partProfile = "profile" // without it there is no answer
)

// gathered is what a context is made of.
type gathered struct {
	answer *profiles.Answer
	change *profiles.Change
	late   []lateView
}

// withinBudget ends a request's time with its budget: whatever it waits for, the record of the disclosure included, it
// waits no longer. The caller calls what is returned.
func (a *API) withinBudget(c *gin.Context, budget time.Duration) context.CancelFunc {
	if budget == 0 {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), budget)
	c.Request = c.Request.WithContext(ctx)
	return cancel
}

// gather reads the parts of a context. What is acknowledged is waited for at most three quarters of the budget, so
// that the profile can still be read; without a budget for half of the time that a request has.
func (a *API) gather(c *gin.Context, ask *contextAsk) (*gathered, error) {
	g := &gathered{}
	wait := a.Timeout / 2
	if ask.budget > 0 {
		wait = ask.budget * 3 / 4
	}
	if late, err := a.await(c.Request.Context(), ask.after, wait); err != nil {
		return nil, err
	} else if late != nil {
		g.late = append(g.late, *late)
	}
	if ask.budget == 0 {
		return g, a.readContext(c.Request.Context(), keyOf(c).Workspace, ask, g)
	}
	return g, a.readBeside(c, ask, g)
}

// await waits until what was acknowledged is applied, and says so if that is late.
func (a *API) await(ctx context.Context, after []stream.Position, most time.Duration) (*lateView, error) {
	if len(after) == 0 {
		return nil, nil
	}
	begun := time.Now()
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for _, pos := range after {
		if err := a.Worker.Applied(waiting, pos); err != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return &lateView{Part: partAfter, WaitedMS: time.Since(begun).Milliseconds()}, nil
		}
	}
	return nil, nil
}

func (a *API) readContext(ctx context.Context, workspace string, ask *contextAsk, g *gathered) (err error) {
	if g.answer, err = a.Profiles.Get(ctx, workspace, ask.address); err != nil {
		return err
	}
	g.change, err = a.Lineage.Changed(ctx, workspace, ask.known, g.answer)
	return err
}

// readBeside is readContext that is left behind when the request's time ends. It keeps an account of its own of what is
// read, which counts when it is in time.
func (a *API) readBeside(c *gin.Context, ask *contextAsk, g *gathered) error {
	x, own := readingOf(c), &reading{}
	*own = *x
	own.asked, own.others, own.said = nil, nil, nil
	ctx := context.WithValue(c.Request.Context(), readingContextKey{}, own)
	workspace, part := keyOf(c).Workspace, &gathered{}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				a.Logger.ErrorContext(ctx, "panic in a handler", slog.String("stack", string(debug.Stack())))
				done <- fmt.Errorf("read of a context panicked")
			}
		}()
		done <- a.readContext(ctx, workspace, ask, part)
	}()
	select {
	case err := <-done:
		if err == nil {
			x.asked, x.others, x.said = append(x.asked, own.asked...), append(x.others, own.others...), append(x.said, own.said...)
			g.answer, g.change = part.answer, part.change
		}
		return tooLate(ctx, err)
	case <-ctx.Done():
		return tooLate(ctx, ctx.Err())
	}
}

// tooLate is the problem of a profile that was not read within budget_ms.
func tooLate(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return problem.New(problem.Unavailable, "the part "+partProfile+" did not come within budget_ms, and without it there is no answer")
	}
	return err
}
