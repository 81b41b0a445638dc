package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/browser"
	"tributary/api/problem"
)

// What the middlewares leave in gin's context.
const (
	requestIDKey = "request_id"
	keyKey       = "key"
	scopeKey     = "scope" // that the route asks for, once it is known that the key has it
)

const requestIDHeader = "X-Request-Id"

// identify gives every request an id: the client's if it is a plain word, else a new one.
func (a *API) identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !plainID(id) {
		id = uuid.NewString()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
}

func plainID(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// observe counts and logs every request. The path is logged as its pattern: the form with an
// address in it holds a customer's identifier.
func (a *API) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	took := time.Since(start)
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	a.metrics.done(c.Request.Method, route, c.Writer.Status(), took)
	attrs := []slog.Attr{
		slog.String("request_id", c.GetString(requestIDKey)),
		slog.String("method", method(c.Request.Method)),
		slog.String("route", route),
		slog.Int("status", c.Writer.Status()),
		slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
	}
	if key := keyOf(c); key != nil {
		attrs = append(attrs, slog.String("key_id", key.ID), slog.String("workspace", key.Workspace))
	}
	a.Logger.LogAttrs(c.Request.Context(), slog.LevelInfo, "request", attrs...)
}

// method keeps made-up methods out of logs and metrics.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// recover answers a panic with a problem document, and logs where it was and not what it said, for
// that may hold a customer's value.
func (a *API) recover(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		a.Logger.ErrorContext(c.Request.Context(), "panic in a handler",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()),
			slog.String("stack", string(debug.Stack())))
		c.Abort()
		if !c.Writer.Written() {
			write(c, problem.New(problem.Internal, ""))
		}
	}()
	c.Next()
}

// secure sets the headers that every answer has: none is to be stored, framed, sniffed or run.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	browser.Restrict(h, "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
}

// maxBody bounds what any route reads.
const maxBody = 64 << 10

func (a *API) limit(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	if path := c.FullPath(); path == streamPath || path == queryPath || path == savedRunPath { // as long as somebody listens; as a statement's own limits say
		c.Next()
		return
	}
	timeout := a.timeoutOf(c.FullPath())
	if timeout > a.Timeout {
		_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(timeout + reportWriting))
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), timeout)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// reportWriting is how long it may take to write an answer that took as long as a report may.
const reportWriting = 30 * time.Second

// timeoutOf bounds a route. What comes by MCP may ask for a report, and the route that it asks has its own bound.
func (a *API) timeoutOf(path string) time.Duration {
	switch {
	case path == mcpPath:
		return max(a.Timeout, a.ReportTimeout)
	case strings.HasPrefix(path, "/v1/journeys/"), strings.HasPrefix(path, "/v1/metrics/"):
		return a.ReportTimeout
	}
	return a.Timeout
}

func noRoute(c *gin.Context)  { write(c, problem.New(problem.NoRoute, "")) }
func noMethod(c *gin.Context) { write(c, problem.New(problem.BadMethod, "")) }
