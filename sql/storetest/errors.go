package storetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const endless = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"

// testErrors: statements that fail on any engine, with the exception's code and what it means.
func testErrors(t *testing.T, e Engine) {
	b := e.Store(t)
	exec(t, b, "CREATE TABLE j (j JSON) ENGINE = MergeTree ORDER BY tuple()")
	for _, c := range []struct {
		sql   string
		code  int32
		class error
	}{
		{"SELEC 1", 62, store.ErrInvalid},
		{"SELECT nothing_of_this_name FROM events", 47, store.ErrInvalid},
		{"SELECT no_such_function(1)", 46, store.ErrInvalid},
		{"SELECT {missing:String}", 456, store.ErrInvalid},
		{"SELECT 1 SETTINGS no_such_setting = 1", 115, store.ErrInvalid},
		{"INSERT INTO events (nothing_of_this_name) SELECT 1", 16, store.ErrInvalid},
		{"SELECT * FROM nothing_of_this_name", 60, store.ErrNotFound},
		{"SELECT * FROM no_such_database.events", 81, store.ErrNotFound},
		{`INSERT INTO j SELECT '{"a":1,"a":2}'`, 117, store.ErrPermanent},
		{`INSERT INTO j SELECT '{"a":1e400}'`, 117, store.ErrPermanent},
		{"SELECT toUUID('x')", 376, store.ErrPermanent},
		{"SELECT toDecimal64('1000000000', 8) * toDecimal64('1000000000', 8)", 407, store.ErrPermanent},
		{"INSERT INTO events (workspace, at, received_at) SELECT 'w', t, t FROM (SELECT toDateTime64('2000-01-01', 3, 'UTC') + toIntervalMonth(number) AS t FROM numbers(200))", 252, store.ErrPermanent},
		{"SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 1000000", 241, store.ErrOverload},
		{"SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_execution_time = 0.1", 159, store.ErrPassing},
	} {
		err := store.Classify(b.Conn.Exec(t.Context(), c.sql))
		wantClass(t, err, c.class)
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) || exception.Code != c.code {
			t.Errorf("%s: got %.300v, want code %d", c.sql, err, c.code)
		}
	}
	query, err := store.Prepare[store.Place](b.Store, "identity/version")
	if err != nil {
		t.Fatal(err)
	}
	_, err = query.All(t.Context(), store.Params{"workspace": "acme"}) // a row without the query's column
	wantClass(t, err, store.ErrInvalid)
	if _, err := store.Prepare[store.Place](b.Store, "store/nothing_of_this_name"); err == nil {
		t.Error("an unknown query was prepared")
	}
}

func testKill(t *testing.T, e Engine) {
	b := e.Store(t)
	id := b.Database() + "-endless"
	ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID(id))
	done := make(chan error, 1)
	go func() { done <- b.Conn.Exec(ctx, endless) }()
	waitRunning(t, b, id)
	if err := b.Kill(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("a killed statement succeeded")
	}
	if err := b.Kill(t.Context(), b.Database()+"-never-sent"); err != nil {
		t.Errorf("kill of an id that was never sent: %v", err)
	}
	if err := b.Kill(t.Context(), ""); err == nil {
		t.Error("the empty id was taken")
	}
}

// testKilledInsert: an insert given up by its sender and then killed leaves nothing to come.
func testKilledInsert(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(10, 20_000)
	for round, delay := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
		id := b.Database() + "-" + delay.String()
		for _, row := range rows {
			row.LogPartition = uint32(round)
		}
		ctx, cancel := context.WithTimeout(t.Context(), delay)
		err := store.Insert(ctx, b.Store, store.Events, rows, id)
		cancel()
		if err := b.Kill(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		whole := []store.Range{{Partition: uint32(round), First: 0, Last: 1 << 40}}
		first, e1 := b.Present(t.Context(), "events", whole)
		again, e2 := b.Present(t.Context(), "events", whole)
		if e1 != nil || e2 != nil || len(first) != len(again) {
			t.Errorf("%d rows, then %d: %v, %v", len(first), len(again), e1, e2)
		}
		if err == nil && len(first) != len(rows) {
			t.Errorf("an insert that succeeded left %d rows", len(first))
		}
	}
}

// testAmounts: a number that the column cannot hold is the row's fault, not the engine's.
func testAmounts(t *testing.T, e Engine) {
	b := e.Store(t)
	for _, amount := range []string{"x", "", "1234567890123456789012345678901234567890", "1e40"} {
		rows := Rows(15, 3)
		rows[1].Amount = &amount
		err := store.Insert(t.Context(), b.Store, store.Events, rows, "")
		wantClass(t, err, store.ErrPermanent)
	}
	if n := one[uint64](t, b, "SELECT count() FROM events"); n != 0 {
		t.Errorf("%d rows of a refused block are there", n)
	}
}

// waitRunning polls, for want of a signal from the engine, until the statement runs.
func waitRunning(t *testing.T, b *Bench, id string) {
	t.Helper()
	for t.Context().Err() == nil {
		n := one[uint64](t, b, "SELECT count() FROM system.processes WHERE query_id = ? OR Settings['log_comment'] = ?", id, id)
		if n > 0 {
			return
		}
	}
}

// testCancelled: the error of a context is nobody's class.
func testCancelled(t *testing.T, e Engine) {
	b := e.Store(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := store.Insert(ctx, b.Store, store.Events, Rows(1, 1), "")
	wantClass(t, err, context.Canceled)
	for _, class := range []error{store.ErrPermanent, store.ErrGone, store.ErrPassing} {
		if errors.Is(err, class) {
			t.Errorf("%v is %v", err, class)
		}
	}
}

// testGone: nobody listens, and a connection that is cut off.
func testGone(t *testing.T, _ Engine) {
	for name, transport := range map[string]http.RoundTripper{
		"refused": refuse{}, "cut off": cutOff{},
	} {
		options := &clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: []string{"nowhere"},
			TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return transport, nil },
		}
		s, err := store.New(options, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrGone) {
			t.Errorf("%s: ping: %v", name, err)
		}
		err = store.Insert(t.Context(), s, store.Events, Rows(1, 1), "")
		wantClass(t, err, store.ErrGone)
	}
}

type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

type cutOff struct{}

func (cutOff) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, net.ErrClosed
}
