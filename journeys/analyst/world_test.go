package analyst_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/goleak"

	"tributary/journeys/analyst"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }

// engine is the embedded one, in this process or behind a socket.
type engine interface {
	Transport(pool string) http.RoundTripper
	Kill(ctx context.Context, queryID string) error
}

// supervised is the engine as serve runs it: in a process of its own.
func supervised(t *testing.T) engine {
	t.Helper()
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: t.TempDir()}, chdbtest.Child())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// world is a database with the workspaces acme and other. What is other's holds the word foreign.
type world struct {
	*analyst.Service
	write, read *store.Store
	acme        []*store.EventRow
}

const events = 200

func newWorld(t *testing.T, e engine, limits analyst.Limits) *world {
	t.Helper()
	database := "test_" + strings.ToLower(rand.Text())
	open := func(pool string) *store.Store {
		s, err := store.New(chdb.Options(e.Transport(pool), database), store.Config{Database: database, Kill: e.Kill})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	w := &world{write: open(chdb.PoolWrite), read: open(chdb.PoolAnalyst)}
	if _, err := w.write.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.drop(t, e, database) })
	w.acme = storetest.Rows(1, events)
	foreign := storetest.Rows(2, events)
	for i, row := range foreign {
		row.Workspace, row.Source, row.Name, row.Text = "other", "foreign", "foreign "+row.Name, "foreign "+row.Text
		row.Observation, row.LogOffset = storetest.Observation(uint64(1_000_000+i)), row.LogOffset+events
	}
	if err := store.Insert(t.Context(), w.write, store.Events, slices.Concat(w.acme, foreign), rand.Text()); err != nil {
		t.Fatal(err)
	}
	segments := &store.ProfileSegmentsRow{
		Workspace: "other", Profile: storetest.Observation(1_000_000), Version: 1, Segments: []string{"foreign"}, Since: []int64{0}, UpdatedAt: storetest.Start,
	}
	if err := store.Insert(t.Context(), w.write, store.ProfileSegments, []*store.ProfileSegmentsRow{segments}, rand.Text()); err != nil {
		t.Fatal(err)
	}
	w.Service = analyst.New(w.read, limits)
	return w
}

func (w *world) drop(t *testing.T, e engine, database string) {
	conn, err := clickhouse.Open(chdb.Options(e.Transport(chdb.PoolDefault), ""))
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+database+" SYNC"); err != nil {
		t.Error(err)
	}
}

// all sees every class.
func all(workspace string) *analyst.Reader {
	return &analyst.Reader{Workspace: workspace, Classes: []string{"meta"}, Shows: func(string) bool { return true }}
}

// without sees every class but some.
func without(workspace string, hidden ...string) *analyst.Reader {
	return &analyst.Reader{
		Workspace: workspace, Classes: append([]string{"meta"}, hidden...),
		Shows: func(class string) bool { return !slices.Contains(hidden, class) },
	}
}

// rows runs a statement and returns all it yields.
func (w *world) rows(t *testing.T, r *analyst.Reader, sql string, params map[string]any) ([][]any, error) {
	t.Helper()
	result, err := w.Run(t.Context(), r, sql, params)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var list [][]any
	for {
		values := make([]any, len(result.Columns))
		more, err := result.Next(values)
		if err != nil || !more {
			return list, err
		}
		list = append(list, values)
	}
}
