package admin_test

import (
	"strings"
	"testing"
	"time"

	"tributary/api/admin"
	"tributary/ingest/schema"
	"tributary/profiles/unify"
)

// What was seen is printed as a schema, which set takes back; from then on what differs is put aside, and
// the commands tell of it.
func TestSchemaIsFrozen(t *testing.T) {
	s := newServer(t)
	send := func(id, properties string) {
		t.Helper()
		_, err := s.Import(t.Context(), "acme", "shop", strings.NewReader(
			`{"message_id":"`+id+`","type":"track","name":"Plan Compared","identifiers":[{"type":"user_id","value":"u1"}],"properties":`+properties+"}\n"))
		s.must(err)
		s.settle()
	}
	send("1", `{"plan":"a","seats":2}`)
	q := admin.SchemaQuery{Source: "shop", Event: "Plan Compared"}
	report, err := s.ShowSchema(t.Context(), "acme", q)
	s.must(err)
	frozen := unify.SchemaSet{Source: "shop", Event: "Plan Compared", Contract: schema.Contract{Policy: schema.Quarantine, Schema: report.Events[0].Inferred}}
	s.must(s.SetSchema(t.Context(), "acme", frozen))
	send("2", `{"plan":"b","seats":2,"colour":"red"}`)
	send("3", `{"plan":"b","seats":3}`)
	drift, err := s.SchemaDrift(t.Context(), "acme", q)
	s.must(err)
	if e := drift.Events[0]; e.Quarantined != 1 || len(e.Differences) != 1 || e.Differences[0].Path != "colour" || e.Differences[0].Example != "2" {
		t.Errorf("drift %+v", drift)
	}
	q.Since = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	if drift, err = s.SchemaDrift(t.Context(), "acme", q); err != nil || len(drift.Events) != 0 {
		t.Errorf("drift of the future %+v, %v", drift, err)
	}
	all, err := s.ListSchemas(t.Context(), "acme")
	s.must(err)
	if len(all) != 1 || all[0].Source != "shop" || all[0].Events[0].Contract == nil {
		t.Errorf("list %+v", all)
	}
	s.must(s.RemoveSchema(t.Context(), "acme", unify.SchemaRemove{Source: "shop", Event: "Plan Compared"}))
	if report, err = s.ShowSchema(t.Context(), "acme", admin.SchemaQuery{Source: "shop"}); err != nil || report.Events[0].Contract != nil {
		t.Errorf("after it was removed: %+v, %v", report, err)
	}
}

func TestBadContractsNameThePath(t *testing.T) {
	s := newServer(t)
	for want, c := range map[string]unify.SchemaSet{
		"schema.properties.a.type": {Source: "shop", Event: "E", Contract: schema.Contract{Schema: []byte(`{"properties":{"a":{"type":"int"}}}`)}},
		"another document":         {Source: "shop", Event: "E", Contract: schema.Contract{Schema: []byte(`{"$ref":"https://example.com/s.json"}`)}},
		"policy":                   {Source: "shop", Contract: schema.Contract{Policy: "perhaps"}},
		"source":                   {Source: "", Event: "E", Contract: schema.Contract{Schema: []byte(`{}`)}},
	} {
		if err := s.SetSchema(t.Context(), "acme", c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := s.ShowSchema(t.Context(), "acme", admin.SchemaQuery{Source: "none"}); err == nil {
		t.Error("an unknown source has a schema")
	}
}
