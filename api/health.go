package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
)

// Check says how one part of the server is.
type Check struct {
	Part string // log, state, unify, engine, sink, …
	// Required: without this part the server is not ready. Others are reported alone, such as the
	// engine, without which intake and context go on.
	Required bool
	// Check returns figures worth showing, such as {"lag": 12}, and an error when the part does
	// not work. Whoever reaches the server sees the figures, which may hold nothing of a customer;
	// the error goes to the log alone. It has DefaultReadyTimeout.
	Check func(ctx context.Context) (map[string]any, error)
}

type partView struct {
	Part     string         `json:"part"`
	OK       bool           `json:"ok"`
	Required bool           `json:"required"`
	Figures  map[string]any `json:"figures,omitempty"`
}

type readyView struct {
	Ready bool       `json:"ready"`
	Parts []partView `json:"parts"`
}

// getHealth says that the process runs.
func getHealth(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"ok": true}) }

// getReady says how every part is: 503 when one that is required does not work. Why it does not is
// for the log, once each time that a part stops to work.
func (a *API) getReady(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), DefaultReadyTimeout)
	defer cancel()
	v := readyView{Ready: true, Parts: make([]partView, len(a.Checks))}
	var wait sync.WaitGroup
	for i, check := range a.Checks {
		wait.Go(func() {
			figures, err := check.run(ctx)
			v.Parts[i] = partView{Part: check.Part, Required: check.Required, OK: err == nil, Figures: figures}
			a.notice(c, check.Part, err)
		})
	}
	wait.Wait()
	for _, p := range v.Parts {
		v.Ready = v.Ready && (p.OK || !p.Required)
	}
	status := http.StatusOK
	if !v.Ready {
		status = http.StatusServiceUnavailable
	}
	c.JSON(status, v)
}

// notice logs that a part has stopped to work, or works again.
func (a *API) notice(c *gin.Context, part string, err error) {
	if err == nil {
		if _, was := a.down.LoadAndDelete(part); was {
			a.Logger.InfoContext(c.Request.Context(), "a part works again", slog.String("part", part))
		}
		return
	}
	if _, was := a.down.Swap(part, true); !was {
		a.Logger.WarnContext(c.Request.Context(), "a part does not work", slog.String("part", part), slog.Any("error", err))
	}
}

var errNoAnswer = errors.New("no answer in time")

// run gives a check that does not heed its context up when time is over.
func (check *Check) run(ctx context.Context) (map[string]any, error) {
	type result struct {
		figures map[string]any
		err     error
	}
	done := make(chan result, 1)
	go func() {
		figures, err := check.Check(ctx)
		done <- result{figures, err}
	}()
	select {
	case r := <-done:
		return r.figures, r.err
	case <-ctx.Done():
		return nil, errNoAnswer
	}
}
