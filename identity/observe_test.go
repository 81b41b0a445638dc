package identity_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
)

// TestGoldenIDs holds for ever: a changed id orphans the data of every installation.
func TestGoldenIDs(t *testing.T) {
	e := newEngine(t, identity.Config{DefaultRegion: "DE"})
	for _, c := range []struct{ name, said, id string }{
		{"message", "source=web", "5c151eae-558e-8560-94ec-abe848e1096a"},
		{"user", "user_id= 42 ", "60f311ff-6c4b-89ab-ad54-35a14a6d5c00"},
		{"user and visitor", "anonymous_id=v1; user_id=42", "e0ad37a9-1cea-8713-8018-81cb41d61a07"},
		{"mailbox", "email=Ann@Example.org", "9fa99670-5ad6-8bb6-bae4-07f2f508657f"},
		{"mailbox with name in a conversation", "email=ann@example.org; name=Ann  Lee; conv=c1", "0dff20c8-a2ff-8243-8375-0fde7df48171"},
		{"national number", "phone=030 901820; conv=c1", "dbe1504e-e81a-8f51-bb11-b262cfa10395"},
		{"record", "source=crm; record=7; user_id=42", "3c4e221c-5ca6-8e7d-af5d-0072b36a9e8b"},
		{"birth date", "user_id=42; birth_date=3.2.1980", "03bfefbe-fdd2-83ee-b1dc-2fc9e9e99f24"},
		{"international name", "user_id=42; first_name=ＪＯＳÉ; last_name=Strauß", "0b2ad882-6d45-8469-98e3-26b1c78932d7"},
	} {
		o, dropped := e.Observe(said(t, 1, c.said))
		if len(dropped) > 0 {
			t.Errorf("%s: dropped %v", c.name, dropped)
		}
		if o.ID.String() != c.id {
			t.Errorf("%s: id %s, want %s", c.name, o.ID, c.id)
		}
		if o.ID.Version() != 8 || o.ID.Variant().String() != "RFC4122" {
			t.Errorf("%s: version %d, variant %s", c.name, o.ID.Version(), o.ID.Variant())
		}
	}
	if got := e.IdentifierKey("w", identity.Identifier{Type: "email", Value: "ann@example.org"}); got != 17942403564040022928 {
		t.Errorf("identifier key %d", got)
	}
}

func TestKeysDependOnWorkspaceAndKey(t *testing.T) {
	e := newEngine(t, identity.Config{})
	other, err := identity.New(identity.Config{Key: make([]byte, 32)})
	check(t, err)
	id := identity.Identifier{Type: "email", Value: "a@example.org"}
	if e.IdentifierKey("w", id) == e.IdentifierKey("v", id) || e.IdentifierKey("w", id) == other.IdentifierKey("w", id) {
		t.Error("equal identifier keys")
	}
	ev := said(t, 1, "user_id=1")
	a, _ := e.Observe(ev)
	b, _ := other.Observe(ev)
	ev.Workspace = "v"
	c, _ := e.Observe(ev)
	if a.ID == b.ID || a.ID == c.ID {
		t.Error("equal observation ids")
	}
}

// TestSameObservation lists what folds into one observation and what does not.
func TestSameObservation(t *testing.T) {
	e := newEngine(t, identity.Config{})
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"order and form of identifiers", "user_id=1; email=A@B.org", "email=a@b.org; user_id=1 ", true},
		{"another source", "user_id=1", "user_id=1; source=crm", true},
		{"one more identifier", "user_id=1", "user_id=1; email=a@b.org", false},
		{"another name", "user_id=1; name=Ann", "user_id=1; name=Anna", false},
		{"session of what is somebody's own", "anonymous_id=1; web.session_id=1", "anonymous_id=1; web.session_id=2", true},
		{"session of what may be shared", "email=a@b.org; web.session_id=1", "email=a@b.org; web.session_id=2", false},
		{"conversation of what may be shared", "phone=+14155550101; conv=1", "phone=+14155550101; conv=2", false},
		{"no conversation of what may be shared", "phone=+14155550101", "phone=+1 415 555 0101", true},
		{"conversation alone", "conv=1", "conv=1; source=web", true},
		{"conversation alone of another source", "conv=1", "conv=1; source=voice", false},
		{"versions of a record", "record=1; user_id=1", "record=1; user_id=2", true},
		{"records of two sources", "record=1; user_id=1", "record=1; user_id=1; source=crm", false},
		{"boundaries of values", "a.x=1; a.y=2", "a.x=1; a.y=2; a.z=", true},
	} {
		a, _ := e.Observe(said(t, 1, c.a))
		b, _ := e.Observe(said(t, 2, c.b))
		if (a.ID == b.ID) != c.same {
			t.Errorf("%s: same = %v", c.name, a.ID == b.ID)
		}
	}
	a, _ := e.Observe(said(t, 1, "source=web"))
	b, _ := e.Observe(said(t, 2, "source=web"))
	if a.ID == b.ID {
		t.Error("two events without identifiers are one observation")
	}
}

func TestObserveStatesFacts(t *testing.T) {
	e := newEngine(t, identity.Config{})
	ev := said(t, 1, "email=A@Example.org; phone=null; conv=c1; name=ANN  Lee; birth_date=1970-01-01; nonsense=1; user_id=\x00; email=test@test.com")
	o, dropped := e.Observe(ev)
	want := identity.Observation{
		ID: o.ID, Workspace: "w", Source: "web", Session: "c1", FirstReceived: time.Unix(1001, 0).UTC(),
		Identifiers: []identity.Identifier{{Type: "email", Value: "a@example.org"}, {Type: "web.conversation_id", Value: "c1"}},
		Attributes:  []identity.Attribute{{Name: "name", Value: "ann lee"}},
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v\nwant %+v", o, want)
	}
	wantDropped := []identity.Dropped{
		{Field: "identifiers[1]", Reason: identity.DropBlocked},
		{Field: "identifiers[2]", Reason: identity.DropUnknownType},
		{Field: "identifiers[3]", Reason: identity.DropUnusable},
		{Field: "identifiers[4]", Reason: identity.DropBlocked},
		{Field: "attributes.birth_date", Reason: identity.DropBlocked},
	}
	if !reflect.DeepEqual(dropped, wantDropped) {
		t.Errorf("dropped %v", dropped)
	}
}

func TestTwoExclusiveValuesAreNone(t *testing.T) {
	e := newEngine(t, identity.Config{})
	ev := said(t, 1, "user_id=1; anonymous_id=a")
	ev.Identifiers = append(ev.Identifiers, event.Identifier{Type: "user_id", Value: "2"})
	o, dropped := e.Observe(ev)
	if len(o.Identifiers) != 1 || o.Identifiers[0].Type != "anonymous_id" {
		t.Errorf("identifiers %v", o.Identifiers)
	}
	if len(dropped) != 1 || dropped[0].Reason != identity.DropExclusive {
		t.Errorf("dropped %v", dropped)
	}
	ev.Identifiers[2].Value = " 1"
	if o, _ := e.Observe(ev); len(o.Identifiers) != 2 {
		t.Errorf("the same value twice: %v", o.Identifiers)
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	_, err := identity.New(identity.Config{
		Key: make([]byte, 31), DefaultRegion: "XX", Regions: map[identity.Place]string{{Workspace: "w"}: "YY"},
		Shareable: []string{"user_id"}, Exclusive: []string{"user_id"}, GenericSpread: -1, GenericHolders: -1,
		Blocked: []identity.Block{{Type: "email"}, {Pattern: "("}},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, path := range []string{"key:", "default_region:", "regions[w/]:", "exclusive:", "generic_spread:", "generic_holders:", "blocked[0]:", "blocked[1].pattern:"} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("no fault at %s in %v", path, err)
		}
	}
}

func TestObserveKeepsEventTime(t *testing.T) {
	ev := said(t, 1, "user_id=1; at=7")
	if o, _ := newEngine(t, identity.Config{}).Observe(ev); !o.FirstSeen.Equal(ev.At) || !o.FirstReceived.Equal(ev.ReceivedAt) {
		t.Errorf("seen %s, received %s", o.FirstSeen, o.FirstReceived)
	}
}
