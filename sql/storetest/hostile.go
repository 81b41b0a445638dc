package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/sql/store"
)

// hostileText are strings that must come back as they were, from every text column.
var hostileText = []string{
	"\x00", "a\x00b", "\xff\xfe\x80", "\xed\xa0\x80", "\t\n\r\\'\"`", "'; DROP TABLE events; --", "{x:String}", "?", "$1", `\N`, "NULL",
	"\u202e\u0000\ufeff", strings.Repeat("x", 1<<20), strings.Repeat("é", 100_000),
}

// testHostileValues puts each text into every text column of a row of its own, between rows that are
// as they should be.
func testHostileValues(t *testing.T, e Engine) {
	b := e.Store(t)
	sent := Rows(3, 3*len(hostileText)+1)[1:]
	for i, text := range hostileText {
		row := sent[3*i+1]
		fillText(row, text)
		row.Workspace = "acme"
	}
	insert(t, b, store.Events, sent...)
	got := events(t, b)
	if len(got) != len(sent) {
		t.Fatalf("%d of %d rows came back", len(got), len(sent))
	}
	for i := range got {
		same(t, got[i], sent[i])
	}
}

// fillText sets every text column but Query. Amount is a number.
func fillText(r *store.EventRow, text string) {
	for _, field := range []*string{
		&r.Source, &r.MessageID, &r.Type, &r.Name, &r.Channel, &r.RecordID, &r.RecordVersion, &r.Subject, &r.Participants,
		&r.ConversationID, &r.ParentConversationID, &r.LegID, &r.Direction, &r.AuthorRole, &r.AgentID, &r.Team, &r.Queue, &r.Skill,
		&r.CaseID, &r.Topic, &r.Disposition, &r.Priority, &r.Language, &r.TransferKind, &r.Resolution, &r.SurveyID, &r.Survey,
		&r.SurveyKind, &r.AboutConversationID, &r.Scale, &r.Currency, &r.Product, &r.Entitlement, &r.AccountID, &r.OrderID, &r.CommitmentID, &r.HandoffID, &r.Text,
		&r.Model, &r.Consent, &r.Purpose, &r.LegalBasis, &r.Evidence, &r.AccountKind, &r.AccountRole, &r.Traits, &r.Properties, &r.Context,
	} {
		*field = text
	}
}

// testHostileJSON sends everything of HostileJSON in one block with rows that are as they should be:
// properties comes back to the byte, query holds what SafeJSON says, nobody else is harmed.
func testHostileJSON(t *testing.T, e Engine) {
	b := e.Store(t)
	cases := slices.Clone(HostileJSON)
	many := &cases[0] // nothing at all; testEmptyRow has that
	many.Name, many.Raw, many.LeftOut = "10,000 keys", ManyKeys(10_000), 10_000-256
	sent := Rows(4, 2*len(cases)+1)[1:]
	for i, c := range cases {
		row := sent[2*i]
		row.MessageID, row.Properties = c.Name, c.Raw
		safe, leftOut := store.SafeJSON(c.Raw)
		if leftOut != c.LeftOut {
			t.Errorf("%s: %d values are left out, not %d", c.Name, leftOut, c.LeftOut)
		}
		row.Query, row.QueryLeftOut = safe, uint32(leftOut)
	}
	insert(t, b, store.Events, sent...)
	got := events(t, b)
	if len(got) != len(sent) {
		t.Fatalf("%d of %d rows came back", len(got), len(sent))
	}
	for i := range got {
		same(t, got[i], sent[i])
		if i%2 == 1 && got[i].Query == "{}" {
			t.Errorf("%s lost its query column", got[i].MessageID)
		}
	}
	// What is left can be asked for.
	for _, c := range []struct{ name, path, want string }{
		{"dotted key", "query.a.b", "1"},
		{"dotted key", "query.c.d", "3"},
		{"repeated key", "query.a", "1"},
		{"repeated key in array", "query.a[].b", "[1,3]"},
		{"23 digits", "query.b", "1"},
		{"lone surrogates", "query.c", "😀"},
		{"greatest integers", "query.a", "18446744073709551615"},
		{"NUL", "query.`a\\0b`", "\x00"},
		{"text like a date", "dynamicType(query.a)", "String"},
	} {
		if v := one[string](t, b, "SELECT toString("+c.path+") FROM events WHERE message_id = ?", c.name); v != c.want {
			t.Errorf("%s of %s is %q, want %q", c.path, c.name, v, c.want)
		}
	}
}

func testTimes(t *testing.T, e Engine) {
	b := e.Store(t)
	times := []time.Time{
		time.Now().Add(-10 * 365 * 24 * time.Hour).UTC().Truncate(time.Millisecond),
		time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC), time.UnixMilli(0).UTC(), time.UnixMilli(-1).UTC(),
		store.MinTime, store.MinTime.Add(time.Millisecond), store.MaxTime, store.MaxTime.Add(-time.Millisecond),
		time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(200_000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.FixedZone("east", 5*3600)),
	}
	sent := Rows(5, len(times)+1)[1:]
	for i, at := range times {
		sent[i].At, sent[i].OriginalAt, sent[i].SentAt, sent[i].ReceivedAt = at, at, at, at
	}
	insert(t, b, store.Events, sent...)
	got := events(t, b)
	if len(got) != len(sent) {
		t.Fatalf("%d of %d rows came back", len(got), len(sent))
	}
	for i := range got {
		same(t, got[i], sent[i])
	}
}

// testPartitions compares EventRow.Partition with what the engine makes of PARTITION BY.
func testPartitions(t *testing.T, e Engine) {
	b := e.Store(t)
	now := time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	ages := []time.Duration{0, time.Millisecond, -time.Millisecond, 2 * day, -2 * day, -2*day - time.Millisecond, -400 * day,
		366 * day, 366*day + time.Millisecond, 5 * 365 * day, 26 * 365 * day, 27 * 365 * day, 60 * 365 * day, 126 * 365 * day}
	var sent []*store.EventRow
	for i, row := range Rows(6, len(ages)+2)[1:] {
		row.ReceivedAt = now
		row.At = time.Time{}
		if i < len(ages) {
			row.At = now.Add(-ages[i])
		}
		row.MessageID = fmt.Sprint(row.Partition())
		sent = append(sent, row)
	}
	insert(t, b, store.Events, sent...)
	if n := one[uint64](t, b, "SELECT countIf(_partition_id != message_id) FROM events"); n != 0 {
		t.Errorf("%d rows are in another partition than foretold: %v", n,
			one[[]string](t, b, "SELECT groupArray(concat(toString(at), ' is in ', _partition_id, ', not ', message_id)) FROM events WHERE _partition_id != message_id"))
	}
}

// testTwoHundredMonths: history of 200 months, as an import brings it, goes in as one block, and a
// block of more partitions than the engine takes is split.
func testTwoHundredMonths(t *testing.T, e Engine) {
	b := e.Store(t)
	sent := Rows(7, 601)[1:]
	for i, row := range sent {
		row.At = time.Date(2026, time.Month(-i%200), 1+i%28, 12, 0, 0, 0, time.UTC)
		row.ReceivedAt = Start
	}
	if blocks := store.SplitByPartition(sent, 0); len(blocks) != 1 {
		t.Errorf("200 months of history are %d blocks", len(blocks))
	}
	insert(t, b, store.Events, sent...)

	replayed := Rows(8, 601)[1:] // received when it happened: a partition for each month
	for i, row := range replayed {
		row.At = time.Date(2026, time.Month(-i%200), 1+i%28, 12, 0, 0, 0, time.UTC)
		row.ReceivedAt, row.LogPartition = row.At, 1
	}
	err := store.Insert(t.Context(), b.Store, store.Events, replayed, "")
	wantClass(t, err, store.ErrPermanent)
	blocks := store.SplitByPartition(replayed, 0)
	if len(blocks) != 2 {
		t.Errorf("200 partitions are %d blocks", len(blocks))
	}
	for _, block := range blocks {
		insert(t, b, store.Events, block...)
	}
	if n := one[uint64](t, b, "SELECT uniqExact(log_partition, log_offset) FROM events"); n != 1200 {
		t.Errorf("%d of 1,200 rows are there", n)
	}
}
