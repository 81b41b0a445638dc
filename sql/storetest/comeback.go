package storetest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/sql/store"

	"github.com/google/uuid"
)

// events returns all events of the workspace "acme", whole, by place.
func events(t testing.TB, b *Bench) []*store.EventRow {
	t.Helper()
	rows := all[store.EventRow](t, b, "export/events", store.Params{
		"workspace": "acme", "after_partition": 0, "after_offset": 0, "after_ordinal": 0, "limit": 1_000_000,
	})
	pointers := make([]*store.EventRow, len(rows))
	for i := range rows {
		pointers[i] = &rows[i]
	}
	return pointers
}

// same compares what came back with what was sent: times as they are stored, Query apart.
func same(t testing.TB, got, want *store.EventRow) {
	t.Helper()
	w := *want
	w.At, w.OriginalAt, w.SentAt, w.ReceivedAt = kept(w.At), kept(w.OriginalAt), kept(w.SentAt), kept(w.ReceivedAt)
	w.ValidUntil, w.ValidFrom, w.DueAt = kept(w.ValidUntil), kept(w.ValidFrom), kept(w.DueAt)
	g := *got
	g.Query, w.Query = "", ""
	if len(w.Identifiers) == 0 {
		g.Identifiers, w.Identifiers = nil, nil
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s came back as\n%.2000s, sent was\n%.2000s", want.MessageID, asJSON(g), asJSON(w))
	}
}

func kept(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.UnixMilli(0).UTC()
	case t.Before(store.MinTime):
		return store.MinTime
	case t.After(store.MaxTime):
		return store.MaxTime
	}
	return t.UTC()
}

func asJSON(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ptr returns a pointer to v.
func ptr[V any](v V) *V { return &v }

// fullEvent has every field set.
func fullEvent() *event.Event {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	return &event.Event{
		Workspace: "acme", Source: "helpdesk", MessageID: "full", Type: event.TypeTrack, Name: "conversation.ended",
		Channel: event.ChannelVoice, OriginalAt: at.Add(-time.Hour), SentAt: at.Add(-time.Minute), ReceivedAt: at.Add(time.Second),
		At: at, Order: -7, Record: &event.Record{ID: "r1", Version: "12", Deleted: true},
		Identifiers:  []event.Identifier{{Type: event.IDEmail, Value: "a@example.com"}},
		Attributes:   map[string]string{event.AttrName: "Ada"},
		Participants: []event.Participant{{Role: "agent", Identifier: event.Identifier{Type: "helpdesk.agent", Value: "9"}}},
		CX: &event.CX{
			ConversationID: "c1", ParentConversationID: "c0", LegID: "l1", Turn: 3, Direction: event.DirectionOutbound,
			AuthorRole: event.AuthorAI, AgentID: "ag", Team: "te", Queue: "qu", Skill: "sk", CaseID: "ca", Topic: "to",
			Disposition: "di", Priority: "high", Language: "de", Sentiment: ptr(-0.25), TransferKind: event.TransferWarm,
			WaitS: ptr(0.0), TalkS: ptr(1.5), HoldS: ptr(2.5), WrapS: ptr(3.5), Resolution: event.ResolutionConfirmed,
			SurveyID: "su", Survey: event.SurveyNPS, SurveyKind: event.SurveyRelationship, AboutConversationID: "c9",
			Score: ptr(9.0), Scale: "0-10", Amount: "-123456789012345678901234567890.12345678", Currency: "EUR",
			Product: "pr", Entitlement: "en", AccountID: "ac", OrderID: "or", Text: "hello", Model: "mo",
			Tokens: ptr(int64(0)), Cost: ptr(0.001),
			Consent: event.ConsentGranted, Purpose: "marketing", LegalBasis: "consent", Evidence: "form 3", ValidUntil: at.Add(time.Hour),
			AccountKind: event.AccountHousehold, AccountRole: "payer", ValidFrom: at,
			CommitmentID: "co", HandoffID: "ha", DueAt: at.Add(time.Minute),
		},
		Traits: []byte(`{"plan":"pro"}`), Properties: []byte(`{"a":1,"a":2}`), Context: []byte(`{"ip":"192.0.2.1"}`),
	}
}

func testEventsComeBack(t *testing.T, e Engine) {
	b := e.Store(t)
	sent := Rows(2, 500)
	full := store.NewEventRow(fullEvent(), store.Place{LogPartition: 1<<32 - 1, LogOffset: 1<<64 - 1, Ordinal: 1<<32 - 1},
		Observation(7), []uint64{0, 1, 1<<64 - 1})
	sent = append(sent[1:], &full) // the place 0/0/0 is what export reads from, exclusive
	insert(t, b, store.Events, sent...)
	got := events(t, b)
	if len(got) != len(sent) {
		t.Fatalf("%d of %d rows came back", len(got), len(sent))
	}
	for i := range got {
		same(t, got[i], sent[i])
	}
	last := got[len(got)-1]
	if last.Query != `{"a":1}` || last.QueryLeftOut != 1 {
		t.Errorf("query column holds %s and lacks %d values", last.Query, last.QueryLeftOut)
	}
	if key := one[uint64](t, b, "SELECT observation_key FROM events WHERE message_id = 'full'"); key != store.ObservationKey(Observation(7)) {
		t.Errorf("observation_key is %d", key)
	}
}

// A row of which nothing is said but where it comes from.
func testEmptyRow(t *testing.T, e Engine) {
	b := e.Store(t)
	row := store.EventRow{Workspace: "acme", Place: store.Place{LogOffset: 1}}
	insert(t, b, store.Events, &row)
	insert(t, b, store.Events, &store.EventRow{}) // not even that
	got := events(t, b)
	if len(got) != 1 {
		t.Fatalf("%d rows came back", len(got))
	}
	same(t, got[0], &row)
	if n := one[uint64](t, b, "SELECT count() FROM events WHERE isNull(wait_s) AND isNull(amount) AND query = CAST('{}', 'JSON(max_dynamic_paths=64)')"); n != 2 {
		t.Errorf("%d rows have NULL and {} where nothing is said", n)
	}
}

func testOtherRows(t *testing.T, e Engine) {
	b := e.Store(t)
	at := Start
	a, c := Observation(1), Observation(2)
	place := store.Place{LogPartition: 3, LogOffset: 5, Ordinal: 7}
	insert(t, b, store.Facts, &store.FactRow{
		Place: place, Workspace: "acme", Kind: store.FactRecord, Observation: a, Source: "crm", MessageID: "m", RecordID: "r",
		RecordVersion: "2", RecordDeleted: true, Session: "s", Identifiers: []uint64{4, 9}, Body: []byte(`{"x":1}`), At: at, ReceivedAt: at,
	})
	insert(t, b, store.IdentityDecisions, &store.IdentityDecisionRow{
		Place: place, Workspace: "acme", Version: 8, Kind: store.DecisionConflict, Observation: a, Profile: a, PreviousProfile: c,
		Standing: "member", Candidates: []uuid.UUID{a, c}, Rule: "same_email", IdentifierType: "email", IdentifierKey: 77, Peer: c,
		RefusedBy: "different_name", Score: -3.25, Model: 4, Actor: "ann", DecidedAt: at,
	})
	insert(t, b, store.Profiles, &store.ProfileRow{
		Place: place, Workspace: "acme", Profile: a, Version: 4, MergedInto: c, Removed: true, FirstSeenAt: at, LastSeenAt: at,
		Observations: 2, Events: 12, Fields: []byte(`{"name":"Ada"}`), UpdatedAt: at,
	})
	insert(t, b, store.ProfileChanges, &store.ProfileChangeRow{
		Place: place, Workspace: "acme", Profile: a, Version: 4, Kind: "changed", Field: "name", Before: []byte(`"A"`),
		After: []byte(`"Ada"`), Source: "crm", Peer: c, ChangedAt: at,
	})
	insert(t, b, store.Quarantine, &store.QuarantineRow{
		Place: place, Workspace: "acme", Source: "web", ItemPartition: 1, ItemOffset: 2, ItemOrdinal: 3, Version: 1,
		Status: store.QuarantineOpen, MessageID: "m", Stage: "gateway", Reason: "invalid_json", Field: "traits.x", Detail: "d",
		Payload: []byte("\x00\xff"), ReceivedAt: at, ChangedAt: at,
	})
	insert(t, b, store.Disclosures, &store.DisclosureRow{
		Place: place, Workspace: "acme", Kind: store.DisclosureAnswer, Observations: []uint64{4, 9}, ObservationsTotal: 2, Profile: a,
		IdentityVersion: 6, Actor: "key:k1", Purpose: "support", Reader: "human", Level: "claimed", Route: "/v1/profiles", RequestID: "q",
		Classes: []string{"identity"}, Shown: []string{"name"}, Masked: []string{"x"}, Withheld: []string{"email", "phone"}, DisclosedAt: at,
	})
	insert(t, b, store.Audit, &store.AuditRow{
		Place: place, Workspace: "acme", Actor: "key:k1", OnBehalf: "ann", Action: "key.create", SubjectKind: "key", Subject: "k2",
		Outcome: store.AuditRefused, Reason: "scope", RequestID: "q", At: at,
	})
	insert(t, b, store.ProfileSegments, &store.ProfileSegmentsRow{
		Place: place, Workspace: "acme", Profile: a, Version: 4, Segments: []string{"buyers", "pro"}, Since: []int64{-5, 1 << 40}, UpdatedAt: at,
	})
	// As text, * being all columns: a column that was mixed up with another shows.
	at3, ka := "2026-03-01 09:00:00.000", one[string](t, b, "SELECT toString(?)", store.ObservationKey(a))
	for table, want := range map[string][]string{
		"facts": {"acme", "record", a.String(), ka, "crm", "m", "r", "2", "true", "s", "[4,9]", `{"x":1}`, at3, at3, "3", "5", "7"},
		"identity_decisions": {"acme", "8", "conflict", a.String(), ka, a.String(), c.String(), "member",
			"['" + a.String() + "','" + c.String() + "']", "same_email", "email", "77", c.String(), "different_name", "-3.25", "4", "ann", at3, "3", "5", "7"},
		"profiles":        {"acme", a.String(), "4", c.String(), "true", at3, at3, "2", "12", `{"name":"Ada"}`, at3, "3", "5", "7"},
		"profile_changes": {"acme", a.String(), "4", "changed", "name", `"A"`, `"Ada"`, "crm", c.String(), at3, "3", "5", "7"},
		"quarantine": {"acme", "web", "1", "2", "3", "1", "open", "m", "gateway", "invalid_json", "traits.x", "d", "\x00\xff",
			at3, at3, "3", "5", "7"},
		"profile_segments": {"acme", a.String(), "4", "['buyers','pro']", "[-5,1099511627776]", at3, "3", "5", "7"},
		"audit":            {"acme", "key:k1", "ann", "key.create", "key", "k2", "refused", "scope", "q", at3, "3", "5", "7"},
		"disclosures": {"acme", "answer", "[4,9]", "2", a.String(), "6", "key:k1", "support", "human", "claimed", "/v1/profiles", "q",
			"['identity']", "['name']", "['x']", "['email','phone']", at3, "3", "5", "7"},
	} {
		got := one[[]string](t, b, "SELECT arrayMap(x -> toString(x), [* APPLY(toString)]) FROM (SELECT * EXCEPT('^writer$') FROM "+table+")")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as\n%q, sent was\n%q", table, strings.Join(got, "|"), strings.Join(want, "|"))
		}
	}
}
