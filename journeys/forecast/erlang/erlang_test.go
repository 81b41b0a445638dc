package erlang_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/forecast/erlang"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s is %v, want %v within %v", what, got, want, within)
	}
}

// TestWorkedExample: 100 calls in half an hour of 3 minutes each, 80 % in 20 seconds; the worked example that the trade
// teaches Erlang C by.
func TestWorkedExample(t *testing.T) {
	q := erlang.Queue{Rate: 200, Handle: 3 * time.Minute}
	for n, level := range map[int]float64{11: .390, 12: .641, 13: .796, 14: .888} {
		near(t, "service level", q.With(n, 20*time.Second).Level, level, .001)
	}
	s, err := q.Agents(erlang.Goal{Level: .8, Within: 20 * time.Second})
	if err != nil || s.Agents != 14 {
		t.Fatalf("%d agents, %v; want 14", s.Agents, err)
	}
	near(t, "wait", s.Wait, .174, .0005)
	near(t, "mean speed of answer", float64(s.MeanAnswer), 7.8, .05)
	near(t, "occupancy", s.Occupancy, .714, .0005)
	if s, err = q.Agents(erlang.Goal{Level: .8, Within: 20 * time.Second, MaxOccupancy: .6}); err != nil || s.Agents != 17 {
		t.Errorf("%d agents, %v, for an occupancy of 60 %%; want 17", s.Agents, err)
	}
}

// TestGarnettMandelbaumReiman compares with table 1 of their paper: 50 agents, 48 calls and one minute each, patience of two
// minutes.
func TestGarnettMandelbaumReiman(t *testing.T) {
	q := erlang.Queue{Rate: 48 * 60, Handle: time.Minute}
	c := q.With(50, 0)
	near(t, "mean wait of Erlang C", float64(c.MeanWait), 20.8, .05)
	near(t, "occupancy of Erlang C", c.Occupancy, .96, .001)
	q.Patience = 2 * time.Minute
	a := q.With(50, 0)
	near(t, "abandoned", a.Abandoned, .031, .0005)
	near(t, "mean wait of Erlang A", float64(a.MeanWait), 3.7, .05)
	near(t, "occupancy of Erlang A", a.Occupancy, .93, .005)
}

// chain is Erlang A by the probabilities of how many contacts are there, summed up: another way than the integrals'.
func chain(q erlang.Queue, n int) (wait, abandoned float64) {
	rate, serve, theta := q.Rate/3600, 1/q.Handle.Seconds(), 1/q.Patience.Seconds()
	logs := []float64{0}
	best := 0.0
	for k := 1; logs[k-1] > best-60 || float64(k) < q.Load()+1; k++ {
		leave := serve*float64(min(k, n)) + theta*float64(max(0, k-n))
		logs = append(logs, logs[k-1]+math.Log(rate/leave))
		best = math.Max(best, logs[k])
	}
	total, queue := 0.0, 0.0
	for k, l := range logs {
		p := math.Exp(l - best)
		total += p
		if k >= n {
			wait += p
			queue += p * float64(k-n)
		}
	}
	return wait / total, theta * queue / total / rate
}

func queues(t *rapid.T) (erlang.Queue, int) {
	load := rapid.Float64Range(.05, 3000).Draw(t, "load")
	handle := time.Duration(rapid.IntRange(20, 2000).Draw(t, "handle_s")) * time.Second
	q := erlang.Queue{Rate: load / handle.Hours(), Handle: handle}
	return q, max(1, int(load*rapid.Float64Range(.5, 1.5).Draw(t, "agents per erlang")))
}

func patience(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(5, 5000).Draw(t, "patience_s")) * time.Second
}

func TestErlangAIsTheChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, n := queues(t)
		q.Patience = patience(t)
		s := q.With(n, 20*time.Second)
		wait, abandoned := chain(q, n)
		if math.Abs(s.Wait-wait) > 1e-7 || math.Abs(s.Abandoned-abandoned) > 1e-7 {
			t.Fatalf("wait %v and abandoned %v, the chain has %v and %v", s.Wait, s.Abandoned, wait, abandoned)
		}
	})
}

// TestMoreAgentsNeverDoWorse, and all shares are shares.
func TestMoreAgentsNeverDoWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, n := queues(t)
		if rapid.Bool().Draw(t, "impatient") {
			q.Patience = patience(t)
		}
		target := time.Duration(rapid.IntRange(0, 300).Draw(t, "target_s")) * time.Second
		few, more := q.With(n, target), q.With(n+1, target)
		for _, share := range []float64{few.Wait, few.Level, few.Abandoned, few.Occupancy} {
			if !(share >= 0 && share <= 1) {
				t.Fatalf("a share is %v in %+v", share, few)
			}
		}
		const rounding = 1e-9
		if more.Level < few.Level-rounding || more.Wait > few.Wait+rounding || more.Abandoned > few.Abandoned+rounding ||
			more.Occupancy > few.Occupancy+rounding || more.MeanWait > few.MeanWait*(1+1e-9)+rounding {
			t.Fatalf("with %d: %+v; with one more: %+v", n, few, more)
		}
	})
}

func TestAgentsAreTheFewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, _ := queues(t)
		if rapid.Bool().Draw(t, "impatient") {
			q.Patience = patience(t)
		}
		g := erlang.Goal{Level: rapid.Float64Range(.5, .99).Draw(t, "level"), Within: 20 * time.Second}
		s, err := q.Agents(g)
		if err != nil {
			t.Fatal(err)
		}
		if s.Level < g.Level {
			t.Fatalf("%+v misses %v", s, g.Level)
		}
		if fewer := q.With(s.Agents-1, g.Within); !fewer.Unstable && fewer.Level >= g.Level {
			t.Fatalf("%d agents suffice: %+v", fewer.Agents, fewer)
		}
	})
}

// TestLimits: patience without end is Erlang C, and no patience at all is Erlang B.
func TestLimits(t *testing.T) {
	for _, n := range []int{12, 105, 2050} {
		q := erlang.Queue{Rate: float64(n) * 60 * .95, Handle: time.Minute}
		c := q.With(n, 20*time.Second)
		q.Patience = 7 * 24 * time.Hour
		a := q.With(n, 20*time.Second)
		near(t, "service level", a.Level, c.Level, 1e-3)
		near(t, "wait", a.Wait, c.Wait, 2e-3)
	}
	// The classic table of Erlang B: 4.46 erlangs on 10 lines, 84.06 on 100 lose one in a hundred.
	for n, load := range map[int]float64{10: 4.461, 100: 84.06} {
		q := erlang.Queue{Rate: load / (24 * 7), Handle: 7 * 24 * time.Hour, Patience: time.Second}
		near(t, "abandoned without patience", q.With(n, 0).Abandoned, .01, 2e-5)
	}
}

func TestThousandsOfAgents(t *testing.T) {
	for _, p := range []time.Duration{0, time.Minute} {
		q := erlang.Queue{Rate: 400_000, Handle: 6 * time.Minute, Patience: p} // 40,000 erlangs
		s, err := q.Agents(erlang.Goal{Level: .8, Within: 20 * time.Second})
		if err != nil || s.Agents < 32_000 || s.Agents > 40_400 || math.IsNaN(s.Level+s.Wait+s.Abandoned+float64(s.MeanAnswer)) {
			t.Errorf("%+v, %v", s, err)
		}
	}
	idle := erlang.Queue{Rate: .001, Handle: time.Second, Patience: time.Second}.With(5000, 0)
	if idle.Level != 1 || idle.Wait != 0 {
		t.Errorf("five thousand agents and nothing to do: %+v", idle)
	}
	flood := erlang.Queue{Rate: 1e6, Handle: time.Hour / 4, Patience: time.Minute}.With(10, time.Minute)
	near(t, "abandoned of a flood", flood.Abandoned, 1-10/250_000., 1e-6)
}

func TestFaults(t *testing.T) {
	_, err := erlang.Queue{Rate: -1, Patience: -1}.Agents(erlang.Goal{Within: -1, MaxOccupancy: 2, MaxAbandoned: 1})
	for _, field := range []string{"rate", "handle", "patience", "level", "within", "max_occupancy", "max_abandoned"} {
		if !names(err, field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	q := erlang.Queue{Rate: 1000, Handle: time.Minute}
	if _, err := q.Agents(erlang.Goal{Level: .8, MaxOccupancy: 1e-6}); !errors.Is(err, erlang.ErrUnreachable) {
		t.Errorf("an occupancy of a millionth: %v", err)
	}
	if text, err := json.Marshal(q.With(1, 0)); err != nil {
		t.Errorf("a queue that grows for ever: %s, %v", text, err)
	}
	if erlang.OnDuty(14, .3) != 20 || erlang.OnDuty(7, .3) != 10 {
		t.Error("14 at work of whom 30 % are away are 20")
	}
}

func names(err error, field string) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if names(e, field) {
				return true
			}
		}
		return false
	}
	var fault event.FieldError
	return errors.As(err, &fault) && fault.Field == field
}
