package find_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/find"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { chdbtest.Main(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf is an archive with golden records and events.
type shelf struct {
	*testing.T
	*find.Archive
	bench  *storetest.Bench
	placed uint64
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)}
	var err error
	if s.Archive, err = find.NewArchive(s.bench.Store); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shelf) place() store.Place { s.placed++; return store.Place{LogOffset: s.placed} }

// publish stores a golden record.
func (s *shelf) publish(workspace string, who uint64, version uint64, fields string) {
	s.Helper()
	row := &store.ProfileRow{
		Place: s.place(), Workspace: workspace, Profile: storetest.Observation(who), Version: version,
		LastSeenAt: epoch.Add(time.Duration(who) * time.Hour), Fields: json.RawMessage(fields), UpdatedAt: epoch, Removed: fields == "",
	}
	if err := store.Insert(s.Context(), s.bench.Store, store.Profiles, []*store.ProfileRow{row}, ""); err != nil {
		s.Fatal(err)
	}
}

// name stores a golden record of a name, as an attribute.
func (s *shelf) name(who uint64, name string) {
	s.Helper()
	fields, err := json.Marshal(map[string]any{"attributes": map[string]string{"name": name, "city": "Marshville"}})
	if err != nil {
		s.Fatal(err)
	}
	s.publish("acme", who, 1, string(fields))
}

func ids(who ...uint64) (all []identity.ProfileID) {
	for _, n := range who {
		all = append(all, storetest.Observation(n))
	}
	return all
}

func (s *shelf) named(words ...string) []uuid.UUID {
	s.Helper()
	found, err := s.Named(s.Context(), "acme", find.NameFields(), words, 10)
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// TestNames: whole words come before beginnings, and these before what stands inside; case, accents and width make no
// difference; no character means anything but itself.
func TestNames(t *testing.T) {
	s := newShelf(t)
	for who, name := range []string{0: "Ada Marsh", 1: "Adalbert Marsh", 2: "Nevada Marshal", 3: "Zoë O'Neill", 4: "王小明", 5: "ＦＵＬＬ Width", 6: "100% Sure", 7: `back\slash`} {
		s.name(uint64(who), name)
	}
	s.publish("acme", 8, 1, `{"traits":{"first_name":"Ada","last_name":"Plain","plan":"zoe"}}`)
	s.publish("acme", 9, 1, "")
	s.publish("other", 10, 1, `{"attributes":{"name":"Ada Marsh"}}`)
	for _, c := range []struct {
		words []string
		want  []identity.ProfileID
	}{
		{[]string{"ada"}, ids(8, 0, 1, 2)},
		{[]string{"MARSH", "ada"}, ids(0, 1, 2)},
		{[]string{"marsh"}, ids(1, 0, 2)},
		{[]string{"zoe"}, ids(3)},
		{[]string{"Zoë"}, ids(3)},
		{[]string{"neill"}, ids(3)},
		{[]string{"小"}, ids(4)},
		{[]string{"full"}, ids(5)},
		{[]string{"100%"}, ids(6)},
		{[]string{"%"}, ids(6)},
		{[]string{`\`}, ids(7)},
		{[]string{"plain", "ada"}, ids(8)},
		{[]string{"marshville"}, ids()}, // a city is no name
		{[]string{"'", "]"}, ids()},
		{[]string{"\u200b"}, ids()},
	} {
		if got := s.named(c.words...); !slices.Equal(got, c.want) {
			t.Errorf("%q finds %v, want %v", c.words, got, c.want)
		}
	}
	if got, err := s.Named(t.Context(), "acme", []string{event.AttrName}, []string{"plain"}, 10); err != nil || len(got) != 0 {
		t.Errorf("in names that are not looked through it finds %v %v", got, err)
	}
	if got, err := s.Named(t.Context(), "acme", find.NameFields(), []string{"ada"}, 2); err != nil || len(got) != 2 {
		t.Errorf("with a limit of 2 it finds %v %v", got, err)
	}
}

// TestTypes: a value is found under every type that somebody holds it as.
func TestTypes(t *testing.T) {
	s := newShelf(t)
	hostile := `a"b\c'<d>`
	quoted, err := json.Marshal(map[string]any{"identifiers": map[string][]string{"shop.customer": {"4711", hostile}, "user_id": {"u"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.publish("acme", 0, 1, string(quoted))
	s.publish("acme", 1, 1, `{"identifiers":{"crm.contact":["x","4711"]},"traits":{"note":"u"}}`)
	s.publish("other", 2, 1, `{"identifiers":{"other.id":["4711"]}}`)
	for value, want := range map[string][]string{"4711": {"crm.contact", "shop.customer"}, hostile: {"shop.customer"}, "u": {"user_id"}, "47": nil, "'": nil} {
		got, err := s.Identified(t.Context(), "acme", value, 10)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is held as %v (%v), want %v", value, got, err, want)
		}
	}
}

// TestRecords: an id is that of whatever it is the id of, as far as it may be looked for.
func TestRecords(t *testing.T) {
	s := newShelf(t)
	var rows []*store.EventRow
	say := func(workspace string, who uint64, name string, cx event.CX, properties string) {
		e := &event.Event{Workspace: workspace, Source: "shop", MessageID: fmt.Sprint(len(rows)), Type: event.TypeTrack, Name: name, CX: &cx, Properties: json.RawMessage(properties)}
		at := epoch.Add(time.Duration(len(rows)) * time.Hour)
		e.Stamp(at, time.Time{}, at)
		row := store.NewEventRow(e, s.place(), storetest.Observation(who), nil)
		rows = append(rows, &row)
	}
	say("acme", 0, "conversation.started", event.CX{ConversationID: "7"}, "")
	say("acme", 1, "case.opened", event.CX{CaseID: "7"}, "")
	say("acme", 2, "order.placed", event.CX{OrderID: "7"}, "")
	say("acme", 3, "invoice.issued", event.CX{}, `{"invoice_id":"7"}`)
	say("acme", 4, "invoice.paid", event.CX{}, `{"id":"7"}`)
	say("acme", 5, "page.viewed", event.CX{}, `{"id":"7"}`)
	say("other", 6, "order.placed", event.CX{OrderID: "7"}, "")
	if err := store.Insert(t.Context(), s.bench.Store, store.Events, rows, ""); err != nil {
		t.Fatal(err)
	}
	all := find.Since{May: true}
	found := func(value string, may find.May) string {
		records, err := s.Recorded(context.WithoutCancel(t.Context()), "acme", value, may, 10)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, r := range records {
			text += fmt.Sprintf("%d%v ", slices.Index(ids(0, 1, 2, 3, 4, 5, 6), r.Observation), r.Kinds)
		}
		return text
	}
	for _, c := range []struct {
		value string
		may   find.May
		want  string
	}{
		{"7", find.May{Contacts: all, Money: all}, "4[invoice] 3[invoice] 2[order] 1[case] 0[conversation] "},
		{"7", find.May{Contacts: all}, "1[case] 0[conversation] "},
		{"7", find.May{Money: find.Since{May: true, From: epoch.Add(3 * time.Hour)}}, "4[invoice] 3[invoice] "},
		{"7", find.May{}, ""},
		{"' OR 1=1", find.May{Contacts: all, Money: all}, ""},
	} {
		if got := found(c.value, c.may); got != c.want {
			t.Errorf("%+v finds %q, want %q", c, got, c.want)
		}
	}
}
