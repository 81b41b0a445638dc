package erase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded/embeddedtest"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return began.Add(time.Duration(second) * time.Second) }

// aState says what it is told to say.
type aState struct {
	State
	held    map[identity.ObservationID]time.Time
	applied map[stream.Partition]uint64
	marks   []string
}

func (s *aState) Offsets() map[stream.Partition]uint64 { return s.applied }

func (s *aState) Holds(_ string, id identity.ObservationID) (bool, time.Time, error) {
	first, held := s.held[id]
	return held, first, nil
}

func (s *aState) Stale(string, identity.ProfileID) (string, error) {
	mark := s.marks[0]
	if len(s.marks) > 1 {
		s.marks = s.marks[1:]
	}
	return mark, nil
}

// rig is a runner with a true log, engine and hasher.
type rig struct {
	*testing.T
	*Runner
	engine *identity.Engine
	state  *aState
}

func newRig(t *testing.T) *rig {
	t.Helper()
	log := embeddedtest.Open(t, 1)
	engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := privacy.NewHasher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, engine: engine, state: &aState{held: map[identity.ObservationID]time.Time{}}}
	r.Runner = &Runner{Config{
		Log: log, State: r.state, Hasher: hasher, Engine: engine, Now: time.Now,
		Covers: func(set *privacy.Set, entry stream.Entry) *privacy.Erasure {
			return unify.Covers(engine, hasher, set, entry)
		},
	}}
	return r
}

// event is what somebody did, received at a second.
func (r *rig) event(who string, second int) *event.Event {
	e := &event.Event{
		Workspace: "w", Source: "s", MessageID: fmt.Sprintf("%s-%d", who, second), Type: event.TypeTrack, Name: "order.placed",
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: who}},
	}
	e.Stamp(at(second), time.Time{}, at(second))
	return e
}

func (r *rig) observation(who string) identity.ObservationID {
	o, _ := r.engine.Observe(r.event(who, 0))
	return o.ID
}

// put appends events, and has them applied.
func (r *rig) put(all ...*event.Event) {
	r.Helper()
	var records []stream.Record
	for _, e := range all {
		value, err := event.Encode(e)
		if err != nil {
			r.Fatal(err)
		}
		records = append(records, stream.Record{
			Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
		})
	}
	if _, err := r.Runner.Log.Append(r.Context(), records); err != nil {
		r.Fatal(err)
	}
	r.state.applied = r.ends()
}

func (r *rig) ends() privacy.UpTo {
	r.Helper()
	all, err := r.Runner.Log.Partitions(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	ends := privacy.UpTo{}
	for _, p := range all {
		ends[p.ID] = p.Next
	}
	return ends
}

// erase erases somebody as of a second and the end of the log.
func (r *rig) erase(who string, second int) *privacy.Record {
	return &privacy.Record{Status: privacy.StatusErasing, Erasure: privacy.Erasure{
		ID: uuid.New(), Workspace: "w", Observations: []identity.ObservationID{r.observation(who)}, UpTo: r.ends(), At: at(second),
	}}
}

// TestStateIsAsked: an observation that was not removed is told from one that later records made again, also
// where clocks of gateways differ.
func TestStateIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []int  // when events of the person were received, before and behind the erasure in the log
		first         int    // of the observation that is there; 0: it is not
		others        bool   // somebody else goes on
		trim          bool   // the log forgets all of it
		until         bool   // the ledger brought the erasure to an older copy
		want, fault   string // in the proof, or in the error
	}{
		"gone":                             {before: []int{1}, others: true, want: "none is there"},
		"never removed":                    {before: []int{1}, first: 1, fault: "a record that the erasure reaches"},
		"never removed, and it came again": {before: []int{1}, after: []int{20}, first: 1, fault: "a record that the erasure reaches"},
		"never removed, of a fast clock":   {before: []int{15}, first: 15, others: true, fault: "no record behind the erasure makes it"},
		"came again":                       {before: []int{1}, after: []int{20}, first: 20, others: true, want: "1 are there anew, each by a record behind the erasure"},
		"refused, of a slow clock":         {before: []int{1}, after: []int{9}, first: 12, fault: "no record behind the erasure makes it"},
		"came again, and the log forgot":   {before: []int{1}, after: []int{20}, first: 20, trim: true, want: "that the log no longer holds"},
		"came back before the copy":        {before: []int{1, 20}, until: true, first: 20, want: "1 are there anew, each by a record"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for _, second := range c.before {
				r.put(r.event("ada", second))
			}
			e := r.erase("ada", 10)
			if c.until {
				e.Until = e.At
			}
			if c.others {
				r.put(r.event("bob", 11), r.event("bob", 12))
			}
			for _, second := range c.after {
				r.put(r.event("ada", second))
			}
			if c.first > 0 {
				r.state.held[r.observation("ada")] = at(c.first)
			}
			if c.trim {
				for p, end := range r.ends() {
					if err := r.Runner.Log.Trim(t.Context(), p, end); err != nil {
						t.Fatal(err)
					}
				}
			}
			found, err := r.askState(t.Context(), newBatch([]*privacy.Record{e}))
			switch {
			case c.fault != "":
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Fatalf("gives %v, want %q", err, c.fault)
				}
			case err != nil:
				t.Fatal(err)
			case !strings.Contains(found.proof(e.ID), c.want):
				t.Errorf("the proof is %q, want %q in it", found.proof(e.ID), c.want)
			}
		})
	}
}

// TestPublishedAgainAndAgain: a profile that waits anew each time it is looked at was written meanwhile.
func TestPublishedAgainAndAgain(t *testing.T) {
	for name, marks := range map[string][]string{"once": {"a", "a", ""}, "at once": {""}, "without end": {"a", "a", "b"}} {
		r := newRig(t)
		r.state.marks = slices.Clone(marks)
		if err := r.published(t.Context(), "w", uuid.New()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newRig(t)
	r.state.marks = []string{"a"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.published(ctx, "w", uuid.New()); err == nil {
		t.Error("a profile that is not written is taken as written")
	}
}

// aDesk has one erasure under way, of which the log tells more once it is applied.
type aDesk struct {
	privacy.Desk
	erasing, applied *privacy.Record
	waited           bool
}

func (d *aDesk) Erasing(context.Context) ([]*privacy.Record, error) {
	return []*privacy.Record{d.erasing}, nil
}

func (d *aDesk) Erase(context.Context, string, uuid.UUID) (*privacy.Record, error) {
	d.waited = true
	return d.applied, nil
}

// TestUnderWayIsApplied: what goes on after a crash is waited for as what begins is, and what turns out to be
// finished is left alone.
func TestUnderWayIsApplied(t *testing.T) {
	for status, want := range map[privacy.Status]int{privacy.StatusErasing: 1, privacy.StatusErased: 0} {
		r := newRig(t)
		e := r.erase("ada", 10)
		now := *e
		now.Status = status
		desk := &aDesk{erasing: e, applied: &now}
		r.Desk = desk
		all, err := r.underWay(t.Context())
		if err != nil || len(all) != want || !desk.waited {
			t.Errorf("%s: %d go on (%v), want %d; waited: %v", status, len(all), err, want, desk.waited)
		}
	}
}

// TestLogIsReadWhole: a log of which not all is applied that the erasure reaches is not certified.
func TestLogIsReadWhole(t *testing.T) {
	r := newRig(t)
	r.put(r.event("ada", 1))
	b := newBatch([]*privacy.Record{r.erase("bob", 10)})
	if _, err := r.rewriteLog(t.Context(), b); err != nil {
		t.Errorf("all is applied: %v", err)
	}
	clear(r.state.applied)
	if _, err := r.rewriteLog(t.Context(), b); err == nil || !strings.Contains(err.Error(), "is applied up to") {
		t.Errorf("nothing is applied: %v", err)
	}
}
