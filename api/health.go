package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// Check says how one part of the server is.
type Check struct {
	Part string // log, state, unify, engine, sink, …
	// Required: without this part the server is not ready. Others are reported alone, such as the
	// engine, without which intake and context go on.
	Required bool
	// Check returns figures worth showing, such as {"lag": 12}, and an error when the part does
	// not work. Neither may hold anything of a customer: whoever reaches the server sees both. It
	// has DefaultReadyTimeout.
	Check func(ctx context.Context) (map[string]any, error)
}

type partView struct {
	Part     string         `json:"part"`
	OK       bool           `json:"ok"`
	Required bool           `json:"required"`
	Figures  map[string]any `json:"figures,omitempty"`
	Error    string         `json:"error,omitempty"`
}

type readyView struct {
	Ready bool       `json:"ready"`
	Parts []partView `json:"parts"`
}

// getHealth says that the process runs.
func getHealth(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"ok": true}) }

// getReady says how every part is: 503 when one that is required does not work.
func (a *API) getReady(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), DefaultReadyTimeout)
	defer cancel()
	v := readyView{Ready: true, Parts: make([]partView, len(a.Checks))}
	var wait sync.WaitGroup
	for i, check := range a.Checks {
		wait.Go(func() { v.Parts[i] = check.run(ctx) })
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

// run gives a check that does not heed its context up when time is over.
func (check *Check) run(ctx context.Context) partView {
	done := make(chan partView, 1)
	go func() {
		figures, err := check.Check(ctx)
		p := partView{Part: check.Part, Required: check.Required, OK: err == nil, Figures: figures}
		if err != nil {
			p.Error = err.Error()
		}
		done <- p
	}()
	select {
	case p := <-done:
		return p
	case <-ctx.Done():
		return partView{Part: check.Part, Required: check.Required, Error: "no answer within " + DefaultReadyTimeout.Truncate(time.Millisecond).String()}
	}
}
