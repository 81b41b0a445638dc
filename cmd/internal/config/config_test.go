package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/identity"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreValid(t *testing.T) {
	if _, err := Load("", nil); err != nil {
		t.Fatal(err)
	}
}

// TestExampleHoldsEveryKeyAndItsDefault keeps the example true.
func TestExampleHoldsEveryKeyAndItsDefault(t *testing.T) {
	got, err := Load(write(t, Example), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	if want.Identity.Blocked == nil {
		want.Identity.Blocked = []Block{}
	}
	if want.Identity.Regions == nil {
		want.Identity.Regions = map[string]string{}
	}
	if want.Log.Kafka.Brokers == nil {
		want.Log.Kafka.Brokers = []string{}
	}
	if want.Profiles.SourceRank == nil {
		want.Profiles.SourceRank = map[string][]string{}
	}
	if want.Profiles.SQLTraits == nil {
		want.Profiles.SQLTraits = []SQLTrait{}
	}
	if want.Auth.JWT == nil {
		want.Auth.JWT = []TokenIssuer{}
	}
	if want.Auth.OIDC == nil {
		want.Auth.OIDC = []OIDCProvider{}
	}
	if want.Sources == nil {
		want.Sources = []Source{}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example says\n%+v\nbut the defaults are\n%+v", got, want)
	}
	for _, name := range Keys() {
		key := strings.ToLower(strings.TrimPrefix(name, EnvPrefix))
		last := key
		for strings.Contains(last, "_") && !strings.Contains(Example, last+":") {
			_, last, _ = strings.Cut(last, "_")
		}
		if !strings.Contains(Example, last+":") {
			t.Errorf("the example has no key for %s", name)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	path := write(t, "workspace: 'No Good'\nroles: [dance]\nlog: {shards: 0, driver: paper}\nsink: {max_rows: -1}\nclickhouse: {inspect_listen: '0.0.0.0:8123'}\nhttp: {pprof_listen: ':6060'}\nidentity: {default_region: Atlantis, regions: {shop: Utopia}}\n"+
		"state: {live_entries: 0, live_age: 1s}\nstream: {listeners: 0, listeners_per_key: 7, buffer: 0, heartbeat: 0s, stall: 0s}\n")
	_, err := Load(path, []string{"TRIBUTARY_NO_SUCH_KEY=1", "TRIBUTARY_SINK_TIMEOUT=soon"})
	for _, part := range []string{
		"workspace:", "roles:", "log.driver:", "sink.max_rows:", "clickhouse.inspect_listen:", "http.pprof_listen:",
		"state.live_entries:", "state.live_age:", "stream.listeners:", "stream.listeners_per_key:", "stream.buffer:", "stream.heartbeat:", "stream.stall:",
		"identity.default_region:", "identity.regions[shop]:", "TRIBUTARY_NO_SUCH_KEY", "TRIBUTARY_SINK_TIMEOUT",
	} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s:\n%v", part, err)
		}
	}
}

func TestUnknownKeyIsAnError(t *testing.T) {
	if _, err := Load(write(t, "log:\n  shard: 4\n"), nil); err == nil || !strings.Contains(err.Error(), "shard") {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentOverridesFile(t *testing.T) {
	c, err := Load(write(t, "log: {shards: 4}\n"), []string{
		"TRIBUTARY_LOG_SHARDS=16", "TRIBUTARY_STATE_DEDUPE_HORIZON=14d", "TRIBUTARY_LOG_CACHE=64MiB",
		"TRIBUTARY_ROLES=[api, unify]", "TRIBUTARY_HTTP_LISTEN=127.0.0.1:9", "PATH=/bin",
		"TRIBUTARY_CLICKHOUSE_DSN=clickhouse://user:secret@db:9000/cx",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Shards != 16 || time.Duration(c.State.DedupeHorizon) != 14*24*time.Hour || c.Log.Cache != 64<<20 ||
		!reflect.DeepEqual(c.Roles, []string{RoleAPI, RoleUnify}) || c.HTTP.Listen != "127.0.0.1:9" ||
		c.ClickHouse.DSN != "clickhouse://user:secret@db:9000/cx" {
		t.Errorf("got %+v", c)
	}
}

// TestRegionsAreBySource reads one number as two sources write it, and an address as its provider does.
func TestRegionsAreBySource(t *testing.T) {
	c, err := Load(write(t, "identity: {default_region: US, regions: {shop_fr: FR}, mail_providers: true}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := identity.New(c.IdentityEngine(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ source, typ, raw, want string }{
		{"shop_fr", "phone", "06 98 11 22 33", "+33698112233"},
		{"shop_us", "phone", "(415) 555-2671", "+14155552671"},
		{"shop_us", "email", "Ann.Lee+x@gmail.com", "annlee@gmail.com"},
	} {
		id, _ := engine.Normalise(identity.Place{Workspace: "main", Source: x.source}, identity.Identifier{Type: x.typ, Value: x.raw})
		if id.Value != x.want {
			t.Errorf("%s of %s: got %q, want %q", x.raw, x.source, id.Value, x.want)
		}
	}
}

func TestKafkaNeedsBrokers(t *testing.T) {
	if _, err := Load(write(t, "log: {driver: kafka}\n"), nil); err == nil || !strings.Contains(err.Error(), "log.kafka.brokers:") {
		t.Errorf("got %v", err)
	}
}
