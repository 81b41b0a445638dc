package desk_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/profiles"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// office is a desk over a log and a state that are in memory, with a ledger on the disk. Its clock goes on by an
// hour whenever it is asked.
type office struct {
	*testing.T
	*desk.Desk
	log    *embedded.Log
	state  *state.Store
	worker *unify.Worker
	hasher *privacy.Hasher
	now    time.Time
	deaf   bool // commands do not reach the log
}

var errDeaf = errors.New("the log is not reached")

// Do implements desk.Commands.
func (o *office) Do(ctx context.Context, workspace string, c unify.Command) (at stream.Position, err error) {
	if o.deaf {
		return at, errDeaf
	}
	r, err := unify.NewRecord(workspace, uuid.NewString(), o.now, c)
	if err != nil {
		return at, err
	}
	positions, err := o.log.Append(ctx, []stream.Record{r})
	if err != nil {
		return at, err
	}
	return positions[0], o.worker.Applied(ctx, positions[0])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openOffice opens one that has nothing but the ledger at a path, of which it restores what it can.
func openOffice(t *testing.T, ledger string, now time.Time) *office {
	t.Helper()
	o := &office{T: t, now: now, log: embeddedtest.Open(t, 1)}
	var err error
	o.state, err = state.Open(state.Config{Dir: "state", FS: vfs.NewMem(), MemTableBytes: 1 << 20, CacheBytes: 1 << 20, Entries: 16})
	must(t, err)
	t.Cleanup(func() { must(t, o.state.Close()) })
	queue, err := outbox.Open(o.state.DB())
	must(t, err)
	engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE"})
	must(t, err)
	o.hasher, err = privacy.NewHasher(make([]byte, 32))
	must(t, err)
	o.worker, err = unify.New(unify.Config{
		Log: o.log, State: o.state, Engine: engine, Outbox: queue.Writer, Hasher: o.hasher, Now: func() time.Time { return epoch },
	})
	must(t, err)
	people, err := profiles.NewService(o.state, engine, profiles.Rules{})
	must(t, err)
	o.Desk, err = desk.New(desk.Config{
		Log: o.log, State: o.state, Worker: o.worker, Commands: o, Profiles: people, Engine: engine, Hasher: o.hasher,
		Ledger: o.open(ledger), Now: func() time.Time { o.now = o.now.Add(time.Hour); return o.now },
	})
	must(t, err)
	_, err = desk.Restore(t.Context(), o.log, o.state, o.Ledger, o.now)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.worker.Run(ctx) }()
	t.Cleanup(func() { cancel(); must(t, <-done) })
	return o
}

func (o *office) open(path string) *privacy.Ledger {
	o.Helper()
	l, err := privacy.OpenLedger(path, o.hasher, false)
	must(o.T, err)
	o.Cleanup(func() { must(o.T, l.Close()) })
	return l
}

// sends an event of somebody, received now.
func (o *office) sends(user string) {
	o.Helper()
	e := &event.Event{
		Workspace: "w", Source: "web", MessageID: uuid.NewString(), Type: event.TypeTrack, Name: "order.placed",
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: user}},
	}
	e.Stamp(o.now, time.Time{}, o.now)
	value, err := event.Encode(e)
	must(o.T, err)
	at, err := o.log.Append(o.Context(), []stream.Record{{
		Kind: stream.KindEvent, Workspace: "w", Source: "web", MessageID: e.MessageID, ReceivedAt: o.now, Value: value,
	}})
	must(o.T, err)
	must(o.T, o.worker.Applied(o.Context(), at[0]))
}

func (o *office) counts() (c state.Counts) {
	o.Helper()
	days, err := o.state.Counts("w")
	must(o.T, err)
	for _, d := range days {
		if d.Source == "web" {
			c.Stored, c.Erased, c.Suppressed = c.Stored+d.Stored, c.Erased+d.Erased, c.Suppressed+d.Suppressed
		}
	}
	return c
}

func who(user string) profiles.Address { return profiles.Address{{Type: event.IDUser, Value: user}} }

// told lists what a ledger holds of suppressions, and when erasures were carried out.
func told(t *testing.T, l *privacy.Ledger) (all []string) {
	t.Helper()
	must(t, l.Each(func(e privacy.Entry) error {
		all = append(all, fmt.Sprint(e.Kind, " ", e.At.Sub(epoch)))
		return nil
	}))
	return all
}

// TestWhatTheLedgerHasIsNotTakenBack: an erasure of which the ledger was told, and not the log, is not to be
// cancelled, for a start would carry it out. It is carried out by the next try, and what that reached is reached
// in another folder too.
func TestWhatTheLedgerHasIsNotTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	o := openOffice(t, path, epoch)
	o.sends("anna")
	now := time.Duration(0)
	held, err := o.Request(t.Context(), desk.Request{Workspace: "w", Who: who("anna"), Hold: &now, Keep: true, Actor: "test"})
	must(t, err)
	o.deaf = true
	if _, err := o.Erase(t.Context(), "w", held.ID); !errors.Is(err, errDeaf) {
		t.Fatalf("carried out without the log: %v", err)
	}
	o.deaf = false
	if err := o.Cancel(t.Context(), "w", held.ID, "test"); !errors.Is(err, privacy.ErrOver) {
		t.Fatalf("cancelled, though the ledger has it: %v", err)
	}
	o.now = o.now.Add(time.Minute)
	between := o.now
	o.sends("anna")
	if _, err := o.Erase(t.Context(), "w", held.ID); err != nil {
		t.Fatal(err)
	}
	if len(told(t, o.Ledger)) != 2 {
		t.Fatalf("the ledger holds %v", told(t, o.Ledger))
	}

	other := openOffice(t, path, o.now.Add(time.Minute))
	other.now = between
	other.sends("anna")
	if c := other.counts(); c.Erased != 1 || c.Stored != 0 {
		t.Errorf("what was received between the tries: %+v", c)
	}
}

// TestALostLedgerKnowsWhatWasTakenBack: one that is begun anew is filled with what the state knows, the last that
// was said of who is suppressed included, and only once.
func TestALostLedgerKnowsWhatWasTakenBack(t *testing.T) {
	folder := t.TempDir()
	o := openOffice(t, filepath.Join(folder, "lost"), epoch)
	for _, user := range []string{"anna", "berta"} {
		o.sends(user)
		now := time.Duration(0)
		held, err := o.Request(t.Context(), desk.Request{Workspace: "w", Who: who(user), Hold: &now, Actor: "test"})
		must(t, err)
		_, err = o.Erase(t.Context(), "w", held.ID)
		must(t, err)
	}
	must(t, o.Unsuppress(t.Context(), "w", who("anna"), "test"))
	must(t, o.Suppress(t.Context(), "w", who("carl"), "test", ""))
	path := filepath.Join(folder, "anew")
	anew := o.open(path)
	for range 2 {
		n, err := desk.Restore(t.Context(), o.log, o.state, anew, o.now)
		must(t, err)
		if all := told(t, anew); n != 0 || len(all) != 4 {
			t.Fatalf("%d brought to the log; the ledger holds %v", n, all)
		}
	}
	other := openOffice(t, path, o.now)
	for _, user := range []string{"anna", "berta", "carl", "dora"} {
		other.sends(user)
	}
	if c := other.counts(); c.Stored != 2 || c.Suppressed != 2 {
		t.Errorf("from the ledger that was filled: %+v", c)
	}
}
