package unify_test

import (
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// TestSharedIdentifiersAreTold: a telephone that two people of one family have is shared and merges
// nobody; once it is blocked it is not.
func TestSharedIdentifiersAreTold(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	phone := event.Identifier{Type: event.IDPhone, Value: "+4930901820"}
	both := []*event.Event{ev("crm", "ann", 1, user("u1"), phone), ev("crm", "bo", 2, user("u2"), phone)}
	for i, first := range []string{"Ann", "Bo"} {
		both[i].Attributes = map[string]string{event.AttrFirstName: first, event.AttrLastName: "Lindqvist"}
		r.put(record(t, both[i]))
	}
	r.settle()
	if r.profile(both[0]) == r.profile(both[1]) {
		t.Fatal("a shared telephone made two users one")
	}
	shared := func() identity.SharedKind {
		t.Helper()
		hot, err := r.state.Snapshot("w")
		must(t, err)
		defer func() { _ = hot.Close() }()
		kind, err := hot.Shared(identity.Identifier(phone))
		must(t, err)
		return kind
	}
	if kind := shared(); kind != identity.SharedHousehold {
		t.Errorf("the telephone of a family is shared by %q", kind)
	}
	r.put(command(t, 10, unify.IdentityBlock{Type: phone.Type, Value: phone.Value}))
	r.settle()
	if kind := shared(); kind != "" {
		t.Errorf("a blocked telephone is shared by %q", kind)
	}
	var told []string
	for _, d := range rowsOf[store.IdentityDecisionRow](t, r.entries(), outbox.TableIdentityDecisions) {
		if d.Kind == store.DecisionShared {
			told = append(told, d.Rule)
			if d.IdentifierType != phone.Type || d.IdentifierKey != r.engine.IdentifierKey("w", identity.Identifier(phone)) || d.Rule == "household" && len(d.Candidates) != 2 {
				t.Errorf("told of as %+v", d)
			}
		}
	}
	if want := []string{"household", "not_shared"}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}
