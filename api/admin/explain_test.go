package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tributary/api/admin"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

// TestIdentityIsAskedOverTheSocket: explanations with sentences for a person, how an identifier stands, a
// preview with its progress, and rules that come back as they were set.
func TestIdentityIsAskedOverTheSocket(t *testing.T) {
	s := newServer(t)
	_, err := s.Import(t.Context(), "acme", "crm", strings.NewReader(`{"message_id":"1","type":"track","name":"Viewed","identifiers":[{"type":"user_id","value":"u1"},{"type":"email","value":"a@example.com"}]}
{"message_id":"2","type":"track","name":"Viewed","identifiers":[{"type":"user_id","value":"u1"},{"type":"crm.id","value":"7"}]}
`))
	s.must(err)
	s.settle()
	x, err := s.ExplainIdentity(t.Context(), "acme", admin.ExplainQuery{Address: "user_id:u1", With: "crm.id:7", Add: []string{"crm.id:8"}})
	s.must(err)
	if x.ObservationsTotal != 2 || !x.With.Same || x.Added == nil || x.Links[0].Said.Read != `Same user id "u1"` {
		t.Errorf("explained as %+v", x)
	}
	standing, err := s.IdentifierStanding(t.Context(), "acme", event.IDUser+":u1")
	s.must(err)
	if standing.State != identity.ValuePersonal || standing.Observations != 2 {
		t.Errorf("stands as %+v", standing)
	}
	rules, err := identity.ParseRules([]byte("identifiers: [{type: user_id, role: ignored}]"))
	s.must(err)
	var last explain.Progress
	f, err := s.PreviewIdentity(t.Context(), "acme", explain.Trial{Rules: rules}, func(p explain.Progress) { last = p })
	s.must(err)
	if f.Splits != 1 || f.Before.Profiles != 1 || f.After.Profiles != 2 || last.Observations != 2 || last.Share != 1 {
		t.Errorf("forecast %+v, at %+v", f, last)
	}
	_, err = s.SetIdentityRules(t.Context(), "acme", unify.IdentityRules{Actor: "grace", Rules: rules.Encode()})
	s.must(err)
	ruled, err := s.IdentityRules(t.Context(), "acme")
	s.must(err)
	if other, err := s.IdentityRules(t.Context(), "other"); err != nil || other.Own || !ruled.Own || string(ruled.Rules) != string(rules.Encode()) {
		t.Errorf("the rules are %s, those of another %s, %v", ruled.Rules, other.Rules, err)
	}
}

func TestBadQuestionsNameTheField(t *testing.T) {
	s := newServer(t)
	_, err := s.Import(t.Context(), "acme", "crm", strings.NewReader(`{"message_id":"1","type":"track","name":"Viewed","identifiers":[{"type":"user_id","value":"u1"}]}
`))
	s.must(err)
	s.settle()
	ask := func(workspace string, q admin.ExplainQuery) error {
		_, err := s.ExplainIdentity(t.Context(), workspace, q)
		return err
	}
	preview := func(rules identity.Rules, metric explain.Metric, bound int) error {
		_, err := s.PreviewIdentity(t.Context(), "acme", explain.Trial{Rules: rules, Metric: metric, Bound: bound}, nil)
		return err
	}
	set := func(document string) error {
		_, err := s.SetIdentityRules(t.Context(), "acme", unify.IdentityRules{Rules: []byte(document)})
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"no workspace", ask("", admin.ExplainQuery{Address: "user_id:u1"}), "workspace is required"},
		{"no address", ask("acme", admin.ExplainQuery{Address: "u1"}), "address must be type:value"},
		{"unknown type", ask("acme", admin.ExplainQuery{Address: "shoe_size:44"}), "address must be user_id"},
		{"nobody", ask("acme", admin.ExplainQuery{Address: "user_id:u9"}), "Nobody is known"},
		{"with no address", ask("acme", admin.ExplainQuery{Address: "user_id:u1", With: "u2"}), "with must be"},
		{"with nobody", ask("acme", admin.ExplainQuery{Address: "user_id:u1", With: "user_id:u2"}), "with names nobody"},
		{"add what is none", ask("acme", admin.ExplainQuery{Address: "user_id:u1", Add: []string{"crm.id:1", "email:x"}}), "add[1] has a value"},
		{"unknown metric", preview(identity.Rules{}, "csat", 0), "metric must be"},
		{"bad rules", preview(identity.Rules{Strategy: "hope"}, "", 0), "rules"},
		{"unknown rule", set(`{"strategy":"hope","colour":1}`), "colour: there is no such key"},
	} {
		var d *problem.Document
		if !errors.As(c.err, &d) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
}

// TestPreviewEndsWithItsClient: the server stops looking when nobody waits for the answer.
func TestPreviewEndsWithItsClient(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.PreviewIdentity(ctx, "acme", explain.Trial{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
