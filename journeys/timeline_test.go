package journeys_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys"
	"tributary/profiles"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { chdbtest.Main(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hotState answers for one profile of workspace acme.
type hotState struct{ answer profiles.Answer }

func (h *hotState) Get(_ context.Context, workspace string, _ profiles.Address) (*profiles.Answer, error) {
	if workspace != "acme" {
		return nil, profiles.ErrNotFound
	}
	return &h.answer, nil
}

// lives is a profile of two observations with n events each, in hot state and in the archive.
// Some events share a time, and both sources choose the same message ids.
func lives(t *testing.T, n int) (*hotState, *journeys.Events, []string) {
	t.Helper()
	bench := storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)
	var members []profiles.Member
	var rows []*store.EventRow
	var want []string
	for who := range uint64(2) {
		id := storetest.Observation(who)
		s := &profiles.State{}
		for i := range n {
			e := &event.Event{
				Workspace: "acme", Source: []string{"crm", "helpdesk"}[who], MessageID: fmt.Sprintf("m-%03d", i), Type: event.TypeTrack,
				Name: "conversation.message", CX: &event.CX{ConversationID: "c", Text: "héllo", Amount: "12.50", Currency: "EUR"},
			}
			if i%3 == 0 {
				e.Name, e.CX = "Viewed", nil
			}
			e.Channel = []event.Channel{event.ChannelChat, event.ChannelEmail, event.ChannelVoice}[i%3]
			at := epoch.Add(time.Duration(i/4) * time.Second)
			e.Stamp(at, time.Time{}, at)
			offset := who*1000 + uint64(i)
			s.Apply(e, stream.Position{Offset: offset})
			row := store.NewEventRow(e, store.Place{LogOffset: offset}, id, nil)
			rows = append(rows, &row)
			want = append(want, fmt.Sprintf("%06d %s %s", i/4, e.MessageID, e.Source))
		}
		members = append(members, profiles.Member{
			Observation: &identity.Observation{ID: id}, Assignment: identity.Assignment{Observation: id, Profile: storetest.Observation(0)}, State: s,
		})
	}
	if err := store.Insert(t.Context(), bench.Store, store.Events, rows, ""); err != nil {
		t.Fatal(err)
	}
	archive, err := journeys.NewEvents(bench.Store)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Reverse(want)
	for i := range want {
		want[i] = want[i][7:]
	}
	return &hotState{profiles.Answer{Profile: profiles.Fold(storetest.Observation(0), members, profiles.Rules{})}}, archive, want
}

func TestTimelineShowsEveryEventOnce(t *testing.T) {
	hot, archive, want := lives(t, 90)
	timeline, err := journeys.NewTimeline(hot, archive, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 7, 50, 500} {
		tiers := map[journeys.Tier]int{}
		var got []string
		for cursor := ""; ; {
			page, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: cursor, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			tiers[page.Tier]++
			if len(page.Events) > limit {
				t.Fatalf("a page of %d events", len(page.Events))
			}
			for _, x := range page.Events {
				got = append(got, x.MessageID+" "+x.Source)
				if x.Name != "Viewed" && (x.Text != "héllo" || x.ConversationID != "c") {
					t.Fatalf("%s of the %s tier is %+v", x.MessageID, page.Tier, x)
				}
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: %d events, want %d:\n%v", limit, len(got), len(want), got)
		}
		if tiers[journeys.TierHot] == 0 || tiers[journeys.TierArchive] == 0 {
			t.Errorf("limit %d: pages by tier %v", limit, tiers)
		}
	}
}

// TestTimelineOfChannels: of some channels a timeline is what it is of all, without the others.
func TestTimelineOfChannels(t *testing.T) {
	hot, archive, all := lives(t, 90)
	timeline, err := journeys.NewTimeline(hot, archive, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, channels := range [][]event.Channel{{event.ChannelChat}, {event.ChannelVoice, event.ChannelEmail}, {event.ChannelStore}} {
		want := slices.DeleteFunc(slices.Clone(all), func(id string) bool {
			n, err := strconv.Atoi(id[2:5])
			return err != nil || !slices.Contains(channels, []event.Channel{event.ChannelChat, event.ChannelEmail, event.ChannelVoice}[n%3])
		})
		var got []string
		for cursor := ""; ; {
			page, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: cursor, Limit: 7, Channels: channels})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range page.Events {
				got = append(got, x.MessageID+" "+x.Source)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %d events, want %d:\n%v", channels, len(got), len(want), got)
		}
	}
}

func TestBothTiersShowAnEventAlike(t *testing.T) {
	hot, archive, _ := lives(t, 4)
	p := &hot.answer.Profile
	rows, err := archive.Before(t.Context(), "acme", []identity.ObservationID{storetest.Observation(0), storetest.Observation(1)}, nil, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range p.Interactions {
		if fmt.Sprintf("%+v", x) != fmt.Sprintf("%+v", rows[i]) {
			t.Errorf("hot     %+v\narchive %+v", x, rows[i])
		}
	}
}

func TestCursorIsBoundToWorkspaceAndProfile(t *testing.T) {
	hot, archive, _ := lives(t, 90)
	timeline, err := journeys.NewTimeline(hot, archive, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	page, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	other := *hot
	other.answer.Profile.ID = storetest.Observation(7)
	stranger, err := journeys.NewTimeline(&other, archive, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(page.Next)
	changed[5] ^= 1
	for name, ask := range map[string]func() error{
		"another profile": func() error {
			_, err := stranger.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: page.Next})
			return err
		},
		"changed": func() error {
			_, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: string(changed)})
			return err
		},
		"made up": func() error {
			_, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: "AQ"})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, journeys.ErrCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
