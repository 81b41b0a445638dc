package store_test

import (
	"errors"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestOpenHTTP goes the way of a server's DSN, over a socket.
func TestOpenHTTP(t *testing.T) {
	proxy := &httputil.ReverseProxy{
		Transport: chdbtest.Engine(t),
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Host = "engine" },
	}
	server := httptest.NewServer(proxy)
	defer server.Close()
	s, err := store.Open(server.URL+"/"+chdbtest.Database(t), store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Insert(t.Context(), s, store.Events, storetest.Rows(1, 1000), "over-http"); err != nil {
		t.Fatal(err)
	}
	places, err := s.Present(t.Context(), "events", []store.Range{{First: 10, Last: 19}})
	if err != nil || len(places) != 10 {
		t.Errorf("%d places of 10: %v", len(places), err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenByScheme(t *testing.T) {
	database := chdbtest.Database(t)
	opener := func(u *url.URL) (*clickhouse.Options, error) {
		if u.Path != "/data" {
			t.Errorf("path is %q", u.Path)
		}
		return chdb.Options(chdbtest.Engine(t), ""), nil
	}
	s, err := store.Open("chdb:///data", store.Config{Database: database, Openers: map[string]store.Opener{"chdb": opener}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Database() != database {
		t.Errorf("database is %q", s.Database())
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSettingsGivenGoFirst: what the DSN says of a setting stands before what statements are planned with otherwise.
func TestSettingsGivenGoFirst(t *testing.T) {
	type row struct {
		Value string `ch:"value"`
	}
	for want, given := range map[string]clickhouse.Settings{"0": nil, "1": {"optimize_and_compare_chain": 1}} {
		options := chdb.Options(chdbtest.Engine(t), "")
		options.Settings = given
		s, err := store.New(options, store.Config{Database: "default"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		got, err := store.Compose[row](s, "setting", "SELECT value FROM system.settings WHERE name = 'optimize_and_compare_chain'").One(t.Context(), nil)
		if err != nil || got.Value != want {
			t.Errorf("%v comes to %q, want %q: %v", given, got.Value, want, err)
		}
	}
}

func TestOpenFaults(t *testing.T) {
	refuse := func(*url.URL) (*clickhouse.Options, error) { return nil, errors.New("no such engine") }
	for dsn, want := range map[string]string{
		"clickhouse://user:secret@host:90x/db": "the DSN is no URL",
		"chdb:///data":                         "no such engine",
		"mysql://host/db":                      `no engine for the scheme "mysql"`,
		"/data":                                `no engine for the scheme ""`,
	} {
		_, err := store.Open(dsn, store.Config{Openers: map[string]store.Opener{"chdb": refuse}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	_, err := store.Open("http://host/db", store.Config{Database: "a b", Cluster: "c;", KillSettle: -1})
	for _, field := range []string{"database", "cluster", "kill_settle"} {
		if err == nil || !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
}
