// Package erlang says how a queue of contacts before n agents behaves, and how many agents a service level takes.
//
// Contacts come at random (Poisson) at a constant rate, take an exponentially distributed time each, and are taken in the
// order they came. Who waits stays for ever (Erlang C) or gives up after an exponentially distributed time (Erlang A).
//
//   - Erlang B and C: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
//     telephone exchanges" (1917); the recursion of Erlang B and the way from it to C are in R. B. Cooper, "Introduction to
//     Queueing Theory" (1981), sections 3.3 and 3.4.
//   - Erlang A: C. Palm, "Research on telephone traffic carried by full availability groups" (1957); O. Garnett, A. Mandelbaum
//     and M. Reiman, "Designing a call center with impatient customers", MSOM 4(3), 2002; the integrals used here are those of
//     S. Zeltyn and A. Mandelbaum, "Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue",
//     Queueing Systems 51, 2005, section 3, with exponential patience.
//
// Everything is computed from ratios that stay between 0 and 1, and integrals of positive functions scaled by their greatest
// value, so that thousands of agents neither overflow nor cancel.
package erlang

import (
	"fmt"
	"math"
	"time"

	"tributary/ingest/event"
)

// Queue is a stream of contacts. Rate and Handle are positive.
type Queue struct {
	Rate   float64       // contacts an hour
	Handle time.Duration // average handle time: what one contact takes an agent, with the work after it
	// Patience is how long a contact waits on average before giving up; 0: for ever (Erlang C).
	Patience time.Duration
}

// State is how a queue behaves with some agents in the long run. Shares are of all contacts, between 0 and 1.
type State struct {
	Agents    int     `json:"agents"`
	Load      float64 `json:"load_erlangs"` // agents that would be busy if none gave up: rate × handle time
	Occupancy float64 `json:"occupancy"`    // share of an agent's time that is spent on contacts
	Wait      float64 `json:"p_wait"`       // share that has to wait
	// Level is the share that is answered within the target. Who gives up counts as not answered.
	Level float64 `json:"service_level"`
	// MeanWait is the average wait of all contacts, those that give up included; in Erlang C that is the mean speed of answer.
	MeanWait Seconds `json:"mean_wait_s"`
	// MeanAnswer is the average wait of those that are answered (ASA).
	MeanAnswer Seconds `json:"mean_speed_of_answer_s"`
	Abandoned  float64 `json:"abandoned"` // share that gives up
	// Unstable: more work comes than the agents can do and nobody gives up, so the queue grows for ever.
	Unstable bool `json:"unstable,omitempty"`
}

// Seconds is a time that is +Inf in a queue that grows for ever, which JSON has as null.
type Seconds float64

// MarshalJSON implements json.Marshaler, to the hundredth of a second.
func (s Seconds) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(s), 0) || math.IsNaN(float64(s)) {
		return []byte("null"), nil
	}
	return fmt.Appendf(nil, "%.2f", float64(s)), nil
}

// The bounds of what is computed.
const (
	MaxAgents = 1_000_000
	minTime   = time.Second
	maxTime   = 7 * 24 * time.Hour
)

// Validate reports every fault.
func (q Queue) Validate() error {
	var faults event.Errors
	if !(q.Rate > 0) || math.IsInf(q.Rate, 1) {
		faults.Add("rate", "must be a positive number of contacts an hour")
	}
	if q.Handle < minTime || q.Handle > maxTime {
		faults.Add("handle", "must be from one second to seven days")
	}
	if q.Patience != 0 && (q.Patience < minTime || q.Patience > maxTime) {
		faults.Add("patience", "must be from one second to seven days, or 0 for no end")
	}
	if q.Rate > 0 && q.Load() > MaxAgents/2 {
		faults.Add("rate", fmt.Sprintf("is more work than %d agents can do", MaxAgents/2))
	}
	return faults.Err()
}

// Load is the work that comes, in erlangs.
func (q Queue) Load() float64 { return q.Rate * q.Handle.Hours() }

// With says how the queue behaves with n agents, and which share they answer within the target. n below 1 answers nobody.
func (q Queue) With(n int, target time.Duration) State {
	s := State{Agents: n, Load: q.Load()}
	switch {
	case n < 1:
		s.nobody(q)
	case q.Patience > 0:
		q.impatient(&s, target)
	default:
		q.patient(&s, target)
	}
	return s
}

// nobody is the state without agents.
func (s *State) nobody(q Queue) {
	s.Agents, s.Wait, s.MeanAnswer = 0, 1, Seconds(math.Inf(1))
	if q.Patience > 0 {
		s.Abandoned, s.MeanWait = 1, Seconds(q.Patience.Seconds())
		return
	}
	s.MeanWait, s.Unstable = Seconds(math.Inf(1)), true
}

// blocking is Erlang's B: the share that finds all n busy where nobody may wait. B(k) = aB(k-1) / (k + aB(k-1)), B(0) = 1.
func blocking(n int, load float64) float64 {
	b := 1.0
	for k := 1; k <= n && b > 0; k++ {
		b = load * b / (float64(k) + load*b)
	}
	return b
}

// patient is Erlang's C.
func (q Queue) patient(s *State, target time.Duration) {
	n := float64(s.Agents)
	s.Occupancy = math.Min(1, s.Load/n)
	if s.Load >= n {
		s.Wait, s.MeanWait, s.MeanAnswer, s.Unstable = 1, Seconds(math.Inf(1)), Seconds(math.Inf(1)), true
		return
	}
	b := blocking(s.Agents, s.Load)
	s.Wait = n * b / (n - s.Load*(1-b))
	free := (n - s.Load) / q.Handle.Seconds() // how much faster work can be done than it comes, per second
	s.Level = 1 - s.Wait*math.Exp(-free*target.Seconds())
	s.MeanWait = Seconds(s.Wait / free)
	s.MeanAnswer = s.MeanWait
}
