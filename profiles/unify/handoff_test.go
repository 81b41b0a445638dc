package unify_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/handoff"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// stepEvent is a step of a hand-off of an observation, so many seconds after the epoch.
func stepEvent(t tb, of, id uuid.UUID, seconds int, by string, s handoff.Step) *event.Event {
	t.Helper()
	at := epoch.Add(time.Duration(seconds) * time.Second)
	s.Handoff = id
	if s.Record == nil {
		s.OfferedAt = epoch
	}
	properties, err := s.Properties()
	must(t, err)
	e := &event.Event{
		Workspace: "w", Source: event.SourceAgent, MessageID: fmt.Sprint(s.Name, seconds, by), Type: event.TypeTrack, Name: s.Name,
		Observation: of, CX: &event.CX{HandoffID: id.String()}, Properties: properties,
		Context: event.Written{Actor: event.Actor{By: "key:1", Kind: event.AuthorHuman, ID: by}}.Context(),
	}
	e.Stamp(at, time.Time{}, at)
	must(t, e.Validate())
	return e
}

// story is a hand-off that many fight for.
func story(t tb, of, id uuid.UUID) []stream.Record {
	t.Helper()
	steps := []*event.Event{stepEvent(t, of, id, 0, "bot", handoff.Step{Name: event.NameHandoffOffered, Record: &handoff.Record{
		ID: id, Version: handoff.Version, From: handoff.Party{Kind: handoff.KindHuman, Actor: "key:1"}, Subject: of,
		CreatedAt: epoch, Status: handoff.StatusOffered, Wants: "a refund", Conversation: "c-1",
	}})}
	for i := range 5 { // at the same moment: the least message id has it
		steps = append(steps, stepEvent(t, of, id, 10, fmt.Sprint("agent-", i), handoff.Step{Name: event.NameHandoffAccepted, LeaseS: 60}))
	}
	steps = append(steps,
		stepEvent(t, of, id, 60, "agent-0", handoff.Step{Name: event.NameHandoffExtended, LeaseS: 60}),
		stepEvent(t, of, id, 130, "agent-3", handoff.Step{Name: event.NameHandoffAccepted, LeaseS: 600}),
		stepEvent(t, of, id, 140, "agent-3", handoff.Step{Name: event.NameHandoffRead, Parts: []string{"wants"}}),
		stepEvent(t, of, id, 150, "agent-0", handoff.Step{Name: event.NameHandoffReturned, Summary: "too late"}),
		stepEvent(t, of, id, 160, "agent-3", handoff.Step{Name: event.NameHandoffReturned, Summary: "refunded", Resolved: true}),
	)
	var records []stream.Record
	for _, e := range steps {
		r := record(t, e)
		r.Lane = stream.LaneLive
		records = append(records, r)
	}
	return records
}

// told is what the state says of a hand-off, after each of its steps.
func told(r *rig, id uuid.UUID, steps []stream.Record) string {
	r.Helper()
	x, err := r.state.Handoff("w", id)
	must(r, err)
	if x == nil {
		return "nothing"
	}
	text := ""
	for _, step := range steps {
		if now := x.History.After(step.MessageID); now != nil {
			text += fmt.Sprintf("%s: %s %+v %v %v\n", step.MessageID, now.Status, now.Lease, now.Reads, now.Returns)
		}
	}
	open := 0
	must(r, r.state.EachHandoff("w", state.HandoffQuery{}, func(*state.Handoff, []byte) (bool, error) { open++; return true, nil }))
	return fmt.Sprintf("%s%d open", text, open)
}

// TestHandoffThroughCrashAndRebuild: whatever order the steps come in, wherever the power is cut, and when the state is
// made again from the log, the same one held it and the same is said of it.
func TestHandoffThroughCrashAndRebuild(t *testing.T) {
	id := uuid.UUID{7, 15: 7}
	want := ""
	for seed := range 6 {
		rng := rand.New(rand.NewPCG(3, uint64(seed)))
		fs := vfs.NewCrashableMem()
		r := open(t, fs, unify.Config{StepRecords: 3, BulkRecords: 1}).start()
		r.put(record(t, ev("s", "m", 1, user("u"))))
		r.settle()
		of := observations(r)[0]
		steps := story(t, of, id)
		records := slices.Clone(steps)
		if seed > 0 {
			records = append(records, records[:4]...)
			rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		}
		half := rng.IntN(len(records))
		r.put(records[:half]...)
		r.settle()
		after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 30, 100}[rng.IntN(3)], RNG: rng})
		r.stop()
		r = open(t, after, unify.Config{StepRecords: 3, BulkRecords: 1}).start()
		r.put(records[half:]...)
		r.settle()
		got := told(r, id, steps)
		r.stop()
		must(t, after.RemoveAll("state"))
		r = open(t, after, unify.Config{}).start()
		r.settle()
		if again := told(r, id, steps); again != got {
			t.Errorf("made again it is\n%s\nbefore it was\n%s", again, got)
		}
		r.balance()
		r.stop()
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("in another order it is\n%s\nfirst it was\n%s", got, want)
		}
	}
	for _, sure := range []string{"holder", "refunded true", "0 open"} {
		if !strings.Contains(strings.ToLower(want), sure) {
			t.Errorf("nothing of %q is told:\n%s", sure, want)
		}
	}
}
