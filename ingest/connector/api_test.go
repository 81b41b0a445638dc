package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// clock is a time that passes only where somebody waits.
type clock struct {
	now   time.Time
	waits []time.Duration
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	c.waits, c.now = append(c.waits, d), c.now.Add(d)
	return ctx.Err()
}

func newAPI(t *testing.T, limit Rate, answer http.HandlerFunc) (*API, *clock, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	config := Config{HTTP: server.Client(), Now: c.Now, Wait: c.Wait, rate: limit}
	api, err := config.API(server.URL+"/v2/", func(r *http.Request) { r.Header.Set("Authorization", "Bearer token") })
	if err != nil {
		t.Fatal(err)
	}
	return api, c, server
}

func TestAPIAsks(t *testing.T) {
	api, _, _ := newAPI(t, Rate{}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"got":%q}`, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
	})
	var v struct{ Got string }
	if err := api.Get(t.Context(), "tickets?sort=id", url.Values{"after": {"a b"}}, &v); err != nil {
		t.Fatal(err)
	}
	if want := "GET /v2/tickets?after=a+b&sort=id Bearer token"; v.Got != want {
		t.Errorf("asked %q, want %q", v.Got, want)
	}
}

// TestAPITriesAgain: each passing fault is followed by a right answer, after at least the pause that the
// vendor asks for.
func TestAPITriesAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		least time.Duration
	}{
		"429 in seconds": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 7 * time.Second},
		"429 at a date": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "Fri, 02 Jan 2026 03:04:35 GMT")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 30 * time.Second},
		"429 without a word": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, firstPause / 2},
		"500":                {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, firstPause / 2},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"items":[`))
		}, firstPause / 2},
		"cut without a word": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[`)) }, firstPause / 2},
		"a proxy's page":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) }, firstPause / 2},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			api, clock, _ := newAPI(t, Rate{}, func(w http.ResponseWriter, r *http.Request) {
				if tries++; tries <= 2 {
					c.fault(w, r)
					return
				}
				_, _ = w.Write([]byte(`{"ok":true}`))
			})
			var v struct{ OK bool }
			if err := api.Get(t.Context(), "tickets", nil, &v); err != nil || !v.OK {
				t.Fatalf("%v after %d tries", err, tries)
			}
			if len(clock.waits) != 2 || clock.waits[0] < c.least {
				t.Errorf("waited %v, at least %s was asked for", clock.waits, c.least)
			}
		})
	}
}

func TestAPIGivesUp(t *testing.T) {
	tries := 0
	api, _, server := newAPI(t, Rate{}, func(w http.ResponseWriter, r *http.Request) {
		tries++
		switch r.URL.Path {
		case "/v2/long":
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/v2/down":
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"ada@example.com is not known"}`))
		}
	})
	var retry *RetryError
	if err := api.Get(t.Context(), "down", nil, nil); !errors.As(err, &retry) || tries != maxTries {
		t.Errorf("down: %v after %d tries", err, tries)
	}
	tries = 0
	if err := api.Get(t.Context(), "long", nil, nil); !errors.As(err, &retry) || retry.After != time.Hour || tries != 1 {
		t.Errorf("an hour's wait is the runtime's: %v after %d tries", err, tries)
	}
	tries = 0
	var status *StatusError
	err := api.Get(t.Context(), "me", url.Values{"token": {"s3cret"}}, nil)
	if !errors.As(err, &status) || status.Status != 401 || tries != 1 || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("unauthorized: %v after %d tries", err, tries)
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "ada@") {
		t.Errorf("the error tells too much: %v", err)
	}
	server.Close()
	if err := api.Get(t.Context(), "me", url.Values{"token": {"s3cret"}}, nil); !errors.As(err, &retry) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody listens: %v", err)
	}
	if err := api.Get(t.Context(), "http://203.0.113.1/next", nil, nil); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("another server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := api.Get(ctx, "me", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAPIHoldsTheRate(t *testing.T) {
	var at []time.Time
	var c *clock
	api, c, _ := newAPI(t, Rate{Requests: 10, Per: time.Minute}, func(w http.ResponseWriter, _ *http.Request) {
		at = append(at, c.now)
		_, _ = w.Write([]byte(`{}`))
	})
	for range 30 {
		if err := api.Get(t.Context(), "tickets", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range at {
		if i >= 10 && at[i].Sub(at[i-10]) < time.Minute-time.Millisecond {
			t.Fatalf("11 requests in %s", at[i].Sub(at[i-10]))
		}
	}
}

func TestAPISendsForms(t *testing.T) {
	api, _, _ := newAPI(t, Rate{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.PostFormValue("grant_type") != "client_credentials" {
			t.Errorf("%s %v", r.Header.Get("Content-Type"), r.PostForm)
		}
		w.Write([]byte(`{}`))
	})
	if err := api.Do(t.Context(), http.MethodPost, "/token", nil, url.Values{"grant_type": {"client_credentials"}}, nil); err != nil {
		t.Error(err)
	}
}

// TestAPIKeepsToItsServer: a redirection to another server does not get the credentials, whatever header
// they are in; one on the same server is followed.
func TestAPIKeepsToItsServer(t *testing.T) {
	var elsewhere *http.Request
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = r
		fmt.Fprint(w, "{}")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusFound)
		default:
			fmt.Fprint(w, "{}")
		}
	}))
	defer server.Close()
	c := &clock{}
	api, err := Config{HTTP: server.Client(), Now: c.Now, Wait: c.Wait}.API(server.URL, func(r *http.Request) { r.Header.Set("X-Api-Key", "token") })
	if err != nil {
		t.Fatal(err)
	}
	var status *StatusError
	if err := api.Get(t.Context(), "/away", nil, nil); !errors.As(err, &status) || status.Status != http.StatusFound {
		t.Errorf("sent elsewhere: %v", err)
	}
	if elsewhere != nil {
		t.Errorf("another server is asked, with the headers %v", elsewhere.Header)
	}
	if err := api.Get(t.Context(), "/moved", nil, nil); err != nil {
		t.Errorf("sent to another path: %v", err)
	}
}

// TestAPIErrorsTellNoValue: what a vendor answers may be about a customer, and errors are logged.
func TestAPIErrorsTellNoValue(t *testing.T) {
	for _, body := range []string{`{"born": "1980-02-30"}`, `{"age": 4711.5}`, `{"age": "4711"}`, `4711`, `{"age": x4711}`} {
		api, _, _ := newAPI(t, Rate{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		var v struct {
			Age  int
			Born time.Time
		}
		err := api.Get(t.Context(), "people", nil, &v)
		if err == nil || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "1980") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	c := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a := &API{now: c.Now}
	for text, want := range map[string]time.Duration{
		"": 0, "-1": 0, "NaN": 0, "1.5": 1500 * time.Millisecond, "1e300": longestRetryAfter, "Inf": longestRetryAfter,
		"Fri, 01 Jan 2100 00:00:00 GMT": longestRetryAfter, "Thu, 01 Jan 2026 00:00:00 GMT": 0,
	} {
		if got := a.retryAfter(http.Header{"Retry-After": {text}}); got != want {
			t.Errorf("Retry-After %q: %s, want %s", text, got, want)
		}
	}
}
