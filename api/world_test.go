package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/disclosure"
	"tributary/api/policy"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/journeys"
	"tributary/journeys/cx"
	"tributary/journeys/forecast"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/explain"
	"tributary/profiles/find"
	"tributary/profiles/past"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/quarantine"
	"tributary/profiles/reconcile"
	"tributary/profiles/sourcehealth"
	"tributary/profiles/state"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/profiles/unify/unifytest"
	"tributary/sql/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is an API over a real log, worker and state, in memory.
type world struct {
	testing.TB
	api      *API
	log      stream.Log
	gate     *privacy.Gate
	state    *state.Store
	worker   *unify.Worker
	engine   *identity.Engine
	keys     *auth.Keys
	sessions *auth.Sessions
	lines    *logLines
	now      time.Time
	later    atomic.Int64 // nanoseconds that went by since, for who asks all the time
	// noStore: the analytics store cannot say what it holds.
	noStore bool
	// slow: a funnel takes as long as it may.
	slow         bool
	handoff      string          // that of the planted customer
	aside        string          // what of theirs stands in the quarantine
	planting     map[string]bool // requests that planted it
	observations []string        // of the planted customer, and of two more
	// questions are the pairs that the analytics store has of which a person should decide.
	questions []store.ReviewRow
}

// logLines collects what is logged.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// noTrail is an audit trail that cannot be read.
type noTrail struct{}

func (noTrail) Page(context.Context, audit.Request) (*audit.Page, error) {
	return nil, fmt.Errorf("engine is down")
}

// noArchive is an archive that is down.
type noArchive struct{}

func (noArchive) Before(context.Context, string, []identity.ObservationID, *journeys.Key, []event.Channel, int) ([]profiles.Interaction, error) {
	return nil, fmt.Errorf("engine is down")
}

// oneHit is a search that finds one message of the planted customer's, whatever is asked for; none without a store.
type oneHit struct{ *world }

func (w oneHit) Page(context.Context, journeys.SearchRequest) (*journeys.SearchPage, error) {
	if w.noStore {
		return nil, fmt.Errorf("%w: engine is down", journeys.ErrArchive)
	}
	return &journeys.SearchPage{Hits: []journeys.Hit{{
		At: epoch, MessageID: "m-1", Source: "marksource", Type: event.TypeTrack, Name: event.NameConversationMessage,
		ConversationID: "c-1", AuthorRole: event.AuthorCustomer, Matched: 1, Snippet: marks[policy.ClassContent],
	}}}, nil
}

// noIndex finds nobody whom the hot state does not.
type noIndex struct{}

func (noIndex) Named(context.Context, string, []string, []string, int) ([]identity.ProfileID, error) {
	return nil, errors.New("engine is down")
}

func (noIndex) Identified(context.Context, string, string, int) ([]string, error) {
	return nil, errors.New("engine is down")
}

func (noIndex) Recorded(context.Context, string, string, find.May, int) ([]find.Record, error) {
	return nil, errors.New("engine is down")
}

// noDisclosed is a disclosure report that cannot be read.
type noDisclosed struct{}

func (noDisclosed) Page(context.Context, disclosure.Request) (*disclosure.Page, error) {
	return nil, disclosure.ErrBehind
}

// noPast is a past that cannot be read.
type noPast struct{}

func (noPast) Get(context.Context, string, profiles.Address, time.Time) (*profiles.Answer, error) {
	return nil, past.ErrUnavailable
}

func (noPast) Trait(context.Context, past.TraitRequest) (*past.TraitPage, error) {
	return nil, past.ErrUnavailable
}

// noReports answers no report.
type noReports struct{}

func (noReports) Make(context.Context, string, forecast.Request) (*forecast.Answer, error) {
	return nil, errors.New("no engine")
}

func newWorld(t testing.TB, checks ...Check) *world {
	t.Helper()
	w := &world{TB: t, lines: &logLines{}, now: epoch.Add(time.Hour), planting: map[string]bool{}}
	t.Cleanup(func() { statusesDocumented(t, w.lines.String()) })
	rig := unifytest.Start(t, embeddedtest.Open(t, 2), "DE")
	w.log, w.state, w.worker, w.engine = rig.Log, rig.State, rig.Worker, rig.Engine
	clock := func() time.Time { return w.now.Add(time.Duration(w.later.Load())) }
	hasher, err := privacy.NewHasher(make([]byte, 32))
	w.must(err)
	w.gate = privacy.NewGate(w.log, hasher, w.engine, w.state)
	commands := &admin.Commands{Log: w.gate, Worker: w.worker, Now: clock}
	w.keys = auth.NewKeys(w.state, commands, clock)
	w.sessions, err = auth.NewSessions(w.keys, make([]byte, 32))
	w.must(err)
	signIns, err := auth.NewSignIns(w.keys, make([]byte, 32))
	w.must(err)
	accounts, err := reconcile.New(reconcile.Config{
		Log: w.log, State: w.state, Commands: commands, Now: clock,
		Held: func(_ context.Context, s unify.Selection) (map[stream.SourceDay]uint64, error) {
			if w.noStore {
				return nil, fmt.Errorf("engine is down")
			}
			return map[stream.SourceDay]uint64{{SourceKey: stream.SourceKey{Workspace: s.Workspace, Source: cmp.Or(s.Source, "web")}, Day: stream.DayOf(epoch)}: 2}, nil
		},
	})
	w.must(err)
	service, err := profiles.NewService(w.state, w.engine, profiles.Rules{})
	w.must(err)
	timeline, err := journeys.NewTimeline(service, noArchive{}, make([]byte, 32))
	w.must(err)
	policies := policy.NewBook(w.state)
	health, err := sourcehealth.New(sourcehealth.Config{
		Accounts: accounts, Schemas: w.state, Rates: someRates{w}, Lag: func() time.Duration { return 90 * time.Second }, Now: clock,
		Configured: []sourcehealth.Configured{{Workspace: "acme", Source: "billing", Connector: "stripe", Listens: true}},
	})
	w.must(err)
	w.api, err = New(Config{
		Quarantine: &quarantine.Desk{Store: w.state, Commands: commands, Worker: w.worker}, SourceHealth: health, Connectors: someConnectors,
		Queries:  w.statements(noQueries{}, policies, commands, clock),
		Promises: service, Handoffs: w.state, Sessions: w.sessions, SignIns: signIns, Marks: w.state, Refusals: w.gate, Secret: make([]byte, 32),
		Live: w.live(), Customers: find.New(service, noIndex{}),
		Privacy: w.desk(service, commands, clock),
		Past:    noPast{}, Contacting: someContacts{}, Effects: someEffects{}, Forecasts: noReports{}, Drivers: someDrivers{}, Measures: someMeasures{}, Targets: cx.NewTargets(commands, w.state, clock),
		Policies: policies, Disclosures: w.log, Disclosed: noDisclosed{},
		Profiles: service, Lineage: service, Worker: w.worker, Contacts: service, Speaker: commands, Accounts: service, Identity: explain.NewService(w.state, w.engine, service), Stewards: w.stewards(service, commands, clock), Timeline: timeline, Search: oneHit{w}, Sources: accounts, Schemas: w.state, Commands: commands, Journeys: oneTraveller{w}, Analysis: analysis.NewService(w.state, define.NewBook(w.state, profiles.Rules{}), nil, clock), Keys: w.keys, Notes: commands, Trail: noTrail{}, Checks: checks, Metrics: prometheus.NewRegistry(),
		Logger: slog.New(slog.NewJSONHandler(w.lines, nil)), Now: clock,
	})
	w.must(err)
	return w
}

// stewards take decisions. Of the planted customer and s1 a person is asked: the analytics store says so.
func (w *world) stewards(service *profiles.Service, commands *admin.Commands, clock func() time.Time) *steward.Desk {
	return steward.New(steward.Config{
		State: w.state, Explain: explain.NewService(w.state, w.engine, service), Commands: commands, Worker: w.worker, Engine: w.engine, Now: clock,
		Asked: func(_ context.Context, _ string, after steward.Place, _ int) ([]store.ReviewRow, error) {
			if w.noStore {
				return nil, fmt.Errorf("%w: engine is down", store.ErrGone)
			}
			if after != (steward.Place{}) {
				return nil, nil
			}
			return w.questions, nil
		},
	})
}

// desk takes requests of privacy.
func (w *world) desk(service *profiles.Service, commands *admin.Commands, clock func() time.Time) *desk.Desk {
	w.Helper()
	hasher, err := privacy.NewHasher(make([]byte, 32))
	w.must(err)
	ledger, err := privacy.OpenLedger(filepath.Join(w.TempDir(), "ledger"), hasher, false)
	w.must(err)
	w.Cleanup(func() { w.must(ledger.Close()) })
	d, err := desk.New(desk.Config{
		Log: w.log, State: w.state, Worker: w.worker, Commands: commands, Profiles: service, Engine: w.engine, Hasher: hasher, Ledger: ledger, Now: clock,
	})
	w.must(err)
	return d
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// key makes a key with scopes (none: all of its kind).
func (w *world) key(kind auth.Kind, workspace string, scopes ...auth.Scope) string {
	w.Helper()
	n := auth.New{Kind: kind, Workspace: workspace, Scopes: scopes}
	if kind == auth.KindWrite {
		n.Source = "web"
	} else { // whom everything is shown
		n.Purpose, n.Reader = auth.PurposeOperations, auth.ReaderSystem
	}
	secret, _, err := w.keys.Create(context.Background(), n)
	w.must(err)
	return secret
}

// event is a valid event of workspace acme, a second apart from the next.
func (w *world) event(n int, source, name string, cx *event.CX, identifiers ...event.Identifier) *event.Event {
	e := &event.Event{
		Workspace: "acme", Source: source, MessageID: fmt.Sprintf("m-%06d", n), Type: event.TypeTrack,
		Name: name, CX: cx, Identifiers: identifiers,
	}
	e.Stamp(epoch.Add(time.Duration(n)*time.Second), time.Time{}, epoch.Add(time.Duration(n)*time.Second))
	return e
}

// put sends events through the log and waits until they are applied.
func (w *world) put(events ...*event.Event) {
	w.Helper()
	var records []stream.Record
	for _, e := range events {
		w.must(e.Validate())
		value, err := event.Encode(e)
		w.must(err)
		records = append(records, stream.Record{
			Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
			ReceivedAt: e.ReceivedAt, Value: value,
		})
	}
	positions, err := w.log.Append(context.Background(), records)
	w.must(err)
	for _, p := range positions {
		w.must(w.worker.Applied(context.Background(), p))
	}
}

// do asks the API.
func (w *world) do(method, target, key, body string) *httptest.ResponseRecorder {
	w.Helper()
	return w.doAs("", method, target, key, body)
}

// doAs is do for a client that accepts a type of content; "" says nothing of it.
func (w *world) doAs(accept, method, target, key, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	w.agrees(r, answer)
	return answer
}

// get asks with GET, wants a status, and decodes the answer.
func (w *world) get(target, key string, status int) map[string]any {
	w.Helper()
	return w.decoded(w.do(http.MethodGet, target, key, ""), status)
}

func (w *world) decoded(answer *httptest.ResponseRecorder, status int) map[string]any {
	w.Helper()
	if answer.Code != status {
		w.Fatalf("answers %d, want %d: %s", answer.Code, status, answer.Body)
	}
	var v map[string]any
	w.must(json.Unmarshal(answer.Body.Bytes(), &v))
	return v
}

func id(typ, value string) event.Identifier { return event.Identifier{Type: typ, Value: value} }
