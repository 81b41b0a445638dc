package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"tributary/ingest/connector"
)

func faultChecks() []check {
	after := []string{"pull/again"}
	return []check{
		{name: "pull/rate_limited", after: after, run: rateLimited,
			proves: "After 429 the vendor is not asked again before Retry-After, in seconds or as a date, and nothing is lost."},
		{name: "pull/server_error", after: after, run: serverError,
			proves: "A passing 5xx loses nothing; one that stays ends in an error after a few tries."},
		{name: "pull/connection", after: after, run: connectionLost,
			proves: "A connection that is reset before or amid an answer loses nothing."},
		{name: "pull/partial_page", after: after, run: partialPage,
			proves: "A page that breaks off in the middle, or is not the API's at all, loses nothing."},
		{name: "pull/unauthorized", after: after, run: unauthorized,
			proves: "401 and 403 end in an error that says so, holds no secret, and is not tried over and over."},
		{name: "pull/credentials", after: after, run: credentials,
			proves: "Requests carry the configured credentials."},
		{name: "pull/other_host", after: after, run: otherHost,
			proves: "An address on another server, given as the next page, is refused: the credentials stay at home."},
		{name: "pull/rate", after: after, run: rateHeld,
			proves: "Requests stay within Connector.Rate."},
	}
}

const (
	// small pages make several requests of few fixtures.
	small = 2
	// mostPlaces bounds at how many requests a fault is tried.
	mostPlaces = 16
)

// places are the numbers of requests to put a fault at: of a clean pull in small pages, evenly.
func (s *suite) places(ctx context.Context) ([]int, error) {
	r, err := s.whole(ctx, scenario{pageSize: small})
	if err != nil {
		return nil, err
	}
	n := r.v.requests()
	var all []int
	for at := 0; at < n; at += max(1, (n+mostPlaces-1)/mostPlaces) {
		all = append(all, at)
	}
	return all, nil
}

// once is a fault at one request.
func once(at int, f http.HandlerFunc) fault {
	return func(v visit, w http.ResponseWriter, r *http.Request) bool {
		if v.n == at {
			f(w, r)
		}
		return v.n == at
	}
}

// everywhere plays a scenario with a fault at each place in turn, and compares what comes.
func (s *suite) everywhere(ctx context.Context, f *findings, what string, make func(at int) fault, also func(at int, r *run)) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	places, err := s.places(ctx)
	if err != nil {
		f.add("pull/", "", "in pages of %d: %v", small, err)
		return
	}
	for _, at := range places {
		r, err := s.whole(ctx, scenario{pageSize: small, fault: make(at)})
		s.same(want, r, err, fmt.Sprintf("with %s at request %d", what, at+1), f)
		if also != nil && err == nil {
			also(at, r)
		}
	}
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func rateLimited(ctx context.Context, s *suite, f *findings) {
	for _, wait := range []time.Duration{17 * time.Second, 10 * time.Minute} {
		paused := func(at int, r *run) {
			times := r.v.times()
			if len(times) <= at+1 {
				f.add("pull/", "Ask again.", "after 429 at request %d nothing is asked any more", at+1)
			} else if got := times[at+1].Sub(times[at]); got < wait {
				f.add("pull/", "Wait through Config.Wait as long as Retry-After says, or return a *connector.RetryError.",
					"after 429 with Retry-After of %v at request %d the next request comes after %v", wait, at+1, got)
			}
		}
		s.everywhere(ctx, f, "429 and Retry-After in seconds", func(at int) fault {
			return once(at, status(http.StatusTooManyRequests, strconv.Itoa(int(wait.Seconds()))))
		}, paused)
		if f.NotApplicable != "" {
			return
		}
		s.everywhere(ctx, f, "429 and Retry-After as a date", func(at int) fault {
			return limitedUntil(at, wait)
		}, paused)
	}
}

// limitedUntil answers 429 at a request, with the date until which to wait, by the vendor's clock.
func limitedUntil(at int, wait time.Duration) fault {
	return func(v visit, w http.ResponseWriter, r *http.Request) bool {
		if v.n == at {
			status(http.StatusTooManyRequests, v.clock.Now().Add(wait+time.Second).UTC().Format(http.TimeFormat))(w, r)
		}
		return v.n == at
	}
}

func serverError(ctx context.Context, s *suite, f *findings) {
	for _, code := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		s.everywhere(ctx, f, strconv.Itoa(code), func(at int) fault { return once(at, status(code, "")) }, nil)
		if f.NotApplicable != "" {
			return
		}
	}
	_ = s.givesUp(ctx, f, "502 to every request", status(http.StatusBadGateway, ""), 20)
}

// givesUp sees that a page ends in an error when every request is answered in one way, after at most
// so many requests.
func (s *suite) givesUp(ctx context.Context, f *findings, what string, always http.HandlerFunc, most int) error {
	var failed error
	_, err := s.play(scenario{fault: func(_ visit, w http.ResponseWriter, r *http.Request) bool {
		always(w, r)
		return true
	}}, func(r *run) error {
		_, failed = r.page(ctx)
		if n := r.v.requests(); n > most {
			f.add("pull/", "Leave it to the runtime to try again later; see connector.API.", "with %s, one page asks %d times", what, n)
		}
		return nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		f.add("pull/", "Return the error: what is not fetched is not the end.", "%s passes for a page", what)
	}
	return err
}

func connectionLost(ctx context.Context, s *suite, f *findings) {
	s.everywhere(ctx, f, "a connection reset", func(at int) fault {
		return once(at, func(w http.ResponseWriter, _ *http.Request) { reset(w) })
	}, nil)
	if f.NotApplicable != "" {
		return
	}
	s.everywhere(ctx, f, "a connection reset amid the answer", func(at int) fault {
		return func(v visit, w http.ResponseWriter, r *http.Request) bool {
			if v.n == at {
				ask(v.api, r).begin(w)
				reset(w)
			}
			return v.n == at
		}
	}, nil)
}

func partialPage(ctx context.Context, s *suite, f *findings) {
	part := func(cut func([]byte) []byte) func(at int) fault {
		return func(at int) fault {
			return func(v visit, w http.ResponseWriter, r *http.Request) bool {
				if v.n == at {
					a := ask(v.api, r)
					a.send(w, cut(a.body.Bytes()))
				}
				return v.n == at
			}
		}
	}
	s.everywhere(ctx, f, "half a page, sent as if it were whole,", part(func(body []byte) []byte { return body[:len(body)/2] }), nil)
	if f.NotApplicable != "" {
		return
	}
	s.everywhere(ctx, f, "an empty answer", part(func([]byte) []byte { return nil }), nil)
	s.everywhere(ctx, f, "a proxy's page", part(func([]byte) []byte { return []byte("<html>Please wait</html>") }), nil)
}

func unauthorized(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		what := strconv.Itoa(code) + " to every request"
		err := s.givesUp(ctx, f, what, status(code, ""), 2)
		if err == nil {
			continue
		}
		var refused *connector.StatusError
		if !errors.As(err, &refused) {
			f.add("pull/", "Return the *connector.StatusError of connector.API.", "with %s the error is no StatusError: %v", what, err)
		}
		if repeats(err.Error(), s.secrets()) {
			f.add("pull/", "Leave it out.", "with %s the error holds a secret", what)
		}
	}
}

// credentials sees that other secrets are refused by the subject's API, so that the right ones are
// shown to be sent.
func credentials(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	refused := false
	for _, setting := range s.Connector.Settings {
		value := s.Settings[setting.Name]
		if setting.Kind != connector.KindSecret || value == "" {
			continue
		}
		_, err := s.play(scenario{changes: map[string]string{setting.Name: similar(value)[0]}}, func(r *run) error {
			_, err := r.page(ctx)
			return err
		})
		refused = refused || err != nil
	}
	if !refused {
		f.add("pull/", "Send them, and have Subject.API answer 401 to others.", "whatever the secrets of the settings are, the API answers")
	}
}

func otherHost(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	want, ok := s.baselinePull(ctx, f)
	if !ok {
		return
	}
	var reached atomic.Bool
	trap, err := s.vendor(s.records, small, func(_ visit, w http.ResponseWriter, _ *http.Request) bool {
		reached.Store(true)
		w.WriteHeader(http.StatusTeapot)
		return true
	})
	if err != nil {
		f.add("", "", "%v", err)
		return
	}
	defer trap.Close()
	var led atomic.Bool
	r, err := s.play(scenario{pageSize: small, fault: func(v visit, w http.ResponseWriter, r *http.Request) bool {
		a := ask(v.api, r)
		home, away := []byte(r.Host), []byte(trap.url[len("http://"):])
		body := bytes.ReplaceAll(a.body.Bytes(), home, away)
		for name, values := range a.header {
			for i, value := range values {
				a.header[name][i] = string(bytes.ReplaceAll([]byte(value), home, away))
				led.Store(led.Load() || a.header[name][i] != value)
			}
		}
		led.Store(led.Load() || !bytes.Equal(body, a.body.Bytes()))
		a.send(w, body)
		return true
	}}, func(r *run) error { return r.toEnd(ctx) })
	switch {
	case !led.Load():
		f.notApplicable("the API gives no addresses of its own")
	case reached.Load():
		f.add("pull/", "Ask through connector.API, which refuses it.", "a next page on another server is asked for, with the credentials")
	case err == nil:
		s.same(want, r, nil, "with next pages on another server", f)
	}
}

// mostPolls bounds how often a vendor is asked for the sake of pull/rate.
const mostPolls = 3000

func rateHeld(ctx context.Context, s *suite, f *findings) {
	if !s.needsPuller(f) {
		return
	}
	rate := s.Connector.Rate
	if rate.Requests == 0 {
		f.notApplicable("no limit is declared (Connector.Rate)")
		return
	}
	r, err := s.play(scenario{pageSize: 1}, func(r *run) error {
		for i := 0; i < mostPolls && r.v.requests() <= rate.Requests+1; i++ {
			if _, err := r.page(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.add("pull/", "", "asked again and again it ends with: %v", err)
		return
	}
	times := r.v.times()
	for i := rate.Requests; i < len(times); i++ {
		if span := times[i].Sub(times[i-rate.Requests]); span < rate.Per-time.Millisecond {
			f.add("pull/", "Make one connector.API with the puller, and ask through it alone.", "%d requests come within %v, the limit is %d in %v", rate.Requests+1, span, rate.Requests, rate.Per)
			return
		}
	}
}
