package analyst_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys/analyst"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/chdb/chdbtest"
)

// kept keeps documents in memory, by bucket.
type kept map[string]map[string]json.RawMessage

func (k kept) Do(_ context.Context, _ string, command unify.Command) (stream.Position, error) {
	switch c := command.(type) {
	case unify.ConfigPutAll:
		if k[c.Bucket] == nil {
			k[c.Bucket] = map[string]json.RawMessage{}
		}
		for _, d := range c.Documents {
			k[c.Bucket][d.Key] = d.Value
		}
	case unify.ConfigDelete:
		delete(k[c.Bucket], c.Key)
	}
	return stream.Position{}, command.Validate()
}

func (k kept) Doc(bucket, key string) (json.RawMessage, bool, error) {
	value, ok := k[bucket][key]
	return value, ok, nil
}

func (k kept) Docs(bucket string) (docs []state.Doc, err error) {
	for key, value := range k[bucket] {
		docs = append(docs, state.Doc{Key: key, Value: value})
	}
	return docs, nil
}

var (
	kim  = analyst.Author{Name: "key:kim"}
	lee  = analyst.Author{Name: "key:lee"}
	root = analyst.Author{Name: "key:root", Any: true}
)

func TestLibrary(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	documents := kept{}
	l := analyst.NewLibrary(w.Service, documents, documents, func() time.Time { return now })
	s := analyst.Saved{
		Name: "busy-days", SQL: "SELECT text, {n:UInt8} AS n FROM events WHERE at >= {since:DateTime} AND channel IN {channels:Array(String)}",
		Params: []analyst.SavedParam{{Name: "since", Default: json.RawMessage(`"2026-01-01 00:00:00"`)}, {Name: "channels", Type: "Array(String)", Default: json.RawMessage(`["chat","it's"]`)}},
	}
	made, err := l.Create(t.Context(), all("acme"), kim, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Params) != 3 || made.Params[0].Name != "n" || made.Params[1].Type != "DateTime" || made.Owner != kim.Name || !made.SavedAt.Equal(now) {
		t.Errorf("saved is %+v", made)
	}
	_, err = l.Create(t.Context(), all("acme"), lee, s)
	wants(t, err, analyst.ErrTaken)
	_, err = l.Replace(t.Context(), all("acme"), lee, s)
	wants(t, err, analyst.ErrNotOwner)
	_, err = l.Replace(t.Context(), all("other"), kim, s)
	wants(t, err, analyst.ErrNotSaved)
	s.Description = "of the year"
	if again, err := l.Replace(t.Context(), all("acme"), root, s); err != nil || again.Owner != kim.Name || again.Description != s.Description {
		t.Errorf("replaced is %+v, %v", again, err)
	}
	if list, err := l.List("acme"); err != nil || len(list) != 1 || list[0].Name != s.Name || list[0].SQL != "" {
		t.Errorf("listed are %+v, %v", list, err)
	}
	if list, err := l.List("other"); err != nil || len(list) != 0 {
		t.Errorf("another workspace's are %+v, %v", list, err)
	}

	// It runs by the policy of who runs it, with what that one gives over the defaults.
	saved, err := l.Get("acme", s.Name)
	if err != nil {
		t.Fatal(err)
	}
	values, err := saved.Values(map[string]any{"n": json.Number("7")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.rows(t, all("acme"), saved.SQL, values); err != nil {
		t.Error(err)
	}
	var fault *analyst.Fault
	if _, err := w.rows(t, without("acme", "content"), saved.SQL, values); !errors.As(err, &fault) || fault.Class == "" {
		t.Errorf("who may not see content is answered with %v", err)
	}
	_, err = l.Delete(t.Context(), "acme", lee, s.Name)
	wants(t, err, analyst.ErrNotOwner)
	if _, err := l.Delete(t.Context(), "acme", kim, s.Name); err != nil {
		t.Error(err)
	}
	_, err = l.Get("acme", s.Name)
	wants(t, err, analyst.ErrNotSaved)
}

func wants(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestWhatIsNotSaved: all faults are told, and statements that would not run.
func TestWhatIsNotSaved(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	documents := kept{}
	l := analyst.NewLibrary(w.Service, documents, documents, time.Now)
	param := func(name, typ, otherwise string) []analyst.SavedParam {
		return []analyst.SavedParam{{Name: name, Type: typ, Default: json.RawMessage(otherwise)}}
	}
	for _, tt := range []struct {
		saved  analyst.Saved
		faults int // 0: a fault of the statement
	}{
		{analyst.Saved{Name: "Busy Days", SQL: " "}, 2},
		{analyst.Saved{Name: "a", SQL: "SELECT 1 FROM system.users"}, 0},
		{analyst.Saved{Name: "a", SQL: "SELECT count() FROM events WHERE text = 'anna.maier@example.com'"}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT 1 -- for anna@example.com", Description: "of bob@example.com"}, 2},
		{analyst.Saved{Name: "a", SQL: "SELECT count() FROM events WHERE text = '+49 30 1234567'"}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT {x:String}", Params: param("x", "", `"anna@example.com"`)}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT {x:UInt8}", Params: param("y", "", "1")}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT {x:UInt8}", Params: param("x", "String", "1")}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT {x:DateTime}", Params: param("x", "", `"soon"`)}, 1},
		{analyst.Saved{Name: "a", SQL: "SELECT {x:UInt8}", Params: param("x", "", `{"a":1}`)}, 1},
	} {
		_, err := l.Create(t.Context(), all("acme"), kim, tt.saved)
		var faults event.Errors
		var fault *analyst.Fault
		if tt.faults == 0 && !errors.As(err, &fault) || tt.faults > 0 && (!errors.As(err, &faults) || len(faults) != tt.faults) {
			t.Errorf("%s: %v, want %d faults", tt.saved.SQL, err, tt.faults)
		}
	}
	if len(documents) > 0 {
		t.Errorf("saved are %v", documents)
	}
}
