package sourcehealth

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/profiles/reconcile"
)

// TestSeriesAreTheEventsOfTheirHoursAndMinutes: random receipts, counted by rows as the query does, against a plain
// count by how long ago they were.
func TestSeriesAreTheEventsOfTheirHoursAndMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 1, rapid.IntRange(0, 23).Draw(t, "h"), rapid.IntRange(0, 59).Draw(t, "m"), rapid.IntRange(0, 59).Draw(t, "s"), 0, time.UTC)
		hours, minutes := firstHour(now), firstMinute(now)
		var perHour [Hours]uint64
		var perMinute [Minutes]uint64
		var rows []Rate
		for range rapid.IntRange(0, 200).Draw(t, "n") {
			at := now.Add(-time.Duration(rapid.IntRange(0, int(24*time.Hour/time.Second)).Draw(t, "ago")) * time.Second)
			if at.Before(hours) {
				continue
			}
			r := Rate{Source: "web", Hour: uint32(at.Truncate(time.Hour).Unix()), Events: 1}
			if !at.Before(minutes) {
				r.Minute = uint32(at.Truncate(time.Minute).Unix())
			}
			rows = append(rows, r)
			for i := range Hours {
				if from := now.Truncate(time.Hour).Add(-time.Duration(Hours-1-i) * time.Hour); !at.Before(from) && at.Before(from.Add(time.Hour)) {
					perHour[i]++
				}
			}
			for i := range Minutes {
				if from := now.Truncate(time.Minute).Add(-time.Duration(Minutes-1-i) * time.Minute); !at.Before(from) && at.Before(from.Add(time.Minute)) {
					perMinute[i]++
				}
			}
		}
		s := seriesOf(rows, hours, minutes)["web"]
		if s == nil {
			s = newSeries()
		}
		if !slices.Equal(s.hours, perHour[:]) || !slices.Equal(s.minutes, perMinute[:]) {
			t.Fatalf("%v %v, want %v %v", s.hours, s.minutes, perHour, perMinute)
		}
	})
	future := seriesOf([]Rate{{Source: "web", Hour: 1e9, Minute: 1e9, Events: 1}}, time.Unix(0, 0), time.Unix(0, 0))["web"]
	if slices.Max(future.hours) != 0 || slices.Max(future.minutes) != 0 {
		t.Errorf("what is of the future is counted: %v", future)
	}
}

func TestSigns(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	well := Source{LastReceived: now.Add(-time.Hour), Account: reconcile.Account{Received: 5, Balanced: true}}
	change := func(f func(*Source)) Source {
		s := well
		f(&s)
		return s
	}
	for name, c := range map[string]struct {
		s    Source
		want []Sign
	}{
		"well":   {well, nil},
		"silent": {change(func(s *Source) { s.LastReceived = now.Add(-25 * time.Hour) }), []Sign{SignSilent}},
		"never":  {change(func(s *Source) { s.Received, s.LastReceived = 0, time.Time{} }), []Sign{SignNever}},
		"all at once": {change(func(s *Source) {
			s.Balanced, s.Today.Quarantined, s.Lag.Seconds, s.Drift = false, 1, 61, 1
		}), []Sign{SignUnbalanced, SignQuarantined, SignBehind, SignDrift}},
		"a minute behind": {change(func(s *Source) { s.Lag.Seconds = 60 }), nil},
	} {
		if got := signs(&c.s, now); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil || err.Error() != "configure health of sources: accounts: is required\nlag: is required\nnow: is required\nrates: is required\nschemas: is required" {
		t.Errorf("an empty configuration gives %v", err)
	}
}
