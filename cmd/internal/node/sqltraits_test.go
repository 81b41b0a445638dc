package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/cmd/internal/config"
)

// ordersQuery counts the orders of everybody.
const ordersQuery = `SELECT dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile, toJSONString(toFloat64(count())) AS value
	FROM events WHERE workspace = {workspace:String} AND name = 'order.placed' GROUP BY profile`

// sqlTrait is one of the configuration, whose query runs when the test says so, after a first time.
func sqlTrait(name, query string) config.SQLTrait {
	return config.SQLTrait{Name: name, Workspace: "default", Every: config.Duration(24 * time.Hour), Timeout: config.Duration(time.Minute), Query: query}
}

// computed returns the computed traits of a customer.
func (p *program) computed(address string) map[string]any {
	p.t.Helper()
	status, profile := p.get(address, "")
	if status != http.StatusOK {
		p.t.Fatalf("%s: %d: %v", address, status, profile)
	}
	traits, _ := profile["computed"].(map[string]any)
	return traits
}

// logged is how many records the log holds.
func (p *program) logged() (n uint64) {
	p.t.Helper()
	infos, err := p.log.Partitions(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, info := range infos {
		n += info.Next
	}
	return n
}

// TestSQLTraits: what a query of the configuration says of people is theirs, with its origin; only what
// changed goes to the log, and what is no longer said is taken back.
func TestSQLTraits(t *testing.T) {
	orders := sqlTrait("orders", ordersQuery)
	p := start(t, t.TempDir(), func(c *config.Config) { c.Profiles.SQLTraits = []config.SQLTrait{orders} })
	place := func(id, user string) {
		p.accept("/v1/track", fmt.Sprintf(`{"messageId":%q,"userId":%q,"event":"order.placed"}`, id, user))
		p.settle()
	}
	set := func(of config.SQLTrait) uint64 {
		t.Helper()
		before := p.logged()
		if err := p.setSQLTrait(t.Context(), of); err != nil {
			t.Fatal(err)
		}
		p.settle()
		return p.logged() - before
	}
	place("1", "a")
	place("2", "b")
	if n := set(orders); n != 1 {
		t.Fatalf("two new values went to the log as %d records, wanted one", n)
	}
	got, _ := p.computed("user_id:a")["sql:orders"].(map[string]any)
	if got == nil || fmt.Sprint(got["value"]) != "1" || got["source"] != "sql:orders" || got["set_at"] == nil {
		t.Fatalf("the profile has %v", got)
	}
	if n := set(orders); n != 0 {
		t.Errorf("nothing changed, and %d records went to the log", n)
	}
	place("3", "a")
	if n := set(orders); n != 1 {
		t.Errorf("one value changed, and %d records went to the log", n)
	}
	if got, _ := p.computed("user_id:a")["sql:orders"].(map[string]any); fmt.Sprint(got["value"]) != "2" {
		t.Errorf("after another order the profile has %v", got)
	}
	several := orders
	several.Query = strings.Replace(ordersQuery, "GROUP BY profile", "GROUP BY profile HAVING count() > 1", 1)
	if set(several); p.computed("user_id:b")["sql:orders"] != nil || p.computed("user_id:a")["sql:orders"] == nil {
		t.Errorf("taken back of the wrong one: b has %v", p.computed("user_id:b"))
	}
}

// TestSQLTraitsThatFail: a query that is wrong is told in log and metric, takes nothing back and disturbs
// nothing.
func TestSQLTraitsThatFail(t *testing.T) {
	orders := sqlTrait("orders", ordersQuery)
	p := start(t, t.TempDir(), func(c *config.Config) { c.Profiles.SQLTraits = []config.SQLTrait{orders} })
	p.accept("/v1/track", `{"messageId":"1","userId":"a","event":"order.placed"}`)
	p.settle()
	if err := p.setSQLTrait(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	p.settle()
	slow := sqlTrait("orders", "SELECT generateUUIDv4() AS profile, toString(sum(sipHash64(number))) AS value FROM numbers(1000000000000) WHERE {workspace:String} != ''")
	slow.Timeout = config.Duration(200 * time.Millisecond)
	before := p.logged()
	for name, bad := range map[string]config.SQLTrait{
		"no SQL":      sqlTrait("orders", "SELEKT {workspace:String}"),
		"columns":     sqlTrait("orders", "SELECT 1 AS a, {workspace:String} AS b"),
		"no JSON":     sqlTrait("orders", "SELECT generateUUIDv4() AS profile, concat('{', {workspace:String}) AS value"),
		"writes":      sqlTrait("orders", "INSERT INTO events (workspace) VALUES ({workspace:String})"),
		"takes long":  slow,
		"other table": sqlTrait("orders", "SELECT profile, value FROM nowhere WHERE {workspace:String} != ''"),
	} {
		if err := p.setSQLTrait(t.Context(), bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if n := p.logged() - before; n != 0 {
		t.Errorf("queries that failed put %d records into the log", n)
	}
	if p.computed("user_id:a")["sql:orders"] == nil {
		t.Error("what was set is gone")
	}
}

// TestSQLTraitFailureIsTold: the schedule goes on past a bad query and says so.
func TestSQLTraitFailureIsTold(t *testing.T) {
	dir := t.TempDir()
	before := start(t, dir)
	before.accept("/v1/track", `{"messageId":"1","userId":"a","event":"order.placed"}`)
	before.settle() // the tables are there
	before.stop()
	var told bytes.Buffer
	p := startLogging(t, dir, slog.New(slog.NewJSONHandler(&told, nil)), func(c *config.Config) {
		c.Profiles.SQLTraits = []config.SQLTrait{sqlTrait("bad", "SELEKT {workspace:String}"), sqlTrait("orders", ordersQuery)}
	})
	for deadline := time.Now().Add(2 * time.Minute); !p.ran("bad", "failed") || !p.ran("orders", "set"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.stop()
			t.Fatalf("the metric does not tell of a failure and a success; the log says %s", told.String())
		}
	}
	p.stop()
	for line := range bytes.Lines(told.Bytes()) {
		var said struct{ Level, Name, Error string }
		if err := json.Unmarshal(line, &said); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if said.Level == "ERROR" && said.Name == "bad" && said.Error != "" {
			return
		}
	}
	t.Errorf("the log says %s", told.String())
}

// ran says whether the metric counts one run of a trait with an outcome.
func (p *program) ran(trait, outcome string) bool {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/metrics", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Contains(string(text), fmt.Sprintf(`tributary_sql_trait_runs_total{outcome=%q,trait=%q,workspace="default"} 1`, outcome, trait))
}

// TestSQLTraitsAreTheOperators: no key sets one, by events or by definitions.
func TestSQLTraitsAreTheOperators(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/identify", `{"messageId":"1","userId":"a","traits":{"sql:orders":7}}`)
	p.settle()
	if got := p.computed("user_id:a")["sql:orders"]; got != nil {
		t.Errorf("an event set %v", got)
	}
	key := p.key(auth.New{Kind: auth.KindAdmin, Workspace: "default"})
	document := `computed: [{name: "sql:orders", of: count, events: [order.placed]}]`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.url+"/v1/definitions", strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/yaml")
	if status, answer := p.do(request); status < 400 {
		t.Errorf("a document declared it: %d: %v", status, answer)
	}
}
