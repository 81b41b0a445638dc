package declarative

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/ingest/connector"
)

// pulls makes the puller of a file of pulling against an API.
func pulls(t *testing.T, stream string, api http.HandlerFunc) connector.Puller {
	t.Helper()
	f, err := Parse(fmt.Appendf(nil, pulling, "{bearer: api_key}", stream))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	c := f.Connector()
	values := map[string]string{"base_url": server.URL, "api_key": "k", "account": "a"}
	cfg, err := c.Configure("paged", values, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTP = server.Client()
	p, err := c.NewPuller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const byCursor = `
      path: /things
      items: .things[]
      paging: {cursor: {from: .next, param: cursor}}
      since: {field: .changed, param: since}`

// A cursor that the API has forgotten begins the round anew, once; then it is a fault of the configuration.
func TestForgottenCursor(t *testing.T) {
	forget := true
	p := pulls(t, byCursor, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprint(w, `{"things":[{"id":1,"changed":"2026-04-14T10:00:00Z"}],"next":"c1"}`)
			return
		}
		if forget {
			w.WriteHeader(http.StatusGone)
			return
		}
		fmt.Fprint(w, `{"things":[{"id":2,"changed":"2026-04-14T11:00:00Z"}],"next":null}`)
	})
	var checkpoint json.RawMessage
	var events int
	pull := func() (connector.Page, error) {
		page, err := p.Pull(t.Context(), connector.Position{Checkpoint: checkpoint})
		if err == nil {
			checkpoint = page.Checkpoint
			events += len(page.Events)
		}
		return page, err
	}
	for range 3 { // the first page, the forgotten one, the first again
		if page, err := pull(); err != nil || !page.More {
			t.Fatalf("%v, more %v", err, page.More)
		}
	}
	var status *connector.StatusError
	if _, err := pull(); !errors.As(err, &status) || status.Status != http.StatusGone || !strings.Contains(err.Error(), "stream things") {
		t.Errorf("forgotten again: %v", err)
	}
	forget = false
	if page, err := pull(); err != nil || page.More {
		t.Errorf("remembered: %v, more %v", err, page.More)
	}
	if events != 2 {
		t.Errorf("%d events", events)
	}
}

func TestAnswersThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ stream, answer, want string }{
		"no items":       {byCursor, `{"data":[]}`, "items: leads to nothing"},
		"no list":        {byCursor, `{"things":{}}`, "items: leads to what is no list"},
		"to itself":      {byCursor, `{"things":[],"next":"again"}`, "leads to itself"},
		"no token":       {byCursor, `{"things":[],"next":{}}`, "the next page's place is not a text"},
		"another server": {"\n      path: /things\n      items: .things[]\n      paging: {next: .next}", `{"things":[],"next":"http://evil.example.com/"}`, "another server"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pulls(t, c.stream, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.answer) })
			page, err := p.Pull(t.Context(), connector.Position{})
			if err == nil {
				_, err = p.Pull(t.Context(), connector.Position{Checkpoint: page.Checkpoint})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// A long history in one round, every record changed at the same moment, keeps the checkpoint small.
func TestCheckpointStaysSmall(t *testing.T) {
	const pages, size = 20, 200
	p := pulls(t, "\n      path: /things\n      items: .things[]\n      paging: {page: {param: page}}\n      since: {field: .changed, param: since}",
		func(w http.ResponseWriter, r *http.Request) {
			var number int
			_, _ = fmt.Sscan(r.URL.Query().Get("page"), &number)
			things := make([]string, 0, size)
			for i := range size {
				if number < pages {
					things = append(things, fmt.Sprintf(`{"id":%d,"changed":"2026-04-14T10:00:00Z"}`, number*size+i))
				}
			}
			fmt.Fprintf(w, `{"things":[%s]}`, strings.Join(things, ","))
		})
	at, events := connector.Position{Since: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}, 0
	for more := true; more; {
		page, err := p.Pull(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Checkpoint) > connector.MaxCheckpointBytes {
			t.Fatalf("%d bytes", len(page.Checkpoint))
		}
		at.Checkpoint, more = page.Checkpoint, page.More
		events += len(page.Events)
	}
	if events != pages*size {
		t.Errorf("%d of %d", events, pages*size)
	}
}
