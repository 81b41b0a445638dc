package unify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/live"
	"tributary/profiles/unify"
)

// told reads the whole feed of workspace w.
func (r *rig) feed() []*live.Told {
	r.Helper()
	head, err := r.state.LiveHead("w")
	must(r, err)
	page, err := r.state.LivePage("w", 0, head.Last, 1<<20, live.Want{})
	must(r, err)
	return page.Entries
}

func kindsOf(all []*live.Told, observation identity.ObservationID) (kinds []live.Kind) {
	for _, t := range all {
		if t.Observation == observation {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}

// TestTheFeedTellsWhatChanged: each kind, of whom it concerns, with numbers that follow each other.
func TestTheFeedTellsWhatChanged(t *testing.T) {
	config := private(t)
	config.JudgeAfter, config.TickEvery, config.Now = time.Nanosecond, time.Hour, time.Now
	r := open(t, vfs.NewMem(), config).start()
	defer r.stop()
	r.put(command(t, 1, define(definitionsOfAll)))
	a, b := order("shop", "a", 2, "1.00", user("a")), ev("web", "b", 3, user("b"))
	said := ev("shop", "c", 4, user("a"))
	said.Name, said.Channel, said.CX = event.NameConsentChanged, event.ChannelEmail, &event.CX{Consent: event.ConsentRefused, Purpose: "marketing"}
	for _, e := range []*event.Event{a, b, said} {
		r.put(record(t, e))
		r.quiet()
	}
	ida, idb := r.observation(a), r.observation(b)
	r.put(command(t, 5, unify.IdentityLink{A: ida, B: idb, Verdict: unify.LinkMustMerge}))
	r.quiet()
	r.put(command(t, 6, unify.IdentityLink{A: ida, B: idb, Verdict: unify.LinkNeverMerge}))
	r.quiet()
	note := &event.Event{
		Workspace: "w", Source: event.SourceAgent, MessageID: "n", Type: event.TypeTrack, Name: event.NameHandoffOffered,
		Observation: ida, CX: &event.CX{HandoffID: "h-1"},
	}
	at := epoch.Add(7 * time.Second)
	note.Stamp(at, time.Time{}, at)
	r.put(record(t, note))
	r.quiet()
	r.judged()

	all := r.feed()
	for i, entry := range all {
		if entry.Number != uint64(i+1) {
			t.Fatalf("entry %d has the number %d", i, entry.Number)
		}
	}
	founder, other := ida, idb // the first received gives the profile its id
	for _, want := range []live.Kind{live.ProfileChanged, live.SegmentEntered, live.ConsentChanged, event.NameHandoffOffered} {
		if !slices.Contains(kindsOf(all, founder), want) {
			t.Errorf("%s is not told: %v", want, kindsOf(all, founder))
		}
	}
	for _, want := range []live.Kind{live.ProfileChanged, live.IdentityMerged, live.IdentitySplit} {
		if !slices.Contains(kindsOf(all, other), want) {
			t.Errorf("%s is not told: %v", want, kindsOf(all, other))
		}
	}
	for _, want := range []live.Kind{live.DefinitionsChanged, live.IdentityVersion} {
		if !slices.Contains(kindsOf(all, uuid.Nil), want) {
			t.Errorf("%s is not told: %v", want, kindsOf(all, uuid.Nil))
		}
	}
	for _, entry := range all {
		if entry.Kind == event.NameHandoffOffered && (entry.Ref != "h-1" || !entry.At.Equal(at)) {
			t.Errorf("the hand-off is told as %+v", entry.Entry)
		}
		if (entry.Kind == live.IdentityMerged || entry.Kind == live.IdentitySplit) && entry.Peer != founder {
			t.Errorf("%s names %s", entry.Kind, entry.Peer)
		}
	}

	r.put(command(t, 8, unify.PrivacyRestrict{Observations: []identity.ObservationID{ida}}))
	r.quiet()
	if left := kindsOf(r.feed(), ida); len(left) > 0 {
		t.Errorf("of who is restricted it is told: %v", left)
	}
	if len(kindsOf(r.feed(), idb)) == 0 {
		t.Error("of others nothing is told")
	}
	r.put(command(t, 9, unify.PrivacyUnrestrict{Observations: []identity.ObservationID{ida}}))
	r.quiet()
	if len(kindsOf(r.feed(), ida)) == 0 {
		t.Error("of who is restricted no more nothing is told")
	}
}

// TestAStepTellsOnce: however much a step hears of somebody.
func TestAStepTellsOnce(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{StepTime: time.Hour})
	for n := range 50 {
		r.put(record(t, ev("web", fmt.Sprint(n), 1, user("a"))))
	}
	r.start().settle()
	defer r.stop()
	if kinds := kindsOf(r.feed(), r.observation(ev("web", "0", 1, user("a")))); len(kinds) != 1 {
		t.Errorf("it is told: %v", kinds)
	}
}

// client is one who listens, loses the connection, and comes back.
type client struct {
	tb
	mu    sync.Mutex
	gone  bool
	place live.Place
	heard map[live.Place]live.Entry
	resets,
	again int
}

// listen hears what a hub tells behind the client's place, until it is closed.
func (c *client) listen(hub *live.Hub) {
	l, err := hub.Listen("w")
	if errors.Is(err, live.ErrClosed) {
		return // the power was cut before it began
	}
	must(c, err)
	defer l.Close()
	c.mu.Lock()
	if head := l.Head(); c.place.Feed != head.Feed && c.place != (live.Place{}) {
		c.resets++
		c.place = live.Place{Feed: head.Feed}
	}
	behind := c.place.Number
	c.mu.Unlock()
	for {
		page, changed, err := l.Next(behind, 3, live.Want{})
		must(c, err)
		feed := l.Head().Feed
		c.mu.Lock()
		for _, t := range page.Entries {
			at := live.Place{Feed: feed, Number: t.Number}
			if was, known := c.heard[at]; known && !c.gone {
				c.again++
				if !reflect.DeepEqual(was, t.Entry) {
					c.Errorf("%v is %+v, was %+v", at, t.Entry, was)
				}
			}
			if !c.gone {
				c.heard[at], c.place = t.Entry, at
			}
		}
		c.mu.Unlock()
		if behind = page.Through; behind < l.Head().Last {
			continue
		}
		select {
		case <-changed:
		case <-hub.Done():
			return
		}
	}
}

// cut is what happens to a client whose server dies.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
}

// back lets the client listen again, from a place that it has heard of.
func (c *client) back(rng *rand.Rand) {
	c.gone = false
	if n := c.place.Number; n > 0 && rng.IntN(2) == 0 {
		c.place.Number = rng.Uint64N(n)
	}
}

// TestResumingIsNeverHavingBeenAway: the power is cut while a client listens. Whatever it heard stays what it
// was, and in the end it has heard all that the feed holds, and nothing else. A state that is made again is
// another feed.
func TestResumingIsNeverHavingBeenAway(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(7, uint64(seed)))
			p := &plant{tb: t, fs: vfs.NewCrashableMem(), rng: rng}
			c := &client{tb: t, heard: map[live.Place]live.Entry{}}
			for range 5 {
				p.listened(c)
			}
			r := open(p, p.fs, unify.Config{}).start()
			r.settle()
			c.back(rng)
			c.hearAll(r)
			c.check(r)
			r.stop()

			must(t, p.fs.RemoveAll("state"))
			r = open(p, p.fs, unify.Config{}).start()
			r.settle()
			c.hearAll(r)
			if c.resets != 1 {
				t.Errorf("the client was told %d times that the feed is another", c.resets)
			}
			c.check(r)
			r.stop()
		})
	}
}

func newHub(r *rig) *live.Hub {
	return live.NewHub(live.Config{Source: r.state, Logger: slog.New(slog.DiscardHandler), Ring: 4, Every: time.Microsecond})
}

// listened runs the machine for a while with a client, and cuts its power.
func (p *plant) listened(c *client) {
	r := open(p, p.fs, unify.Config{StepRecords: 8, BulkRecords: 2, ReadAhead: 4}).start()
	hub := newHub(r)
	c.back(p.rng)
	var wait sync.WaitGroup
	wait.Go(func() { c.listen(hub) })
	for range 1 + p.rng.IntN(6) {
		r.put(p.batch()...)
		if p.rng.IntN(2) == 0 {
			r.await(p.rng)
		}
	}
	c.cut()
	after := p.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 30, 100}[p.rng.IntN(3)], RNG: p.rng})
	hub.Close()
	wait.Wait()
	r.stop()
	p.fs = after
}

// hearAll listens until the client has heard the newest entry.
func (c *client) hearAll(r *rig) {
	r.Helper()
	head, err := r.state.LiveHead("w")
	must(r, err)
	hub := newHub(r)
	var wait sync.WaitGroup
	wait.Go(func() { c.listen(hub) })
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		c.mu.Lock()
		done := c.place.Feed == head.Feed && c.place.Number == head.Last
		c.mu.Unlock()
		if done {
			break
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			r.Fatalf("the client is at %v of %v", c.place, head)
		}
	}
	hub.Close()
	wait.Wait()
}

// check compares what the client heard of the feed there is with what that holds.
func (c *client) check(r *rig) {
	r.Helper()
	head, err := r.state.LiveHead("w")
	must(r, err)
	heard := 0
	for at := range c.heard {
		if at.Feed == head.Feed {
			heard++
		}
	}
	all := r.feed()
	for _, t := range all {
		if was := c.heard[live.Place{Feed: head.Feed, Number: t.Number}]; !reflect.DeepEqual(was, t.Entry) {
			r.Errorf("%+v was heard as %+v", t.Entry, was)
		}
	}
	if heard != len(all) || heard == 0 {
		r.Errorf("%d entries were heard of %d", heard, len(all))
	}
}
