// Package gateway is the HTTP intake: Segment's tracking API in front of the durable log. An event
// is acknowledged only after the log has it on disk.
//
// The requests it takes, and how they become events, are in README.md.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/bytedance/sonic"
	"github.com/gin-gonic/gin"
	"github.com/go-playground/validator/v10"

	"tributary/ingest/event"
	"tributary/ingest/ratelimit"
	"tributary/ingest/stream"
)

// Log is where events go.
type Log interface {
	// Append returns nil only after all records are durable; see stream.Log.
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Config holds what an operator may set. The zero value of RetryAfter, AppendTimeout and MemoryBytes
// is their default.
type Config struct {
	// EventsPerSecond is how many events each write key may send, in the mean, and Burst how many
	// more at once. 0 events per second is no limit. Burst defaults to twice the rate.
	EventsPerSecond float64 `yaml:"events_per_second" validate:"gte=0"`
	Burst           float64 `yaml:"burst" validate:"gte=0"`
	// ClientEventsPerSecond is how many events each client (event.Event.ClientID) may send by a write
	// key of the live lane, in the mean, and ClientBurst how many more at once. What is beyond is not
	// refused: it goes to the bulk lane. 0 events per second is no limit. ClientBurst defaults to a
	// hundred seconds' worth.
	ClientEventsPerSecond float64 `yaml:"client_events_per_second" validate:"gte=0"`
	ClientBurst           float64 `yaml:"client_burst" validate:"gte=0"`
	// RetryAfter is what clients are told to wait when the log takes nothing. Default 5 s.
	RetryAfter time.Duration `yaml:"retry_after" validate:"gte=0"`
	// AppendTimeout is the longest that a request waits for the log. Default 20 s.
	AppendTimeout time.Duration `yaml:"append_timeout" validate:"gte=0"`
	// MemoryBytes bounds what the bodies of the requests under way, and what is made of them for the
	// log, take together; deliveries of webhooks have half of it at most, or 16 MiB. A request beyond it is
	// answered with 503. Default 256 MiB, at least 16 MiB.
	MemoryBytes int64 `yaml:"memory_bytes" validate:"omitempty,gte=16777216"`
	// Now is the clock. Default time.Now.
	Now func() time.Time `yaml:"-"`
}

// Validate returns all faults of the configuration, joined.
func (c Config) Validate() error {
	var found validator.ValidationErrors
	if !errors.As(configRules.Struct(c), &found) {
		return nil
	}
	faults := make([]error, len(found))
	for i, f := range found {
		faults[i] = fmt.Errorf("%s: must be %s %s", f.Field(), comparisons[f.Tag()], f.Param())
	}
	return errors.Join(faults...)
}

var comparisons = map[string]string{"gte": "at least"}

// configRules names fields as the configuration file does.
var configRules = func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		return name
	})
	return v
}()

func (c Config) withDefaults() Config {
	if c.Burst == 0 {
		c.Burst = 2 * c.EventsPerSecond
	}
	c.Burst = max(c.Burst, 1)
	if c.ClientBurst == 0 {
		c.ClientBurst = 100 * c.ClientEventsPerSecond
	}
	if c.RetryAfter == 0 {
		c.RetryAfter = 5 * time.Second
	}
	if c.AppendTimeout == 0 {
		c.AppendTimeout = 20 * time.Second
	}
	if c.MemoryBytes == 0 {
		c.MemoryBytes = DefaultMemoryBytes
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Gateway serves the intake. It is safe for concurrent use.
type Gateway struct {
	config Config
	log    Log
	keys   Keys
	logger *slog.Logger
	limits *ratelimit.Limiter
	shares *shares
	memory memory
	// deliveries is the part of memory that webhooks may have.
	deliveries memory
	door       door
}

// New returns a gateway over a log and the write keys.
func New(c Config, log Log, keys Keys, logger *slog.Logger) (*Gateway, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	for _, v := range []any{payload{}, contextFields{}, personTraits{}, typedProperties{}, envelope{}, event.Event{}} {
		if err := sonic.Pretouch(reflect.TypeOf(v)); err != nil { // compile now, not in the first request
			return nil, fmt.Errorf("gateway: prepare decoder: %w", err)
		}
	}
	c = c.withDefaults()
	return &Gateway{
		config: c, log: log, keys: keys, logger: logger,
		limits: ratelimit.New(), shares: newShares(c.ClientEventsPerSecond, c.ClientBurst), memory: newMemory(c.MemoryBytes),
		deliveries: newMemory(max(c.MemoryBytes/2, LeastMemoryBytes)),
	}, nil
}

// Register adds the routes POST /v1/{identify,track,page,screen,group,alias,batch}, with OPTIONS
// for browsers, to r.
func (g *Gateway) Register(r gin.IRouter) {
	for _, route := range []event.Type{
		event.TypeIdentify, event.TypeTrack, event.TypePage, event.TypeScreen, event.TypeGroup, event.TypeAlias,
	} {
		r.POST("/v1/"+string(route), g.handler(func(rq *request) *Problem { return g.single(rq, route) }))
		r.OPTIONS("/v1/"+string(route), preflight)
		r.Match(otherMethods, "/v1/"+string(route), wrongMethod)
	}
	r.POST("/v1/batch", g.handler(g.batch))
	r.OPTIONS("/v1/batch", preflight)
	r.Match(otherMethods, "/v1/batch", wrongMethod)
}

var otherMethods = []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete}

func wrongMethod(c *gin.Context) {
	c.Header("Allow", "POST, OPTIONS")
	problem(http.StatusMethodNotAllowed, "method-not-allowed", "Events are sent with POST", "").write(c)
}

// Drain stops the gateway from taking new requests, which are answered with 503, and waits for
// those under way, whose events are durable when their answers are written. Call it before
// http.Server.Shutdown and before closing the log. It returns ctx's error if ctx ends first.
func (g *Gateway) Drain(ctx context.Context) error { return g.door.shut(ctx) }

// request is one request and what is known of it so far.
type request struct {
	*gin.Context
	key      WriteKey
	known    bool // key is set
	received time.Time
	body     *[]byte
	held     int64 // bytes of memory
	delivery int64 // of them, those of the deliveries' share
}

// handler wraps what all routes have in common.
func (g *Gateway) handler(serve func(*request) *Problem) gin.HandlerFunc {
	return func(c *gin.Context) {
		allowOrigin(c)
		if !g.door.enter() {
			p := unavailable("shutting-down", "The server is shutting down", g.config.RetryAfter)
			p.closeAfter = true
			p.write(c)
			return
		}
		defer g.door.leave()
		rq := request{Context: c, received: g.config.Now().UTC().Truncate(time.Millisecond), body: bodies.Get().(*[]byte)}
		defer bodies.Put(rq.body)
		defer g.letGo(&rq)
		if p := serve(&rq); p != nil {
			p.write(c)
		}
	}
}

// read authenticates by header, if there is one, and reads the body.
func (g *Gateway) read(rq *request, limit int) *Problem {
	if header := rq.Request.Header.Get("Authorization"); header != "" {
		user, ok := basicUser(header)
		if !ok {
			return unauthorized("Authorization must be Basic, with the write key as the user name and no password.")
		}
		if p := g.authenticate(rq, user); p != nil {
			return p
		}
	}
	header := rq.Request.Header
	if p := g.hold(rq, bodyRoom(rq.Request.ContentLength, header.Get("Content-Encoding") != "", limit)); p != nil {
		return p
	}
	return readBody(rq.Request, limit, rq.body)
}

// authenticate resolves the write key, unless the header did before, and asks whether it may send
// anything now.
func (g *Gateway) authenticate(rq *request, key string) *Problem {
	if rq.known {
		return nil
	}
	if key == "" {
		return unauthorized("Send the write key as the user name of basic authentication, or as writeKey in the body.")
	}
	var err error
	switch rq.key, err = g.keys.WriteKey(rq.Request.Context(), HashKey(key)); {
	case errors.Is(err, ErrUnknownKey):
		return unauthorized(refused(key))
	case err != nil && rq.Request.Context().Err() != nil:
		return gone()
	case err != nil:
		g.logger.ErrorContext(rq.Request.Context(), "resolve write key", "error", err)
		return unavailable("unavailable", "Write keys cannot be checked at present", g.config.RetryAfter)
	}
	rq.known = true
	if origin := rq.Request.Header.Get("Origin"); origin != "" && !rq.key.allows(origin) {
		return problem(http.StatusForbidden, "origin-refused", "The write key may not be used from this origin", "")
	}
	now := g.limits.Look(rq.key.ID, g.quota(&rq.key), rq.received)
	now.SetHeader(rq.Writer.Header(), ratePolicy)
	if wait := now.Wait(); wait > 0 {
		return limited(wait)
	}
	return nil
}

// ratePolicy names in headers what is limited: events a second.
const ratePolicy = "events"

func (g *Gateway) quota(key *WriteKey) ratelimit.Quota {
	return ratelimit.Quota{Rate: g.config.EventsPerSecond, Burst: g.config.Burst}.Or(key.EventsPerSecond)
}

// pay takes n events off what the key may send, and tells the client how it stands then.
func (g *Gateway) pay(rq *request, n int) {
	g.limits.Take(rq.key.ID, g.quota(&rq.key), n, rq.received).SetHeader(rq.Writer.Header(), ratePolicy)
}

// append makes the records durable.
func (g *Gateway) append(rq *request, records []stream.Record) *Problem {
	ctx, cancel := context.WithTimeout(rq.Request.Context(), g.config.AppendTimeout)
	defer cancel()
	at, err := g.log.Append(ctx, records)
	if errors.Is(err, stream.ErrFull) && inOwnLane(records, rq.key.Lane) { // the bulk lane stops first
		at, err = g.log.Append(ctx, records)
	}
	switch {
	case err == nil:
		rq.Header(stream.AfterHeader, stream.Acknowledge(rq.key.Workspace, at))
		g.shares.moved.Add(beyond(records, rq.key.Lane))
		return nil
	case errors.Is(err, stream.ErrFull):
		return unavailable("log-full", "There is no room for more events", g.config.RetryAfter)
	case errors.Is(err, stream.ErrTooLarge):
		return tooLarge("The log does not take records of this size.")
	case rq.Request.Context().Err() != nil:
		return gone()
	case ctx.Err() == nil:
		g.logger.ErrorContext(ctx, "append to log", "error", err, "records", len(records))
	}
	return unavailable("unavailable", "The log does not take events at present", g.config.RetryAfter)
}
