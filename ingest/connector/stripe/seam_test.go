package stripe

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

// sale is a charge at Stripe: reserved at one time, captured then or later.
type sale struct {
	id                string
	created, captured time.Time
}

// stripeAt is what Stripe's API tells at a time: charges as they are then, and the events of 30 days.
func stripeAt(now time.Time, sales []sale) map[string][]json.RawMessage {
	type dated struct {
		at   time.Time
		text json.RawMessage
	}
	var events, charges []dated
	charge := func(s sale, at time.Time) string {
		captured, booked := !s.captured.After(at), "null"
		if captured {
			booked = fmt.Sprintf(`{"id":"txn_%s","created":%d}`, s.id, s.captured.Unix())
		}
		return fmt.Sprintf(`{"id":%q,"object":"charge","created":%d,"status":"succeeded","captured":%t,"amount":500,"currency":"eur","balance_transaction":%s}`,
			s.id, s.created.Unix(), captured, booked)
	}
	happened := func(s sale, kind string, at time.Time) {
		if !at.After(now) && at.After(now.AddDate(0, 0, -30)) {
			events = append(events, dated{at, json.RawMessage(fmt.Sprintf(`{"id":"evt_%s_%s","created":%d,"type":%q,"data":{"object":%s}}`,
				s.id, kind, at.Unix(), kind, charge(s, at)))})
		}
	}
	for _, s := range sales {
		if s.created.After(now) {
			continue
		}
		charges = append(charges, dated{s.created, json.RawMessage(charge(s, now))})
		happened(s, "charge.succeeded", s.created)
		if s.captured.After(s.created) {
			happened(s, "charge.captured", s.captured)
		}
	}
	texts := func(list []dated) []json.RawMessage {
		slices.SortStableFunc(list, func(a, b dated) int { return a.at.Compare(b.at) })
		all := []json.RawMessage{}
		for _, d := range list {
			all = append(all, d.text)
		}
		return all
	}
	return map[string][]json.RawMessage{"charges": texts(charges), "events": texts(events)}
}

// TestEveryPaymentCountsOnce pulls history and events, and again some days later, over sales at any time:
// what was captured comes exactly once, on whichever side of the seam.
func TestEveryPaymentCountsOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first := kit.Now.Add(time.Duration(rapid.IntRange(0, 86400).Draw(rt, "start")) * time.Second)
		second := first.Add(time.Duration(rapid.IntRange(3600, 28*86400).Draw(rt, "pause")) * time.Second)
		var sales []sale
		for i := range rapid.IntRange(1, 12).Draw(rt, "sales") {
			created := second.Add(-time.Duration(rapid.IntRange(60, 70*86400).Draw(rt, "age")) * time.Second)
			if rapid.Bool().Draw(rt, "near") {
				created = first.Add(-reach + time.Duration(rapid.IntRange(-8*86400, 86400).Draw(rt, "seam"))*time.Second)
			}
			held := rapid.SampledFrom([]int{0, 1, 3600, 86400, 6 * 86400}).Draw(rt, "held")
			sales = append(sales, sale{fmt.Sprintf("ch_%d", i), created, created.Add(time.Duration(held) * time.Second)})
		}
		var brought []event.Event
		from := connector.Position{}
		for _, now := range []time.Time{first, second} {
			p, _ := pulling(t, api(stripeAt(now, sales), 3), now)
			events, at := drain(t, p, from)
			brought, from.Checkpoint = append(brought, events...), at
		}
		count := map[string]int{}
		for _, e := range brought {
			if e.Name == event.NamePaymentReceived {
				count[e.MessageID]++
			}
		}
		for _, s := range sales {
			want := 0
			if s.captured.Before(second.Add(-lag)) {
				want = 1
			}
			if got := count[s.id+":payment.received"]; got != want {
				rt.Errorf("%s, created %v and captured %v, came %d times by %v and %v, want %d", s.id, s.created, s.captured, got, first, second, want)
			}
		}
	})
}
