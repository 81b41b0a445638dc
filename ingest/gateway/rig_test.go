package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

const (
	serverKey  = "wk_server"
	browserKey = "wk_browser"
	importKey  = "wk_import"
)

// keyring holds hashes only, as a real one does.
type keyring map[KeyHash]WriteKey

func (k keyring) WriteKey(_ context.Context, hash KeyHash) (WriteKey, error) {
	key, found := k[hash]
	if !found {
		return WriteKey{}, ErrUnknownKey
	}
	return key, nil
}

var testKeys = keyring{
	HashKey(serverKey):  {ID: "k1", Workspace: "acme", Source: "shop"},
	HashKey(browserKey): {ID: "k2", Workspace: "acme", Source: "site", Origins: []string{"https://www.example.com"}},
	HashKey(importKey):  {ID: "k3", Workspace: "acme", Source: "past", Lane: stream.LaneBulk},
}

// noon is the rig's clock.
var noon = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

// rig is a gateway over the real embedded log, on loopback.
type rig struct {
	*Gateway
	log    *embedded.Log
	server *httptest.Server
}

// newRig starts a gateway; through is what stands between it and the log, if anything. The server
// may be tuned before it starts.
func newRig(t testing.TB, c Config, through func(Log) Log, tune ...func(*http.Server, *Gateway)) *rig {
	t.Helper()
	log, err := embedded.Open(embedded.Config{Dir: "log", FS: vfs.NewMem(), FreeSpace: plenty})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	var target Log = log
	if through != nil {
		target = through(log)
	}
	g, err := New(c, target, testKeys, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	g.Register(engine)
	r := &rig{Gateway: g, log: log, server: httptest.NewUnstartedServer(engine)}
	r.server.Config = Server(engine, slog.New(slog.DiscardHandler))
	for _, f := range tune {
		f(r.server.Config, g)
	}
	r.server.Start()
	t.Cleanup(r.server.Close)
	return r
}

func plenty() (embedded.Space, error) {
	return embedded.Space{Free: 1 << 40, Total: 1 << 41}, nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// fields returns the fields that a problem names.
func (a answer) fields(t testing.TB) []string {
	t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%q is no problem document: %v", a.body, err)
	}
	if a.header.Get("Content-Type") != problemType || p.Status != a.status || p.Title == "" || !strings.HasPrefix(p.Type, "urn:") {
		t.Errorf("%s: not as RFC 9457 has it: %s", a.header.Get("Content-Type"), a.body)
	}
	var fields []string
	for _, fault := range p.Errors {
		fields = append(fields, fault.Field)
	}
	return fields
}

// post sends a body with the server's key; headers are pairs, and override.
func (r *rig) post(t testing.TB, path, body string, headers ...string) answer {
	t.Helper()
	return r.do(t, http.MethodPost, path, strings.NewReader(body), headers...)
}

func (r *rig) do(t testing.TB, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, r.server.URL+path, body)
	if err != nil {
		t.Error(err) // not Fatal: tests call this from goroutines
		return answer{}
	}
	rq.SetBasicAuth(serverKey, "")
	rq.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if rq.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			rq.Header.Del(headers[i])
		}
	}
	rs, err := r.server.Client().Do(rq)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer rs.Body.Close()
	got, err := io.ReadAll(rs.Body)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	return answer{rs.StatusCode, rs.Header, string(got)}
}

// records returns all that reached the log, by message id.
func (r *rig) records(t testing.TB) []stream.Entry {
	t.Helper()
	partitions, err := r.log.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []stream.Entry
	for _, p := range partitions {
		reader, err := r.log.Reader(p.ID, p.First)
		if err != nil {
			t.Fatal(err)
		}
		for from := p.First; from < p.Next; {
			entries, err := reader.Next(t.Context(), 1000)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, entries...)
			from = entries[len(entries)-1].Offset + 1
		}
		_ = reader.Close()
	}
	slices.SortStableFunc(all, func(a, b stream.Entry) int { return strings.Compare(a.MessageID, b.MessageID) })
	return all
}

// one returns the only event in the log.
func (r *rig) one(t testing.TB) *event.Event {
	t.Helper()
	all := r.records(t)
	if len(all) != 1 || all[0].Kind != stream.KindEvent {
		t.Fatalf("%d records, first %+v", len(all), all)
	}
	return decodeEntry(t, all[0])
}

func decodeEntry(t testing.TB, entry stream.Entry) *event.Event {
	t.Helper()
	e, err := event.Decode(entry.Value)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	if e.MessageID != entry.MessageID || e.Workspace != entry.Workspace || e.Source != entry.Source || !e.ReceivedAt.Equal(entry.ReceivedAt) {
		t.Errorf("record %+v and event %+v do not agree", entry.Record, e)
	}
	return e
}

func compact(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
