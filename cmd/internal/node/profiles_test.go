package node

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/cmd/internal/config"
	"tributary/sql/store"
)

type goldenRow struct {
	Profile      uuid.UUID `ch:"profile"`
	Version      uint64    `ch:"version"`
	Observations uint32    `ch:"observations"`
	Events       uint64    `ch:"events"`
	Fields       string    `ch:"fields"`
}

// published waits until every profile is in ClickHouse as it is, and returns them.
func (p *program) published() map[string]goldenRow {
	p.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for p.settle(); p.state.StaleProfiles() > 0; p.settle() {
		<-ticker.C
	}
	p.settle()
	rows := map[string]goldenRow{}
	for _, row := range query[goldenRow](p, "profiles/golden", store.Params{"workspace": "default", "limit": 1000}) {
		rows[row.Profile.String()] = row
	}
	return rows
}

// agree compares the rows with what the API says of the same profiles.
func (p *program) agree(rows map[string]goldenRow) {
	p.t.Helper()
	for id, row := range rows {
		status, answer := p.get("profile:"+id, "")
		if status != 200 {
			p.t.Fatalf("profile %s is in ClickHouse, and answered with %d: %v", id, status, answer)
		}
		var fields struct {
			Identifiers map[string][]string `json:"identifiers"`
			Traits      map[string]any      `json:"traits"`
		}
		if err := json.Unmarshal([]byte(row.Fields), &fields); err != nil {
			p.t.Fatalf("fields of %s: %v", id, err)
		}
		traits := map[string]any{}
		for name, trait := range answer["traits"].(map[string]any) {
			traits[name] = trait.(map[string]any)["value"]
		}
		if !maps.EqualFunc(fields.Traits, traits, func(a, b any) bool { return a == b }) {
			p.t.Errorf("profile %s has the traits %v in ClickHouse, %v in the API", id, fields.Traits, traits)
		}
		held := 0
		for _, values := range fields.Identifiers {
			held += len(values)
		}
		if want := len(answer["identifiers"].([]any)); held != want {
			p.t.Errorf("profile %s has %d identifiers in ClickHouse, %d in the API", id, held, want)
		}
	}
}

// TestProfilesAreInClickHouse: golden records are published, once a change has rested; those that
// merge are taken out; a restart forgets none that wait.
func TestProfilesAreInClickHouse(t *testing.T) {
	dir := t.TempDir()
	after := func(d time.Duration) func(*config.Config) {
		return func(c *config.Config) { c.Profiles.PublishAfter = config.Duration(d) }
	}
	p := start(t, dir, after(time.Hour))
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com","plan":"basic"}}`)
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"plan":"pro","seats":3}}`)
	p.accept("/v1/identify", `{"anonymousId":"a-1","traits":{"theme":"dark"}}`)
	p.settle()
	if rows := query[goldenRow](p, "profiles/golden", store.Params{"workspace": "default", "limit": 10}); len(rows) != 0 {
		t.Fatalf("published before it rested: %v", rows)
	}
	p.stop()

	p = start(t, dir, after(time.Millisecond))
	rows := p.published()
	if len(rows) != 2 {
		t.Fatalf("%d profiles are published, want 2: %v", len(rows), rows)
	}
	p.agree(rows)
	before := rows

	p.accept("/v1/identify", `{"userId":"u-1","anonymousId":"a-1"}`) // now one person
	rows = p.published()
	if len(rows) != 1 {
		t.Fatalf("%d profiles are published after the merge, want 1: %v", len(rows), rows)
	}
	p.agree(rows)
	row := slices.Collect(maps.Values(rows))[0]
	if row.Observations < 3 || row.Version <= before[row.Profile.String()].Version {
		t.Errorf("the row is of %d observations and version %d, want all and a later one", row.Observations, row.Version)
	}

	p.accept("/v1/identify", `{"userId":"u-1","traits":{"plan":"pro"}}`) // nothing new
	if again := p.published(); again[row.Profile.String()].Version != row.Version {
		t.Errorf("what says nothing new is published as version %d after %d", again[row.Profile.String()].Version, row.Version)
	}
}
