package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tributary/sql/store"

	"github.com/google/uuid"
)

func testCounts(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(12, 300)
	for i, row := range rows {
		row.Observation, row.Channel = Observation(uint64(i%2)), []string{"web", "chat", "chat"}[i%3]
		row.MessageID = fmt.Sprintf("m-%03d", i)
	}
	insert(t, b, store.Events, rows...)
	insert(t, b, store.Events, rows[5])
	mine := []uuid.UUID{Observation(0)}
	got := all[store.ChannelCount](t, b, "counts/by_channel", store.Params{"workspace": "acme", "observations": mine, "observation_keys": keys(mine)})
	want := []store.ChannelCount{
		{Channel: "chat", Events: 100, FirstAt: rows[2].At, LastAt: rows[298].At},
		{Channel: "web", Events: 50, FirstAt: rows[0].At, LastAt: rows[294].At},
	}
	if !slices.Equal(got, want) {
		t.Errorf("by channel %v, want %v", got, want)
	}
	ids := []string{"m-001", "m-005", "m-'\\\t\x00", "m-009"}
	counts := all[store.MessageCount](t, b, "counts/by_message_id", store.Params{"workspace": "acme", "source": rows[1].Source, "message_ids": ids})
	if !slices.Equal(counts, []store.MessageCount{{MessageID: "m-001", Rows: 1}, {MessageID: "m-005", Rows: 2}, {MessageID: "m-009", Rows: 1}}) {
		t.Errorf("by message id %v", counts)
	}
	type doubled struct {
		Workspace string `ch:"workspace"`
		Source    string `ch:"source"`
		MessageID string `ch:"message_id"`
		Rows      uint64 `ch:"rows"`
	}
	if twice := all[doubled](t, b, "counts/doubled", store.Params{"limit": 10}); !slices.Equal(twice, []doubled{{"acme", rows[5].Source, "m-005", 2}}) {
		t.Errorf("doubled %v", twice)
	}
}

// testProfiles: reports count by the profile that the identity map gives at this moment.
func testProfiles(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(12, 301)
	for i, row := range rows {
		row.Observation = Observation(uint64(i % 2))
	}
	insert(t, b, store.Events, rows...)
	insert(t, b, store.IdentityMap, &store.IdentityMapRow{Workspace: "acme", Observation: Observation(1), Profile: Observation(0), Version: 1, ChangedAt: Start})
	if err := b.ReloadIdentity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if merged := all[store.ProfileCount](t, b, "counts/by_profile", store.Params{"workspace": "acme", "limit": 10}); !slices.Equal(merged, []store.ProfileCount{{Profile: Observation(0), Events: 301}}) {
		t.Errorf("by profile %v", merged)
	}
	type member struct {
		Observation uuid.UUID `ch:"observation"`
		Profile     uuid.UUID `ch:"profile"`
	}
	members := all[member](t, b, "identity/profiles_of", store.Params{"observations": []uuid.UUID{Observation(1), Observation(5)}})
	for _, m := range members {
		if want := map[uuid.UUID]uuid.UUID{Observation(1): Observation(0), Observation(5): Observation(5)}[m.Observation]; m.Profile != want {
			t.Errorf("%s has the profile %s, want %s", m.Observation, m.Profile, want)
		}
	}
	if len(members) != 2 {
		t.Errorf("%d of 2 observations have a profile", len(members))
	}
}

func testReconcile(t *testing.T, e Engine) {
	b := e.Store(t)
	rows := Rows(14, 40)
	insert(t, b, store.Events, rows...)
	insert(t, b, store.Events, rows[0])
	item := func(offset, version uint64, status store.QuarantineStatus) *store.QuarantineRow {
		return &store.QuarantineRow{
			Place: store.Place{LogOffset: offset + 1000*version}, Workspace: "acme", Source: "source_0", ItemOffset: offset,
			Version: version, Status: status, ReceivedAt: Start, ChangedAt: Start,
		}
	}
	insert(t, b, store.Quarantine, item(50, 1, store.QuarantineOpen), item(51, 1, store.QuarantineOpen), item(52, 1, store.QuarantineOpen))
	insert(t, b, store.Quarantine, item(51, 2, store.QuarantineReplayed), item(52, 2, store.QuarantineDiscarded))
	got := all[store.SourceCount](t, b, "counts/reconcile", nil)
	want := store.SourceCount{
		Workspace: "acme", Source: "source_0", Stored: 11, DistinctStored: 10,
		QuarantineOpen: 1, QuarantineReplayed: 1, QuarantineDiscarded: 1,
	}
	if len(got) != 4 || got[0] != want {
		t.Errorf("reconcile %+v, want first %+v", got, want)
	}
	type stored struct {
		Workspace string `ch:"workspace"`
		Source    string `ch:"source"`
		Stored    uint64 `ch:"stored"`
		LeftOut   uint64 `ch:"query_left_out"`
	}
	if s := all[stored](t, b, "counts/stored", nil); len(s) != 4 || s[1] != (stored{"acme", "source_1", 10, 0}) {
		t.Errorf("stored %+v", s)
	}
	type byDay struct {
		Workspace string `ch:"workspace"`
		Source    string `ch:"source"`
		Day       uint32 `ch:"day"`
		Stored    uint64 `ch:"stored"`
	}
	ask := func(source string, since, until uint32) []byDay {
		t.Helper()
		return all[byDay](t, b, "counts/stored_by_day", store.Params{"workspace": "acme", "source": source, "since": since, "until": until})
	}
	var sum uint64
	days := ask("source_0", 0, 65535)
	for _, d := range days {
		sum += d.Stored
		one := ask("", d.Day, d.Day)
		if len(one) == 0 || one[0] != d {
			t.Errorf("asked for %v alone: %v", d, one)
		}
	}
	if sum != 11 {
		t.Errorf("%d stored by day in %v, want 11", sum, days)
	}
	testReceivedByMinute(t, b)
}

// testReceivedByMinute counts received events by hour, and the later ones by minute as well, against a count of rows.
func testReceivedByMinute(t *testing.T, b *Bench) {
	t.Helper()
	type rate struct {
		Source string `ch:"source"`
		Hour   uint32 `ch:"hour"`
		Minute uint32 `ch:"minute"`
		Events uint64 `ch:"events"`
	}
	now := Start.Add(1000 * time.Hour).Truncate(time.Hour)
	rows := Rows(13, 400)
	for i, row := range rows {
		row.Workspace = []string{"minutes", "another"}[i%20/19]
		row.At = now.Add(time.Duration(i-300) * 53 * time.Second)
		row.ReceivedAt = row.At
	}
	insert(t, b, store.Events, rows...)
	since, minutes := now.Add(-3*time.Hour), now.Add(10*time.Minute)
	want := map[rate]uint64{}
	for _, row := range rows {
		if row.Workspace != "minutes" || row.ReceivedAt.Before(since) {
			continue
		}
		r := rate{Source: row.Source, Hour: uint32(row.ReceivedAt.Truncate(time.Hour).Unix())}
		if !row.ReceivedAt.Before(minutes) {
			r.Minute = uint32(row.ReceivedAt.Truncate(time.Minute).Unix())
		}
		want[r]++
	}
	got := map[rate]uint64{}
	for _, r := range all[rate](t, b, "counts/received_by_minute", store.Params{"workspace": "minutes", "since": since.Unix(), "minutes_since": minutes.Unix()}) {
		n := r.Events
		r.Events = 0
		got[r] += n
	}
	if !maps.Equal(got, want) {
		t.Errorf("by minute %v, want %v", got, want)
	}
}
