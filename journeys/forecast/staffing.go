package forecast

import (
	"fmt"
	"math"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/forecast/erlang"
	"tributary/journeys/forecast/series"
)

// Where a time that staffing rests on comes from.
const (
	fromHistory = "history"
	fromRequest = "given"
	fromNone    = "none"
)

// enough is how many contacts an average of the history must rest on.
const enough = 30

// Staffing says how many agents each hour of a series takes. Hours are looked at one by one, each as if its rate held for long
// (Green, Kolesar and Soares, "Improving the SIPP approach for staffing service systems that have cyclic demands", Operations
// Research 49(4), 2001: good while contacts are short beside an hour).
type Staffing struct {
	Model    string   `json:"model,omitempty"`    // erlang_c, or erlang_a with patience
	Handle   *Average `json:"aht,omitempty"`      // average handle time: talk, hold and wrap-up
	Patience *Average `json:"patience,omitempty"` // mean time until who waits gives up
	Hours    []Hour   `json:"hours"`
	// Refused says why there are no hours.
	Refused string `json:"refused,omitempty"`
}

// Average is a time in seconds, and where it comes from.
type Average struct {
	Seconds float64 `json:"seconds"`
	From    string  `json:"from"`               // history or given
	Sample  uint64  `json:"contacts,omitempty"` // of history: how many it rests on
}

// Hour is what an hour takes.
type Hour struct {
	At time.Time `json:"at"`
	// State is the queue with the fewest agents that achieve the goal at the mean of the forecast; agents 0: nobody is expected.
	erlang.State
	// Upper is how many agents achieve it at the upper end of the prediction interval.
	Upper int `json:"agents_at_upper"`
	// Paid is Agents with shrinkage.
	Paid int `json:"agents_paid"`
}

func (g *Goal) check(grain series.Grain, faults *event.Errors) {
	if grain != series.Hour {
		faults.Add("staffing", "needs grain hour: how many agents a day takes depends on its hours")
	}
	seconds := func(name string, s *float64, needed bool) {
		if s == nil && needed {
			faults.Add(name, "is required")
		}
		if s != nil && !(*s >= 1 && *s <= 604800) {
			faults.Add(name, "must be from 1 to 604800 seconds")
		}
	}
	seconds("staffing.aht_s", g.HandleS, false)
	switch g.Patience {
	case "", fromNone, fromHistory:
		if g.PatienceS != nil {
			faults.Add("staffing.patience_s", "goes with patience given alone")
		}
	case fromRequest:
		seconds("staffing.patience_s", g.PatienceS, true)
	default:
		faults.Add("staffing.patience", "must be none, history or given")
	}
	if !(g.ServiceLevel > 0 && g.ServiceLevel < 1) {
		faults.Add("staffing.service_level", "must be a share above 0 and below 1, such as 0.8")
	}
	if !(g.WithinS >= 0 && g.WithinS <= 604800) {
		faults.Add("staffing.within_s", "must be from 0 to 604800 seconds")
	}
	if !(g.MaxOccupancy >= 0 && g.MaxOccupancy <= 1) {
		faults.Add("staffing.max_occupancy", "must be a share above 0, at most 1")
	}
	if !(g.Shrinkage >= 0 && g.Shrinkage <= .9) {
		faults.Add("staffing.shrinkage", "must be a share from 0 to 0.9")
	}
}

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// staff answers a goal for the points of a forecast; h is the history that times may come from.
func (g *Goal) staff(points []series.Point, h *history) *Staffing {
	s := &Staffing{Hours: []Hour{}, Model: "erlang_c"}
	switch {
	case g.HandleS != nil:
		s.Handle = &Average{Seconds: *g.HandleS, From: fromRequest}
	case h.handled < enough:
		s.Refused = fmt.Sprintf("too few contacts with a handle time: %d, needed are %d; say staffing.aht_s", h.handled, enough)
		return s
	default:
		s.Handle = &Average{Seconds: h.handleS / float64(h.handled), From: fromHistory, Sample: h.handled}
	}
	if s.Refused = g.patience(s, h); s.Refused != "" {
		return s
	}
	q := erlang.Queue{Handle: secondsOf(math.Max(1, s.Handle.Seconds))}
	if s.Patience != nil {
		s.Model, q.Patience = "erlang_a", secondsOf(math.Max(1, s.Patience.Seconds))
	}
	for i := range points {
		hour, err := g.hour(q, &points[i])
		if err != nil {
			s.Hours, s.Refused = []Hour{}, "the goal cannot be achieved with any number of agents"
			return s
		}
		s.Hours = append(s.Hours, hour)
	}
	return s
}

// patience finds the mean patience: who gave up tells when, who was answered tells that they were patient for that long, so the
// maximum-likelihood estimate of an exponential mean is all waiting by those who gave up.
func (g *Goal) patience(s *Staffing, h *history) (refused string) {
	switch {
	case g.Patience == fromRequest:
		s.Patience = &Average{Seconds: *g.PatienceS, From: fromRequest}
	case g.Patience != fromHistory:
	case h.abandoned < enough:
		return fmt.Sprintf("too few abandoned contacts with a wait: %d, needed are %d; say staffing.patience_s", h.abandoned, enough)
	default:
		s.Patience = &Average{Seconds: h.waitS / float64(h.abandoned), From: fromHistory, Sample: h.abandoned}
	}
	return ""
}

// nobody is a rate below which an hour counts as closed: less than one contact in a fortnight of such hours.
const nobody = 0.05

func (g *Goal) hour(q erlang.Queue, p *series.Point) (Hour, error) {
	h := Hour{At: p.At}
	goal := erlang.Goal{Level: g.ServiceLevel, Within: secondsOf(g.WithinS), MaxOccupancy: g.MaxOccupancy}
	if p.Upper > nobody {
		q.Rate = p.Upper
		upper, err := q.Agents(goal)
		if err != nil {
			return h, err
		}
		h.Upper = upper.Agents
	}
	if p.Mean < nobody {
		h.Level = 1
		return h, nil
	}
	q.Rate = p.Mean
	state, err := q.Agents(goal)
	h.State, h.Paid = state, erlang.OnDuty(state.Agents, g.Shrinkage)
	return h, err
}
