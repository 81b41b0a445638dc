package erlang

import (
	"errors"
	"fmt"
	"math"
	"time"

	"tributary/ingest/event"
)

// Goal is what agents are to achieve. The zero value of a bound sets none.
type Goal struct {
	Level        float64       // share answered within Within, 0 < Level < 1
	Within       time.Duration // at least 0
	MaxOccupancy float64       // share of an agent's time, 0 < MaxOccupancy <= 1
	MaxAbandoned float64       // share that gives up; for queues with patience
}

// ErrUnreachable is returned where no number of agents up to MaxAgents achieves a goal.
var ErrUnreachable = errors.New("erlang: no number of agents achieves this")

// Validate reports every fault.
func (g Goal) Validate() error {
	var faults event.Errors
	if !(g.Level > 0 && g.Level < 1) {
		faults.Add("level", "must be a share above 0 and below 1, such as 0.8")
	}
	if g.Within < 0 || g.Within > maxTime {
		faults.Add("within", "must be from 0 to seven days")
	}
	if !(g.MaxOccupancy >= 0 && g.MaxOccupancy <= 1) {
		faults.Add("max_occupancy", "must be a share above 0, at most 1")
	}
	if !(g.MaxAbandoned >= 0 && g.MaxAbandoned < 1) {
		faults.Add("max_abandoned", "must be a share above 0 and below 1")
	}
	return faults.Err()
}

func (g Goal) met(s *State) bool {
	return !s.Unstable && s.Level >= g.Level &&
		(g.MaxOccupancy == 0 || s.Occupancy <= g.MaxOccupancy) &&
		(g.MaxAbandoned == 0 || s.Abandoned <= g.MaxAbandoned)
}

// Agents returns the state with the fewest agents that achieve the goal. More agents never do worse in any of its bounds, so
// the number is searched for by doubling and halving.
func (q Queue) Agents(g Goal) (State, error) {
	if err := errors.Join(q.Validate(), g.Validate()); err != nil {
		return State{}, err
	}
	high := max(1, int(math.Ceil(q.Load())))
	step := max(1, int(math.Sqrt(q.Load())))
	low, best := 0, q.With(high, g.Within) // fewer than, or as many as, low do not achieve it
	for !g.met(&best) {
		if high >= MaxAgents {
			return State{}, fmt.Errorf("%w: %d were tried", ErrUnreachable, high)
		}
		low, high, step = high, min(MaxAgents, high+step), step*2
		best = q.With(high, g.Within)
	}
	for high-low > 1 {
		middle := low + (high-low)/2
		if s := q.With(middle, g.Within); g.met(&s) {
			high, best = middle, s
		} else {
			low = middle
		}
	}
	return best, nil
}

// OnDuty is how many people have to be paid so that as many as agents are at work, when the share shrinkage of paid time goes
// into breaks, leave and training. It is below 1.
func OnDuty(agents int, shrinkage float64) int {
	return int(math.Ceil(float64(agents)/(1-shrinkage) - 1e-9))
}
