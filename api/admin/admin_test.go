package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/disclosure"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/journeys/cx"
	"tributary/journeys/forecast"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/explain"
	"tributary/profiles/reconcile"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/profiles/unify/unifytest"
	"tributary/sql/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// server is a log, a state and a worker, with a socket in front.
type server struct {
	*testing.T
	*admin.Client
	log    *embedded.Log
	state  *state.Store
	worker *unify.Worker
	keys   *auth.Keys
	full   atomic.Bool // the disk, for every lane
}

func newServer(t *testing.T) *server {
	t.Helper()
	log := embeddedtest.Open(t, 2)
	rig := unifytest.Start(t, log, "")
	s := &server{T: t, log: log, state: rig.State, worker: rig.Worker}
	now := func() time.Time { return epoch }
	commands := &admin.Commands{Log: fullable{s.log, &s.full}, Worker: s.worker, Now: now}
	s.keys = auth.NewKeys(s.state, commands, now)
	s.keys.Workspaces = auth.NewWorkspaces(s.state, commands, now, "acme")
	finder, err := profiles.NewService(s.state, rig.Engine, profiles.Rules{})
	s.must(err)
	accounts, err := reconcile.New(reconcile.Config{
		Log: s.log, State: s.state, Commands: commands, Now: now,
		Held: func(context.Context, unify.Selection) (map[stream.SourceDay]uint64, error) {
			return nil, errors.New("there is no analytics store")
		},
	})
	s.must(err)
	handler, err := admin.NewHandler(admin.Config{
		Commands: commands, Keys: s.keys, Trail: noTrail{}, Quarantine: s.state, Identity: s.state,
		Explainer:   explain.NewService(s.state, rig.Engine, finder),
		Reviews:     func(context.Context, string, int) ([]store.ReviewRow, error) { return nil, nil },
		Stewards:    struct{ admin.Stewards }{}, // nobody asks
		Policies:    policy.NewBook(s.state),
		Profiles:    finder,
		Disclosed:   noDisclosed{},
		Promises:    finder,
		Accounts:    accounts,
		Schemas:     s.state,
		Definitions: analysis.NewService(s.state, define.NewBook(s.state, profiles.Rules{}), nil, time.Now),
		Log:         s.log,
		Effects:     noEffects{},
		Forecasts:   noReports{},
		Contacting:  noContacts{},
		Drivers:     keptLabels{},
		Measures:    noReports{},
		Journeys:    struct{ admin.Journeys }{}, // nobody asks
		Statements:  s.statements(commands),
		Targets:     cx.NewTargets(commands, s.state, now),
		Status:      func(context.Context) (any, error) { return map[string]string{"version": "test"}, nil },
		Logger:      slog.New(slog.DiscardHandler),
	})
	s.must(err)
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	s.must(err)
	web := &http.Server{Handler: handler}
	go func() { _ = web.Serve(listener) }()
	s.Client = admin.NewClient(socket)
	t.Cleanup(func() {
		s.Close()
		_ = web.Close()
	})
	return s
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// noTrail is an audit trail that cannot be read.
type noTrail struct{}

func (noTrail) Page(context.Context, audit.Request) (*audit.Page, error) {
	return nil, errors.New("there is no analytics store")
}

// fullable is a log whose disk can be full.
type fullable struct {
	stream.Log
	full *atomic.Bool
}

func (l fullable) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if l.full.Load() {
		return nil, fmt.Errorf("append: %w", stream.ErrFull)
	}
	return l.Log.Append(ctx, records)
}

// settle waits until everything in the log is applied.
func (s *server) settle() {
	s.Helper()
	infos, err := s.log.Partitions(context.Background())
	s.must(err)
	for _, info := range infos {
		if info.Next > 0 {
			s.must(s.worker.Applied(context.Background(), stream.Position{Partition: info.ID, Offset: info.Next - 1}))
		}
	}
}

// line is an event as a line of an import.
func line(n int) string {
	return fmt.Sprintf(`{"message_id":"m%d","type":"track","name":"order.placed","original_at":"2026-02-01T00:00:00Z","identifiers":[{"type":"user_id","value":"u%d"}]}`, n, n)
}

func TestKeysAreMadeFoundListedAndTakenBack(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	made, err := s.CreateKey(ctx, auth.New{Kind: auth.KindRead, Workspace: "acme", Note: "desk"})
	s.must(err)
	found, err := s.keys.Lookup(ctx, made.Secret)
	s.must(err)
	if found.ID != made.Key.ID || found.Workspace != "acme" {
		t.Errorf("found %+v", found)
	}
	keys, err := s.ListKeys(ctx, "acme")
	s.must(err)
	if len(keys) != 1 || keys[0].Note != "desk" {
		t.Errorf("lists %d keys", len(keys))
	}
	if text, _ := json.Marshal(keys); strings.Contains(string(text), made.Secret) {
		t.Error("the list tells the key")
	}
	if _, err := s.RevokeKey(ctx, made.Key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.keys.Lookup(ctx, made.Secret); !errors.Is(err, auth.ErrRevoked) {
		t.Errorf("a revoked key gives %v", err)
	}
	var d *problem.Document
	if _, err := s.RevokeKey(ctx, "0123456789abcdef"); !errors.As(err, &d) || d.Status != http.StatusNotFound {
		t.Errorf("revoking an unknown key gives %v", err)
	}
	if _, err := s.CreateKey(ctx, auth.New{Kind: "root", Workspace: ""}); !errors.As(err, &d) || d.Status != http.StatusBadRequest || !strings.Contains(d.Detail, "workspace: ") {
		t.Errorf("a bad key gives %v", err)
	}
}

func TestImportTakesWhatIsValidAndQuarantinesTheRest(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	lines := strings.Join([]string{
		line(1),
		`{"message_id":"m2","type":"bogus"}`,
		`not json`,
		"",
		`{"workspace":"other",` + line(4)[1:],
		line(5),
	}, "\n")
	im, err := s.Import(ctx, "acme", "history", strings.NewReader(lines))
	s.must(err)
	if im.Events != 2 || im.Rejected != 3 || len(im.Failures) != 3 {
		t.Fatalf("imported %+v", im)
	}
	if f := im.Failures[2]; f.Errors[0].Field != "workspace" {
		t.Errorf("line %d: %v", f.Line, f.Errors)
	}
	s.settle()
	items, err := s.ListItems(ctx, admin.ItemQuery{Workspace: "acme", Status: "open"})
	s.must(err)
	if len(items.Items) != 3 {
		t.Fatalf("%d items are quarantined", len(items.Items))
	}
	report, err := s.Reconcile(ctx, admin.AccountQuery{})
	s.must(err)
	if len(report.Sources) != 1 || !report.Sources[0].Balanced || report.Sources[0].Stored != 2 || report.Sources[0].Quarantined != 3 {
		t.Errorf("balance %+v", report.Sources)
	}
	again, err := s.Import(ctx, "acme", "history", strings.NewReader(lines))
	s.must(err)
	s.settle()
	report, err = s.Reconcile(ctx, admin.AccountQuery{})
	s.must(err)
	if again.Events != 2 || report.Sources[0].Stored != 2 || report.Sources[0].Duplicate < 2 {
		t.Errorf("a second import gives %+v", report.Sources[0])
	}
}

func TestImportOfManyAndLongLines(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	var b strings.Builder
	for i := range 1200 {
		b.WriteString(line(i) + "\n")
	}
	b.WriteString(`{"message_id":"long","type":"track","name":"` + strings.Repeat("x", 5<<20) + `"}`)
	b.WriteString("\n" + line(1200))
	im, err := s.Import(ctx, "acme", "history", strings.NewReader(b.String()))
	s.must(err)
	if im.Events != 1201 || im.Rejected != 1 || im.Failures[0].Line != 1201 {
		t.Errorf("imported %d, rejected %d, %v", im.Events, im.Rejected, im.Failures)
	}
}

func TestQuarantineIsShownDiscardedAndPaged(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	_, err := s.Import(ctx, "acme", "history", strings.NewReader("{}\n[]\nno"))
	s.must(err)
	s.settle()
	first, err := s.ListItems(ctx, admin.ItemQuery{Workspace: "acme", Limit: 2})
	s.must(err)
	rest, err := s.ListItems(ctx, admin.ItemQuery{Workspace: "acme", Limit: 2, After: first.Next})
	s.must(err)
	if len(first.Items) != 2 || len(rest.Items) != 1 || rest.Next != "" {
		t.Fatalf("pages of %d and %d", len(first.Items), len(rest.Items))
	}
	place := rest.Items[0].Place
	item, err := s.ShowItem(ctx, "acme", place)
	s.must(err)
	if item.Payload == "" || item.Status != "open" {
		t.Errorf("shows %+v", item)
	}
	var refused *problem.Document
	if _, err := s.ReplayItem(ctx, "acme", place, nil); !errors.As(err, &refused) || refused.Status != http.StatusConflict || !strings.Contains(refused.Detail, "--with") {
		t.Errorf("replaying what never was an event gives %v", err)
	}
	if all, err := s.ListItems(ctx, admin.ItemQuery{Workspace: "acme"}); err != nil || len(all.Items) != 3 {
		t.Errorf("the refusal left a command in the quarantine: %d items, %v", len(all.Items), err)
	}
	item, err = s.DiscardItem(ctx, "acme", place)
	s.must(err)
	if item.Status != "discarded" {
		t.Errorf("is %s after it was discarded", item.Status)
	}
	var d *problem.Document
	if _, err := s.ReplayItem(ctx, "acme", place, nil); !errors.As(err, &d) || d.Status != http.StatusConflict {
		t.Errorf("replaying it gives %v", err)
	}
	if _, err := s.ShowItem(ctx, "other", place); !errors.As(err, &d) || d.Status != http.StatusNotFound {
		t.Errorf("another workspace gets %v", err)
	}
	if _, err := s.ShowItem(ctx, "acme", "1-2-x"); !errors.As(err, &d) || d.Errors[0].Field != "place" {
		t.Errorf("a bad place gives %v", err)
	}
}

func TestAppendIsThatOfTheLog(t *testing.T) {
	s, ctx := newServer(t), context.Background()
	e := &event.Event{Workspace: "acme", Source: "s", MessageID: "m", Type: event.TypeTrack, Name: "order.placed"}
	e.Stamp(epoch, time.Time{}, epoch)
	value, err := event.Encode(e)
	s.must(err)
	record := stream.Record{Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "acme", Source: "s", MessageID: "m", ReceivedAt: epoch, Value: value}
	positions, err := s.Append(ctx, []stream.Record{record, record})
	s.must(err)
	if len(positions) != 2 || positions[1].Offset != positions[0].Offset+1 {
		t.Errorf("appended at %v", positions)
	}
	record.Value = make([]byte, embedded.DefaultMaxValueBytes+1)
	if _, err := s.Append(ctx, []stream.Record{record}); !errors.Is(err, stream.ErrTooLarge) {
		t.Errorf("a large record gives %v", err)
	}
	s.full.Store(true)
	if _, err := s.Append(ctx, []stream.Record{record}); !errors.Is(err, stream.ErrFull) {
		t.Errorf("a full disk gives %v", err)
	}
	if _, err := s.Import(ctx, "acme", "history", strings.NewReader(line(1))); !errors.Is(err, stream.ErrFull) {
		t.Errorf("an import to a full disk gives %v", err)
	}
}

func TestStatus(t *testing.T) {
	s := newServer(t)
	status, err := s.Status(context.Background())
	s.must(err)
	if string(status) != `{"version":"test"}` {
		t.Errorf("status is %s", status)
	}
}

func TestNobodyListens(t *testing.T) {
	c := admin.NewClient(filepath.Join(t.TempDir(), "none"))
	defer c.Close()
	if _, err := c.Status(context.Background()); !errors.Is(err, admin.ErrNoServer) {
		t.Errorf("gives %v", err)
	}
}

// noDisclosed is a disclosure report that cannot be read.
type noDisclosed struct{}

func (noDisclosed) Page(context.Context, disclosure.Request) (*disclosure.Page, error) {
	return nil, disclosure.ErrBehind
}

// noReports answers no report.
type noReports struct{}

func (noReports) Make(context.Context, string, forecast.Request) (*forecast.Answer, error) {
	return nil, errors.New("no engine")
}
