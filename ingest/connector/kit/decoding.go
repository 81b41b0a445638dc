package kit

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

func decodingChecks() []check {
	return []check{
		{name: "webhook/repetition", after: []string{"subject", "settings"}, run: repetition,
			proves: "A delivery that comes again makes the same events under the same message ids."},
		{name: "webhook/order", after: []string{"webhook/repetition"}, run: order,
			proves: "Deliveries make the same events in any order, and when many are decoded at once."},
		{name: "webhook/message_ids", after: []string{"webhook/repetition"}, run: messageIDs,
			proves: "No two events that differ share a message id, not even when the vendor leaves a field out."},
		{name: "webhook/clock_skew", after: []string{"webhook/repetition"}, run: clockSkew,
			proves: "When a delivery is received changes neither message ids nor the time at which the vendor says it happened."},
		{name: "webhook/valid", after: []string{"webhook/repetition"}, run: valid,
			proves: "Every event is one that the log takes; none ends in the quarantine."},
		{name: "webhook/golden", after: []string{"webhook/repetition"}, run: webhookGolden,
			proves: "Every delivery makes the events that a person has read and agreed to."},
	}
}

const randomDo = "Take ids and times from the payload alone: no clock, no counter, no random number."

func repetition(_ context.Context, s *suite, f *findings) {
	if s.needsWebhook(f) == nil {
		return
	}
	for _, d := range s.deliveries {
		w, err := s.webhook(nil)
		if err != nil {
			f.add("", "", "a second decoder is not made: %v", err)
			return
		}
		r := s.request(d.name, d.body, Now)
		before := clone(r)
		first, err := decode(w, r)
		if err != nil {
			f.add(d.file, "An error is for what is no delivery at all; reject a part with Batch.Reject.", "it is not decoded: %v", err)
			continue
		}
		if first.Len() == 0 {
			f.add(d.file, "Add a free event (Config.Free), or reject it.", "it makes nothing, and nobody hears of it")
		}
		if !bytes.Equal(r.Body, before.Body) || !equalHeaders(r.Header, before.Header) {
			f.add(d.file, "Work on copies.", "Decode changes the request")
		}
		fresh, err := s.webhook(nil)
		if err != nil {
			f.add("", "", "a second decoder is not made: %v", err)
			return
		}
		for _, again := range []struct {
			what string
			w    connector.Webhook
		}{{"decoded again", w}, {"decoded by another decoder", fresh}} {
			second, err := decode(again.w, clone(before))
			if err != nil {
				f.add(d.file, randomDo, "%s it is not decoded: %v", again.what, err)
			} else if change := difference(first, second, true); change != "" {
				f.add(d.file, randomDo, "%s it makes something else: %s", again.what, change)
			}
		}
	}
}

// rounds is how often all deliveries are decoded at once.
const rounds = 20

func order(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	want := make([]connector.Batch, len(s.deliveries))
	for i, d := range s.deliveries {
		fresh, err := s.webhook(nil)
		if err == nil {
			want[i], err = decode(fresh, s.request(d.name, d.body, Now))
		}
		if err != nil {
			f.add(d.file, "", "it is not decoded: %v", err)
			return
		}
	}
	var mu sync.Mutex
	one := func(i int, what string) {
		d := s.deliveries[i]
		got, err := decode(w, s.request(d.name, d.body, Now))
		change := fmt.Sprint(err)
		if err == nil {
			change = difference(want[i], got, true)
		}
		if change != "" {
			mu.Lock()
			defer mu.Unlock()
			f.add(d.file, "A decoder keeps nothing from one delivery to the next.", "decoded %s it makes something else: %s", what, change)
		}
	}
	shuffle := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // any order does, and the same each time is better
	for range rounds {
		for _, i := range shuffle.Perm(len(s.deliveries)) {
			one(i, "in another order")
		}
	}
	var all sync.WaitGroup
	for range rounds {
		for i := range s.deliveries {
			all.Go(func() { one(i, "beside others") })
		}
	}
	all.Wait()
}

// claim is who uses a message id for what.
type claim struct {
	file  string
	event event.Event
}

// same says whether two events tell of one happening. Two of a vendor's mechanisms may, each in its
// own words: then one of them is enough.
func (c claim) same(e event.Event) bool {
	return text(c.event, false) == text(e, false) || c.event.Name == e.Name && c.event.OriginalAt.Equal(e.OriginalAt)
}

func messageIDs(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	taken := map[string]claim{}
	for _, d := range s.deliveries {
		if m, ok := s.baseline(w, d, f); ok {
			claims(taken, nil, d.file, "", m, f)
		}
	}
	// What a lost field does to ids shows between deliveries that lost the same, in ids that no whole
	// delivery has.
	lossy := map[string]map[string]claim{}
	for _, d := range s.deliveries {
		root := s.payload(d)
		if root == nil {
			continue
		}
		for v := range lost(root) {
			m, err := s.make(w, d.name, v.body)
			if err != nil {
				continue // fields_lost says so
			}
			key := v.what
			if lossy[key] == nil {
				lossy[key] = map[string]claim{}
			}
			claims(lossy[key], taken, d.file, v.what, m, f)
		}
	}
}

// claims sees that every message id stands for one thing, but for ids that are known to.
func claims(taken, known map[string]claim, file, what string, m made, f *findings) {
	if what != "" {
		what = " " + what + ","
	}
	for _, e := range m.events {
		before, found := taken[e.MessageID]
		if _, whole := known[e.MessageID]; found && !whole && (before.file == file || !before.same(e)) {
			f.add(file, "Of two events with one id the second is dropped as a repetition: put into the id what tells them apart, and reject what lacks a part of it.",
				"%s has the message id of another event, in %s%s: %s", label(e), before.file, what, apart(text(before.event, false), text(e, false)))
		}
		taken[e.MessageID] = claim{file, e}
	}
}

func label(e event.Event) string {
	if e.Name != "" {
		return e.Name
	}
	return string(e.Type)
}

func clockSkew(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	for _, d := range s.deliveries {
		at := func(received time.Time) (connector.Batch, error) {
			r := s.request(d.name, d.body, Now)
			r.Received = received
			return decode(w, r)
		}
		first, err := at(Now)
		if err != nil {
			f.add(d.file, "", "it is not decoded: %v", err)
			continue
		}
		for _, e := range first.Events {
			s.stamped(d.file, e, f)
		}
		for _, shift := range []time.Duration{-time.Hour, time.Hour, 400 * 24 * time.Hour} {
			second, err := at(Now.Add(shift))
			if err != nil {
				f.add(d.file, "", "received %v later it is not decoded: %v", shift, err)
			} else if change := difference(first, second, true); change != "" {
				f.add(d.file, "Leave OriginalAt empty if the vendor tells no time: the runtime sets the time of receipt.",
					"received %v later it makes something else: %s", shift, change)
			}
		}
	}
}

// stamped sees that a connector leaves to the runtime what is the runtime's.
func (s *suite) stamped(file string, e event.Event, f *findings) {
	const do = "Leave Workspace, Source, ReceivedAt and At empty."
	if e.Workspace != "" || e.Source != "" || !e.ReceivedAt.IsZero() || !e.At.IsZero() {
		f.add(file, do, "%s has what the runtime sets", label(e))
	}
	k, err := s.prepare(connector.Batch{Events: []event.Event{e}}, Now)
	if err != nil || len(k.events) != 1 {
		return // valid says so
	}
	want := e
	want.Stamp(e.OriginalAt, e.SentAt, Now)
	if got := k.events[0]; !got.At.Equal(want.At) || !got.OriginalAt.Equal(want.OriginalAt) {
		f.add(file, do, "%s is at %v, by event.Stamp it is %v", label(e), got.At, want.At)
	}
}

func valid(_ context.Context, s *suite, f *findings) {
	w := s.needsWebhook(f)
	if w == nil {
		return
	}
	for _, d := range s.deliveries {
		if m, ok := s.baseline(w, d, f); ok {
			invalid(d.file, m, f)
		}
	}
}

// invalid finds the events that preparation has rejected.
func invalid(file string, m made, f *findings) {
	for _, p := range m.rejected[:max(0, len(m.rejected)-len(m.batch.Rejected))] {
		f.add(file, "Leave out what the event package does not take; the whole stays in Properties.", "an event is not valid: %s %s", p.Field, p.Reason)
	}
	if len(m.batch.Events) > 0 && !slices.ContainsFunc(m.batch.Events, func(e event.Event) bool { return len(e.Properties)+len(e.Traits) > 0 }) {
		f.add(file, "Set Properties (or Traits, of a record) to the vendor's object as it came.", "no event has properties or traits: what has no field of its own is lost")
	}
}

func webhookGolden(ctx context.Context, s *suite, f *findings) {
	if s.needsWebhook(f) == nil {
		return
	}
	files, err := s.goldenWebhook(ctx)
	s.checkGolden(files, err, f)
}
