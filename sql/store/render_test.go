package store

import (
	"strings"
	"testing"

	"tributary/sql/chdb/chdbtest"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestRender: for a cluster every table gets the clause and a replicated engine; for one node
// nothing but comments is taken out.
func TestRender(t *testing.T) {
	all, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	auth := clickhouse.Auth{Username: "u", Password: `p'\`}
	for _, m := range all {
		single := Config{Database: "db"}.render(m.sql, clickhouse.Auth{})
		cluster := Config{Database: "db", Cluster: "main"}.render(m.sql, auth)
		if strings.Contains(single+cluster, "/*") {
			t.Errorf("%s: a marker is left", m.Name)
		}
		if strings.Contains(single, "ON CLUSTER") || strings.Contains(single, "Replicated") {
			t.Errorf("%s: one node gets\n%s", m.Name, single)
		}
		if !strings.Contains(cluster, " ON CLUSTER main\n") {
			t.Errorf("%s: a cluster gets\n%s", m.Name, cluster)
		}
		if strings.Contains(m.sql, "ENGINE") && !strings.Contains(cluster, "ENGINE = Replicated") {
			t.Errorf("%s: a cluster gets\n%s", m.Name, cluster)
		}
		if strings.Contains(m.sql, "DICTIONARY") && !strings.Contains(cluster, `USER 'u' PASSWORD 'p\'\\'`) {
			t.Errorf("%s: a server gets\n%s", m.Name, cluster)
		}
	}
}

// TestClusterStatementsParse: no cluster is at hand, but the engine's parser is.
func TestClusterStatementsParse(t *testing.T) {
	cfg, auth := Config{Database: "db", Cluster: "main"}, clickhouse.Auth{Username: "u", Password: "p"}
	statements, err := cfg.loadQueries(auth)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		statements[m.Name] = cfg.render(m.sql, auth)
	}
	conn := chdbtest.Conn(t)
	for name, sql := range statements {
		if err := conn.Exec(t.Context(), "SELECT formatQuery({sql:String})", clickhouse.Named("sql", sql)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMigrationsAreNumbered: without gaps, one statement each, with the reason for its order.
func TestMigrationsAreNumbered(t *testing.T) {
	all, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range all {
		if m.Version != uint32(i+1) {
			t.Errorf("%s has number %d, not %d", m.Name, m.Version, i+1)
		}
		if n := strings.Count(m.sql, ";\n"); n != 1 || !strings.HasSuffix(m.sql, ";\n") {
			t.Errorf("%s has %d statements", m.Name, n)
		}
		for _, clause := range []string{"ORDER BY", "PARTITION BY"} {
			if strings.Contains(m.sql, "\n"+clause) && strings.Count(m.sql, clause) < 2 {
				t.Errorf("%s gives no reason for %s", m.Name, clause)
			}
		}
	}
}

func TestAmount(t *testing.T) {
	for text, fits := range map[string]bool{
		"": false, "0": true, "-12.50": true, "+1": true, "1.": true, ".5": false, "1e5": false, "--1": false, "1.123456789": false,
		"123456789012345678901234567890.12345678": true, "1234567890123456789012345678901": false, "1,5": false, "NaN": false, "١": false,
	} {
		if got := amount(text) != nil; got != fits {
			t.Errorf("amount(%q) fits: %t", text, got)
		}
	}
}
