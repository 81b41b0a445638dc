package cx

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"tributary/journeys/report"
)

// Standing says whether a target is met, as far as chance lets one say.
type Standing string

// The standings. A value whose 95 % interval lies on the better side of the target as a whole, or ends at it, has met it, one whose
// interval lies on the other has missed it; else the sample does not decide. Open cases and contacts are counted, not sampled: the value decides.
const (
	StandingMet       Standing = "met"
	StandingMissed    Standing = "missed"
	StandingUndecided Standing = "undecided"
)

// Plan is the target of a point, and how the point stands to it.
type Plan struct {
	ID    uuid.UUID `json:"id" policy:"meta"`
	Value float64   `json:"value" policy:"meta"` // the target's, in the unit of the metric
	// Attainment is the value through the target where larger is better, else the target through the value: 1 is just met, more
	// is better. Absent where what it would be divided by is not above 0, and without a value.
	Attainment *float64 `json:"attainment,omitempty" policy:"meta"`
	// Standing is absent without a value.
	Standing Standing `json:"standing,omitempty" policy:"meta"`
}

// plan is how the point of a metric stands to a target.
func (m *Metric) plan(target *Target, p *Point) *Plan {
	plan := &Plan{ID: target.ID, Value: *target.Value}
	if p.Value == nil {
		return plan
	}
	above, below := *p.Value, *target.Value
	if m.Better == BetterSmaller {
		above, below = below, above
	}
	if below > 0 {
		plan.Attainment = ptr(above / below)
	}
	low, high := *p.Value, *p.Value
	switch {
	case p.Interval != nil:
		low, high = p.Interval.Low, p.Interval.High
	case !m.kind.whole():
		plan.Standing = StandingUndecided
		return plan
	}
	plan.Standing = standing(m.Better, *target.Value, low, high)
	return plan
}

// standing says on which side of a target an interval lies.
func standing(better Better, target, low, high float64) Standing {
	if better == BetterSmaller {
		target, low, high = -target, -high, -low
	}
	switch {
	case low >= target:
		return StandingMet
	case high < target:
		return StandingMissed
	}
	return StandingUndecided
}

// plans are the targets that an answer is held against.
type plans struct {
	zone    *time.Location
	grain   Grain
	targets []Target // those of the question that were in force at its known_at
}

// plansFor chooses among all targets of a workspace. A question that leaves out a part of what a target is of has none.
func plansFor(m *Metric, q *Question, all []Target) plans {
	list := plans{zone: q.Scope.Zone, grain: q.Grain}
	if narrowed(&q.Scope, q.By) {
		return list
	}
	for _, t := range all {
		known := !t.SetAt.After(q.Scope.KnownAt) && (t.RemovedAt.IsZero() || t.RemovedAt.After(q.Scope.KnownAt))
		if known && t.Metric == m.ID && t.By == q.By && (t.Grain == "" || t.Grain == q.Grain) {
			list.targets = append(list.targets, t)
		}
	}
	return list
}

// narrowed says whether a filter leaves out a part of a group, and not only groups as a whole.
func narrowed(s *report.Scope, by Dimension) bool {
	return s.Segment != "" || len(s.Channels) > 0 && by != ByChannel || len(s.Sources) > 0 && by != BySource || len(s.AgentKinds) > 0 && by != ByAgentKind
}

// of finds the target of a point: of those that hold at any time of its bucket the most specific one, which is that of its series,
// then that of its grain, then the one set last. It must hold all the time; where it begins or ends within the bucket, the bucket has none.
func (l *plans) of(p *Point) *Target {
	var best *Target
	for i := range l.targets {
		t := &l.targets[i]
		if t.Group != p.Group || t.Series != "" && t.Series != p.Series {
			continue
		}
		from, until := day(t.From, l.zone), day(t.Until, l.zone)
		overlaps := (from.IsZero() || from.Before(p.Until)) && (until.IsZero() || until.After(p.From))
		if overlaps && (best == nil || before(best, t)) {
			best = t
		}
	}
	if best == nil {
		return nil
	}
	from, until := day(best.From, l.zone), day(best.Until, l.zone)
	if from.After(p.From) || !until.IsZero() && until.Before(p.Until) {
		return nil
	}
	return best
}

// before says whether the target b goes before a where both hold.
func before(a, b *Target) bool {
	return cmp.Or(cmp.Compare(len(a.Series), len(b.Series)), cmp.Compare(len(a.Grain), len(b.Grain)), a.SetAt.Compare(b.SetAt), cmp.Compare(a.ID.String(), b.ID.String())) < 0
}
