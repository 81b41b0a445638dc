package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"

	"pgregory.net/rapid"
)

// TestLimitWindows has e-mails come to a device one by one, at the stated hours.
func TestLimitWindows(t *testing.T) {
	for _, c := range []struct {
		name, window string
		hours        []int
		want         string
	}{
		{"ever", "", []int{0, 1000, 2000}, "0 1 | 2"},
		{"three within a day", "1d", []int{0, 5, 10}, "0 1 | 2"},
		{"the span is not yet over", "10h", []int{0, 5, 9}, "0 1 | 2"},
		{"the span is just over", "10h", []int{0, 5, 10}, "0 1 2"},
		{"event time, not order", "10h", []int{9, 0, 5}, "0 | 1 2"},
		{"the third opens a span of its own", "10h", []int{0, 5, 9, 20, 21, 22}, "0 1 3 4 | 2 5"},
		{"equal times go by id", "1h", []int{0, 0, 0}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{rules: "identifiers: [{type: crm.contact_id, limit: 2}]", want: c.want}
			if c.window != "" {
				w.rules = fmt.Sprintf("identifiers: [{type: crm.contact_id, limit: 2, window: %s}]", c.window)
			}
			for i, h := range c.hours {
				w.said = append(w.said, fmt.Sprintf("at=%d; device_id=d; crm.contact_id=c%d", h, i))
			}
			got, _ := w.groups(t, nil)
			if c.want == "" {
				if strings.Count(got, "|") != 1 {
					t.Errorf("got %s, want two and one", got)
				}
			} else if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// groups resolves what is said, one by one in an order of arrival, which is also that of the times of
// receipt.
func (w world) groups(t *testing.T, order []int) (string, []identity.Conflict) {
	t.Helper()
	b := identitytest.NewBook(withRules(t, newEngine(t, w.config), w.rules), identitytest.New())
	line := map[identity.ObservationID]int{}
	if order == nil {
		for i := range w.said {
			order = append(order, i)
		}
	}
	for n, i := range order {
		ev := said(t, i, w.said[i])
		ev.ReceivedAt = time.Unix(int64(1000+n), 0).UTC()
		o, _ := b.Engine.Observe(ev)
		line[o.ID] = i
		if err := b.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	r := fromScratch(t, b.Engine, b.Facts)
	for _, a := range r.Assignments {
		if had := b.Assignments[a.Observation]; had.Profile != a.Profile {
			t.Fatalf("%v one by one, %v at once", had, a)
		}
	}
	return describe(r, line), r.Conflicts
}

// TestLimitsDoNotGoByArrival shuffles a history in which limits refuse at every kind of join.
func TestLimitsDoNotGoByArrival(t *testing.T) {
	w := world{rules: `
identifiers:
  - {type: shop.customer_id, limit: 2, window: 20h}
  - {type: crm.contact_id, limit: 3}
  - {type: email, limit: 2}
`}
	for i := range 60 {
		w.said = append(w.said, fmt.Sprintf("at=%d; device_id=d%d; shop.customer_id=s%d; crm.contact_id=c%d; email=m%d@example.org; name=Ann Lee; conv=%d",
			i*7%31, i%5, i%11, i%13, i%7, i%17))
	}
	want, conflicts := w.groups(t, nil)
	if !slices.ContainsFunc(conflicts, func(c identity.Conflict) bool { return strings.HasPrefix(c.Reason, "limit_") }) {
		t.Fatalf("no limit refused anything: %s", want)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		if got, _ := w.groups(t, random.Perm(len(w.said))); got != want {
			t.Fatalf("got %s\nwant %s", got, want)
		}
	}
}

// TestLimitsHold looks for a profile that holds more than a limit allows, where nothing goes before it:
// the limited type stands first, and no person decided.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 3).Draw(t, "limit")
		window := time.Duration(rapid.IntRange(0, 4).Draw(t, "window")) * time.Hour
		e, err := newEngine(t, identity.Config{}).With(identity.Rules{
			Identifiers: []identity.IdentifierRule{
				{Type: "crm.contact_id", Limit: limit, Window: identity.Window(window)}, {Type: event.IDUser, Role: identity.RoleCertain},
			},
			Visits: identity.VisitsFirstCustomer,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := identitytest.New()
		for _, o := range drawObservations(t, e, 40) {
			f.Add(o)
		}
		came := map[identity.ProfileID]map[string]time.Time{}
		for _, a := range fromScratch(t, e, f).Assignments {
			o, _ := f.Observation(a.Observation)
			for _, id := range o.Identifiers {
				if id.Type != "crm.contact_id" {
					continue
				}
				if came[a.Profile] == nil {
					came[a.Profile] = map[string]time.Time{}
				}
				if was, ok := came[a.Profile][id.Value]; !ok || o.FirstSeen.Before(was) {
					came[a.Profile][id.Value] = o.FirstSeen
				}
			}
		}
		for profile, values := range came {
			for _, from := range values {
				n := 0
				for _, at := range values {
					if window == 0 || !at.Before(from) && at.Sub(from) < window {
						n++
					}
				}
				if n > limit {
					t.Fatalf("%s came to hold %d of %d within %s: %v", profile, n, limit, window, values)
				}
			}
		}
	})
}
