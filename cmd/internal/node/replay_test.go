package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/replay"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

var historyBegan = time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)

// history is what three sources sent over two days: people whom one source alone would not join, a
// duplicate with another payload, and what could not be taken.
func history(t *testing.T) (records []stream.Record) {
	t.Helper()
	add := func(e *event.Event) {
		e.Workspace, e.MessageID = "default", fmt.Sprint("m-", len(records))
		if e.Type == "" {
			e.Type = event.TypeTrack
		}
		at := historyBegan.Add(time.Duration(len(records)) * time.Minute)
		e.Stamp(at, time.Time{}, at)
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		value, err := event.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, stream.Record{
			Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: at, Value: value,
		})
	}
	for i := range 60 {
		user := event.Identifier{Type: event.IDUser, Value: fmt.Sprint("u-", i%9)}
		mail := event.Identifier{Type: event.IDEmail, Value: fmt.Sprintf("u%d@example.com", i%9)}
		device := event.Identifier{Type: event.IDAnonymous, Value: fmt.Sprint("a-", i%5)}
		switch i % 3 {
		case 0:
			add(&event.Event{Source: "crm", Type: event.TypeIdentify, Identifiers: []event.Identifier{user, mail}, Traits: json.RawMessage(fmt.Sprintf(`{"plan":"p%d"}`, i%4)),
				Attributes: map[string]string{event.AttrName: fmt.Sprint("Person ", i%9)}})
		case 1:
			add(&event.Event{Source: "web", Name: "Page Seen", Identifiers: []event.Identifier{device}, Properties: json.RawMessage(`{"n":1.0}`)})
		case 2:
			add(&event.Event{Source: "shop", Name: "order.placed", Identifiers: []event.Identifier{device, mail}})
		}
	}
	again := records[0]
	again.Value = records[3].Value
	again.MessageID = records[3].MessageID
	records = append(records, again, stream.Record{
		Kind: stream.KindRejected, Workspace: "default", Source: "crm", MessageID: "rejected", ReceivedAt: historyBegan, Value: []byte(`{"reason":"invalid","field":"event","payload":{}}`),
	})
	return records
}

// startAfter runs a node that publishes profiles soon.
func startAfter(t *testing.T, dir string) *program {
	t.Helper()
	return start(t, dir, func(c *config.Config) { c.Profiles.PublishAfter = config.Duration(50 * time.Millisecond) })
}

func (p *program) append(records ...stream.Record) {
	p.t.Helper()
	if _, err := p.log.Append(p.t.Context(), records); err != nil {
		p.t.Fatal(err)
	}
}

func (p *program) give(c unify.Command) {
	p.t.Helper()
	if _, err := p.commands.Do(p.t.Context(), "default", c); err != nil {
		p.t.Fatal(err)
	}
}

// shown is all that a reader or an analyst sees: profiles, accounts by day, rows of ClickHouse. Places in
// the log, versions and times of publishing are left out: they tell how it came about.
func (p *program) shown(people []string) map[string]any {
	p.t.Helper()
	golden := p.published()
	shown := map[string]any{}
	for _, address := range people {
		status, answer := p.get(address, "")
		delete(answer, "identity_version")
		delete(answer, "instance")
		shown[address] = []any{status, answer}
	}
	var jots []any
	key := p.agentKey()
	for _, path := range []string{"/v1/profiles/user_id:u-1/commitments", "/v1/profiles/user_id:u-1/timeline", "/v1/handoffs?conversation=marktalk"} {
		var answer map[string]any
		if status, text := p.call(http.MethodGet, path, key, ""); status != http.StatusOK || json.Unmarshal(text, &answer) != nil {
			p.t.Fatalf("%s is answered with %d %s", path, status, text)
		}
		delete(answer, "identity_version")
		delete(answer, "tier")
		jots = append(jots, answer)
	}
	shown["jots"] = jots
	report, err := p.accounts.Sources(p.t.Context(), unify.Selection{})
	if err != nil || report.Unbalanced() != "" {
		p.t.Fatalf("%s does not add up; %v", report.Unbalanced(), err)
	}
	shown["accounts"] = report.Sources
	events := query[store.TimelineRow](p, "timeline/page", p.everything())
	for i := range events {
		events[i].LogPartition, events[i].LogOffset = 0, 0
	}
	slices.SortFunc(events, func(a, b store.TimelineRow) int { return strings.Compare(a.Source+a.MessageID, b.Source+b.MessageID) })
	shown["events"] = events
	for id, row := range golden {
		row.Version, row.Events = 0, 0 // as of when it was published
		golden[id] = row
	}
	shown["golden"] = golden
	return shown
}

// everything selects all events of all observations.
func (p *program) everything() store.Params {
	p.t.Helper()
	var members []uuid.UUID
	var keys []uint64
	for _, n := range query[store.ProfileCount](p, "counts/by_profile", store.Params{"workspace": "default", "limit": 1000}) {
		hot, err := p.state.Snapshot("default")
		if err != nil {
			p.t.Fatal(err)
		}
		ids, err := hot.Members(n.Profile)
		if err := errors.Join(err, hot.Close()); err != nil {
			p.t.Fatal(err)
		}
		members = append(members, ids...)
	}
	for _, id := range members {
		keys = append(keys, store.ObservationKey(id))
	}
	end := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	return store.Params{
		"workspace": "default", "observations": members, "observation_keys": keys,
		"before_ordered_at": end, "before_original_at": end, "before_client": 0, "before_order": 0, "before_message_id": "", "before_source": "", "channels": []string{}, "limit": 1000,
	}
}

func compare(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		a, err := json.Marshal(got[key])
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(want[key])
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s is\n%s\nwant\n%s", what, key, a, b)
		}
	}
}

// TestReplayOfEverythingAndOfOneSource: everything gives the same again; one source gives what it alone
// would have given. The server may run or not.
func TestReplayOfEverythingAndOfOneSource(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "all")
	var people []string
	for i := range 9 {
		people = append(people, fmt.Sprint("user_id:u-", i), fmt.Sprintf("email:u%d@example.com", i), fmt.Sprint("anonymous_id:a-", i%5))
	}
	records := history(t)
	p := startAfter(t, dir)
	p.append(records...)
	p.settle()
	decide(t, p, records)
	p.jot("u-1", "mark")
	p.settle()
	want := p.shown(people)
	if told := fmt.Sprint(want["jots"]); !strings.Contains(told, "markpromise") || !strings.Contains(told, "marktalk") || !strings.Contains(told, "markjot") {
		t.Fatalf("what an agent wrote is not shown: %s", told)
	}

	options := Options{Logger: slog.New(slog.DiscardHandler)}
	c := config.Default()
	running := filepath.Join(t.TempDir(), "running")
	if _, err := Replay(t.Context(), c, options, dir, running, replay.Choice{}); err != nil {
		t.Fatal(err)
	}
	p.stop()
	stopped, crm := filepath.Join(t.TempDir(), "stopped"), filepath.Join(t.TempDir(), "crm")
	if _, err := Replay(t.Context(), c, options, dir, stopped, replay.Choice{}); err != nil {
		t.Fatal(err)
	}
	progress, err := Replay(t.Context(), c, options, dir, crm, replay.Choice{Sources: []string{"crm"}})
	if err != nil || progress.Records["default/crm"] != 22 || progress.LeftOut["config.put"] == 0 {
		t.Fatalf("%+v, %v", progress, err)
	}
	for name, into := range map[string]string{"of a running server": running, "of a stopped one": stopped} {
		again := startAfter(t, into)
		compare(t, name, again.shown(people), want)
		again.stop()
	}

	// The same key, and nothing but that source.
	alone := filepath.Join(t.TempDir(), "alone")
	key, err := os.ReadFile(filepath.Join(dir, "identity.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(alone, 0o700), os.WriteFile(filepath.Join(alone, "identity.key"), key, 0o600)); err != nil {
		t.Fatal(err)
	}
	only := startAfter(t, alone)
	only.append(slices.DeleteFunc(slices.Clone(records), func(r stream.Record) bool { return r.Source != "crm" })...)
	only.settle()
	decide(t, only, records)
	want = only.shown(people)
	only.stop()
	one := startAfter(t, crm)
	compare(t, "of one source", one.shown(people), want)
	if status, _ := one.get("anonymous_id:a-1", ""); status != http.StatusNotFound {
		t.Errorf("another source's customer is answered with %d", status)
	}
}

// decide says what people say: two are one, an address joins nobody, and what was rejected is put right.
func decide(t *testing.T, p *program, records []stream.Record) {
	t.Helper()
	of := func(n int) identity.ObservationID {
		e, err := event.Decode(records[n].Value)
		if err != nil {
			t.Fatal(err)
		}
		o, _ := p.engine.Observe(e)
		return o.ID
	}
	p.give(unify.IdentityLink{A: of(0), B: of(3), Verdict: unify.LinkMustMerge})
	p.give(unify.IdentityBlock{Type: event.IDEmail, Value: "u2@example.com"})
	items, err := p.state.Items(state.ItemQuery{Workspace: "default", Source: "crm"})
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	right := &event.Event{Workspace: "default", Source: "crm", MessageID: "right", Type: event.TypeTrack, Name: "order.placed",
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: "u-1"}}}
	right.Stamp(time.Time{}, time.Time{}, items[0].ReceivedAt)
	with, err := event.Encode(right)
	if err != nil {
		t.Fatal(err)
	}
	p.give(unify.QuarantineReplay{Partition: items[0].Partition, Offset: items[0].Offset, With: with})
}

func TestReplayFolders(t *testing.T) {
	dir, options, c := filepath.Join(t.TempDir(), "from"), Options{Logger: slog.New(slog.DiscardHandler)}, config.Default()
	p := start(t, dir)
	p.append(history(t)...)
	p.settle()
	p.stop()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "into")
	for words, folders := range map[string][2]string{
		"is no data folder": {t.TempDir(), into}, "apart from": {dir, filepath.Join(dir, "new")}, "is not empty": {dir, full},
	} {
		if _, err := Replay(t.Context(), c, options, folders[0], folders[1], replay.Choice{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}

	// Killed when nothing but the beginning was noted: nobody serves it, and the same command goes on.
	if _, err := beginReplay(dir, into, "", replay.Choice{}); err != nil {
		t.Fatal(err)
	}
	c.DataDir = into
	if n, err := Open(t.Context(), c, options); !errors.Is(err, ErrReplayUnfinished) {
		t.Errorf("a folder that is not whole is opened: %v, %v", n, err)
	}
	if _, err := Replay(t.Context(), c, options, dir, into, replay.Choice{Sources: []string{"crm"}}); err == nil || !strings.Contains(err.Error(), "another choice") {
		t.Errorf("another choice: %v", err)
	}
	for range 2 { // the second time there is nothing left to do
		progress, err := Replay(t.Context(), c, options, dir, into, replay.Choice{})
		if err != nil || !progress.Done() || progress.Records["default/crm"] != 22 {
			t.Fatalf("%+v, %v", progress, err)
		}
	}
	start(t, into).settle()
}
