package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// API asks a vendor's HTTP API, as its limits want it: at the connector's Rate, again after passing
// faults, and not before Retry-After. One API serves one puller.
type API struct {
	base      *url.URL
	authorize func(*http.Request)
	http      *http.Client
	now       func() time.Time
	wait      Waiter
	limit     *rate.Limiter // nil: none
}

// Waiter pauses for d, or until ctx ends, whose error it returns.
type Waiter func(ctx context.Context, d time.Duration) error

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	maxTries    = 5
	firstPause  = 500 * time.Millisecond
	longestWait = 2 * time.Minute // beyond it the runtime waits, from the same checkpoint
	maxResponse = 64 << 20
	// longestRetryAfter bounds what a vendor's slip may ask for. The longest that vendors document is the
	// rest of a day.
	longestRetryAfter = 24 * time.Hour
)

// StatusError is an answer that asking again does not change. It holds nothing of the body, which may
// be about a customer.
type StatusError struct {
	Method, Path string
	Status       int
}

// Error says what the status means for who configured the source.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: answered with status %d", e.Method, e.Path, e.Status)
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return text + "; check the source's credentials and their rights"
	case http.StatusNotFound:
		return text + "; check the source's address settings"
	}
	return text
}

// RetryError is a fault that passes: ask again after After.
type RetryError struct {
	After time.Duration
	Err   error
}

// Error tells the cause.
func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// API returns a client of the API at base, an absolute URL. authorize, if not nil, puts the
// credentials onto each request.
func (c Config) API(base string, authorize func(*http.Request)) (*API, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not an absolute URL", base)
	}
	client := *c.HTTP
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if len(via) < 10 && sameServer(to.URL, u) {
			return nil
		}
		return http.ErrUseLastResponse // a *StatusError
	}
	a := &API{base: u, authorize: authorize, http: &client, now: c.Now, wait: c.Wait}
	return a.Paced(c.rate), nil
}

// sameServer says whether a request may go where the base is: another would get the credentials.
func sameServer(u, base *url.URL) bool { return u.Host == base.Host && u.Scheme == base.Scheme }

// Paced is the same API at a rate of its own, for a vendor that limits some of its paths more than
// others. The zero value is no limit.
func (a *API) Paced(r Rate) *API {
	paced := *a
	paced.limit = nil
	if r.Requests > 0 {
		paced.limit = rate.NewLimiter(rate.Limit(float64(r.Requests)/r.Per.Seconds()), 1)
	}
	return &paced
}

// Get asks for path, which is relative to the base or absolute on its host, and decodes the answer's
// JSON into v. Numbers decode as v has them; use json.Number for ids.
func (a *API) Get(ctx context.Context, path string, query url.Values, v any) error {
	return a.Do(ctx, http.MethodGet, path, query, nil, v)
}

// Do is Get with any method and a body: nil is none, url.Values are sent as a form, all else as JSON. 429, 5xx, a connection
// that fails and an answer that breaks off are tried again, five times in all, then returned as
// *RetryError; other statuses than 2xx are a *StatusError.
func (a *API) Do(ctx context.Context, method, path string, query url.Values, body, v any) error {
	payload, kind, err := encode(body)
	if err != nil {
		return fmt.Errorf("%s %s: encode: %w", method, path, err)
	}
	target, err := a.target(path, query)
	if err != nil {
		return err
	}
	var retry *RetryError
	for try := range maxTries {
		if err := a.pace(ctx); err != nil {
			return err
		}
		err := a.once(ctx, method, target, payload, kind, v)
		if err == nil || !errors.As(err, &retry) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := max(retry.After, backoff(try))
		if try == maxTries-1 || pause > longestWait {
			return &RetryError{After: pause, Err: retry.Err}
		}
		if err := a.wait(ctx, pause); err != nil {
			return err
		}
	}
	return retry
}

// encode writes a request's body, and says what it is.
func encode(body any) (payload []byte, kind string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	default:
		payload, err = json.Marshal(body)
		return payload, "application/json", err
	}
}

// backoff doubles with each try, and spreads by half so that many do not come back at once.
func backoff(try int) time.Duration {
	pause := firstPause << try
	return pause/2 + rand.N(pause)
}

// pace holds the connector's Rate.
func (a *API) pace(ctx context.Context) error {
	if a.limit == nil {
		return nil
	}
	now := a.now()
	if d := a.limit.ReserveN(now, 1).DelayFrom(now); d > 0 {
		return a.wait(ctx, d)
	}
	return nil
}

// target resolves a path. Another host than the base's is refused.
func (a *API) target(path string, query url.Values) (*url.URL, error) {
	ref, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	u := a.base.ResolveReference(ref)
	if !sameServer(u, a.base) {
		return nil, fmt.Errorf("the API refers to %s://%s, another server than %s://%s", u.Scheme, u.Host, a.base.Scheme, a.base.Host)
	}
	if len(query) > 0 {
		merged := u.Query()
		for name, values := range query {
			merged[name] = values
		}
		u.RawQuery = merged.Encode()
	}
	return u, nil
}

func (a *API) once(ctx context.Context, method string, target *url.URL, payload []byte, kind string, v any) error {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(payload))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if payload != nil {
		request.Header.Set("Content-Type", kind)
	}
	if a.authorize != nil {
		a.authorize(request)
	}
	response, err := a.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &RetryError{Err: fmt.Errorf("%s %s: %w", method, target.Path, withoutURL(err))}
	}
	defer response.Body.Close()
	status := &StatusError{Method: method, Path: target.Path, Status: response.StatusCode}
	switch {
	case response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500:
		return &RetryError{After: a.retryAfter(response.Header), Err: status}
	case response.StatusCode < 200 || response.StatusCode > 299:
		return status
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return &RetryError{Err: fmt.Errorf("%s %s: the answer breaks off: %w", method, target.Path, err)}
	}
	if len(text) > maxResponse {
		return fmt.Errorf("%s %s: the answer is larger than %d MiB; ask for smaller pages", method, target.Path, maxResponse>>20)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(text, v); err != nil {
		// A proxy's page, or an answer that was cut off without a word: it may be right the next time.
		return &RetryError{Err: fmt.Errorf("%s %s: the answer is not the JSON expected%s", method, target.Path, where(err))}
	}
	return nil
}

// where tells the place of a fault in JSON, but not the value, which may be about a customer.
func where(err error) string {
	var field *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &field):
		return fmt.Sprintf(": %s: is no %s", field.Field, field.Type)
	case errors.As(err, &syntax):
		return fmt.Sprintf(": at byte %d", syntax.Offset)
	}
	return ""
}

// withoutURL leaves out the address, whose query may hold a secret.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3), at most a day; 0 if there is none.
func (a *API) retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 {
		return time.Duration(math.Ceil(min(seconds, longestRetryAfter.Seconds()) * float64(time.Second)))
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(a.now())), longestRetryAfter)
	}
	return 0
}
