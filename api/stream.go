package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/live"
	"tributary/profiles/privacy"
)

// Defaults of Live.
const (
	DefaultListenersPerKey = 100
	DefaultListeners       = 2000
	DefaultHeartbeat       = 15 * time.Second
	DefaultRecheck         = 3 * time.Second
	DefaultStall           = time.Minute
)

// LiveFacts is what a stream looks up; state.Store has it.
type LiveFacts interface {
	LiveProfile(workspace string, id identity.ObservationID) (identity.ProfileID, error)
	LiveConsent(workspace string, profile identity.ProfileID) ([]consent.Register, error)
	Erasure(workspace string, id uuid.UUID) (*privacy.Record, error)
}

// Live is what streams of changes are made of. The zero value of every field but Hub and Facts is its default.
type Live struct {
	Hub   *live.Hub // nil: there are no streams
	Facts LiveFacts
	// PerKey and Total are how many may listen at a time. Defaults: 100 and 2000.
	PerKey, Total int
	// Heartbeat is how often a listener hears that nothing is new. Default 15 s.
	Heartbeat time.Duration
	// Recheck is how often it is looked up whether the listener's key still opens anything. Default 3 s.
	Recheck time.Duration
	// Stall ends a stream whose listener takes in nothing for so long. Default 1 minute.
	Stall time.Duration
}

func (l *Live) withDefaults() {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	set(&l.Heartbeat, DefaultHeartbeat)
	set(&l.Recheck, DefaultRecheck)
	set(&l.Stall, DefaultStall)
	if l.PerKey == 0 {
		l.PerKey = DefaultListenersPerKey
	}
	if l.Total == 0 {
		l.Total = DefaultListeners
	}
}

// EndStreams has all streams end. It is called when the server is to shut down, which waits for them.
func (a *API) EndStreams() {
	if a.Live.Hub != nil {
		a.Live.Hub.Close()
		a.streams.hurry()
	}
}

// farewell is how long a client may take to take in the rest once streams are to end.
const farewell = 5 * time.Second

// hurry lets go who takes nothing in, and not after Stall: the server waits for them.
func (s *streams) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.records {
		for l := range d.listeners {
			l.boundWrite()
		}
	}
}

// streamPath is the route whose answers last for as long as somebody listens.
const streamPath = "/v1/stream"

// streams are those who listen, and what was put on record of what they heard.
type streams struct {
	mu      sync.Mutex
	total   int
	byKey   map[string]int
	records map[toldID]*told
}

func newStreams() *streams {
	return &streams{byKey: map[string]int{}, records: map[toldID]*told{}}
}

// tooManyListeners is the problem of one listener more than there may be.
var tooManyListeners = problem.Kind{Name: problem.RateLimited.Name, Status: http.StatusTooManyRequests, Title: "Too many listen already"}

// enter counts a listener, until leave is called.
func (s *streams) enter(l *Live, payer string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byKey[payer] >= l.PerKey:
		return nil, problem.New(tooManyListeners, fmt.Sprintf("a key may have %d listeners at a time: end one, or let several share one", l.PerKey))
	case s.total >= l.Total:
		return nil, problem.New(tooManyListeners, "the server has as many listeners as it may have: try again later")
	}
	s.total++
	s.byKey[payer]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total--
		if s.byKey[payer]--; s.byKey[payer] == 0 {
			delete(s.byKey, payer)
		}
	}, nil
}

// getStream tells of changes, as Server-Sent Events, for as long as the client listens.
func (a *API) getStream(c *gin.Context) {
	filter, err := parseStreamFilter(c)
	if err == nil && a.Live.Hub == nil {
		err = problem.New(problem.Unavailable, "this server tells of no changes")
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	leave, err := a.streams.enter(&a.Live, keyOf(c).Payer())
	if err != nil {
		a.fail(c, err)
		return
	}
	defer leave()
	a.metrics.stream.listeners.Inc()
	defer a.metrics.stream.listeners.Dec()
	s := &listening{api: a, c: c, x: readingOf(c), key: keyOf(c), filter: filter, control: http.NewResponseController(unwrapped(c.Writer))}
	defer s.close()
	if err := s.open(); err != nil {
		a.fail(c, err)
		return
	}
	s.run(c.Request.Context())
}

// unwrapped is the server's own writer: gin's says of no flush that it failed.
func unwrapped(w http.ResponseWriter) http.ResponseWriter {
	if inner, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return unwrapped(inner.Unwrap())
	}
	return w
}

// listening is one who listens.
type listening struct {
	api      *API
	c        *gin.Context
	x        *reading
	key      *auth.Key
	filter   streamFilter
	listener *live.Listener
	told     *told
	control  *http.ResponseController
	deaf     bool // nothing that is written arrives any more
	caughtUp bool // it has heard, once, all that there was
	lagging  bool // since then it fell behind what listeners share

	who      identity.ObservationID // whom it is about alone; zero: anybody
	profile  identity.ProfileID     // whose that is now
	was      []formerly
	level    verificationView
	audience audience
	gates    map[live.Kind]gate

	place live.Place
	until uint64 // of one that does not follow: the newest entry when it began
	out   []byte
	array *outArray // in which out begins; nil: nothing is to be written
}

func (s *listening) close() {
	if s.listener != nil {
		s.listener.Close()
	}
	if s.told != nil {
		s.api.streams.forget(s.told, s)
	}
	if s.lagging {
		s.api.metrics.stream.lagging.Dec()
	}
}

// open finds out whom the stream is about and where it begins, and writes its head.
func (s *listening) open() (err error) {
	ctx, cancel := context.WithTimeout(s.c.Request.Context(), s.api.Timeout)
	defer cancel()
	if err := s.about(ctx); err != nil {
		return err
	}
	if s.listener, err = s.api.Live.Hub.Listen(s.key.Workspace); err != nil {
		if errors.Is(err, live.ErrClosed) {
			err = problem.New(problem.Unavailable, "the server is shutting down")
		}
		return err
	}
	if s.until, err = s.listener.Newest(); err != nil {
		return err
	}
	s.level = s.x.verification(s.api)
	if err := s.hear(); err != nil {
		return err
	}
	s.told = s.api.streams.record(toldID{s.key.Workspace, s.key.Actor(), s.audience}, s)
	reset := s.begin()
	// The record of the disclosure of whom the stream is about is made with this.
	head, err := s.api.body(s.c, s.head())
	if err != nil {
		return err
	}
	_ = s.control.SetReadDeadline(time.Time{}) // it is over when the client goes
	boundSocket(s.c.Request)
	h := s.c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	s.c.Status(http.StatusOK)
	// Listeners who were all cut off at once come again one after another.
	s.out = append(strconv.AppendInt(append(s.buffer(), "retry: "...), 2000+rand.Int64N(3000), 10), "\n\n"...)
	s.event("open", head, s.place)
	if reset != nil {
		return s.notice("reset", reset)
	}
	return s.flush()
}

// about looks up whom the stream is about, if it is about one alone. Who is bound to somebody hears of nobody else.
func (s *listening) about(ctx context.Context) error {
	address := s.filter.address
	switch session := s.key.Session; {
	case session != nil && address != nil:
		s.api.noteForeign(s.c, s.key)
		return errForeign()
	case session != nil:
		address = profiles.Address{{Type: profiles.TypeProfile, Value: session.Observation.String()}}
	case address == nil && ofCustomer(s.key):
		address = profiles.Address{identity.Identifier(s.key.Customer)}
	}
	if address == nil {
		return nil
	}
	found, err := s.api.Profiles.Get(ctx, s.key.Workspace, address)
	if err != nil {
		return err
	}
	s.who, s.profile = found.Profile.ID, found.Profile.ID
	if s.key.Session != nil {
		s.who = s.key.Session.Observation
	}
	return nil
}

// boundWrite bounds how long a client takes to take in what is written.
func (s *listening) boundWrite() {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.api.Live.Stall))
	select {
	case <-s.api.Live.Hub.Done(): // and whoever sees it later sets it again
		_ = s.control.SetWriteDeadline(time.Now().Add(min(farewell, s.api.Live.Stall)))
	default:
	}
}

// bound says whether the listener is to hear of nobody but one.
func (s *listening) bound() bool { return s.key.Session != nil || ofCustomer(s.key) }
