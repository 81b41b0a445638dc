package explain

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tributary/identity"
)

// Saying is what people would say otherwise: verdicts on pairs, an empty one taking back what was said, and whether
// normalised identifiers are blocked.
type Saying struct {
	Verdicts []identity.Link
	Blocks   map[identity.Identifier]bool
}

// Effect is what would come of saying something else. It is written as JSON as it stands.
type Effect struct {
	IdentityVersion uint64 `json:"identity_version" policy:"meta"`
	Model           uint32 `json:"model" policy:"meta"`
	Pending
	// Before and After are the profiles that would change, or come of that: at most twenty of each, the largest first.
	Before      []Whole `json:"before" policy:"-"`
	After       []Whole `json:"after" policy:"-"`
	BeforeTotal int     `json:"before_total" policy:"meta"`
	AfterTotal  int     `json:"after_total" policy:"meta"`
	Merges      int     `json:"merges" policy:"meta"`
	Splits      int     `json:"splits" policy:"meta"`
	// Moved is how many observations change profiles by that, those of the largest part of each change aside, and
	// EventsMoved how many events go to another profile than most: reports count them for somebody else then.
	Moved       int    `json:"moved" policy:"meta"`
	EventsMoved uint64 `json:"events_moved" policy:"meta"`
	// Changes are the merges and splits with their causes, at most twenty, those that move most first.
	Changes []Change `json:"changes" policy:"-"`
	// Metrics are those of the profiles of Before and After alone, not of the workspace.
	Metrics   []MetricPair `json:"metrics" policy:"-"`
	Untrusted []string     `json:"untrusted" policy:"meta"`
}

// Whole is a profile with what it has.
type Whole struct {
	Profile       identity.ProfileID `json:"profile" policy:"meta"`
	Observations  int                `json:"observations" policy:"meta"`
	Events        uint64             `json:"events" policy:"meta"`
	Conversations int                `json:"conversations" policy:"meta"`
	// Identified: it has a user id, an e-mail, a telephone or an id in a source.
	Identified bool `json:"identified" policy:"meta"`
}

// Otherwise tells what would come of saying something else, and changes nothing. around are the observations that it
// is about: the ends of its verdicts and the holders of its identifiers, and those whose profiles are to be told of.
// parts are what was compared, whole.
//
// What is alike goes by the model in force and by what it has linked: of an identifier that is unblocked the effect on
// scores is not foreseen, only that on rules. It fails as Preview does.
func (s *Service) Otherwise(ctx context.Context, workspace string, say Saying, around []identity.ObservationID) (effect *Effect, parts []*identity.Compared, err error) {
	m, err := s.open(workspace)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	facts := &identity.Otherwise{Facts: m.Facts(), Verdicts: say.Verdicts, Blocks: say.Blocks}
	parts, err = m.engine.PreviewOtherwise(ctx, facts, m.linkerOverFacts(facts), m, around, 0)
	if err != nil {
		return nil, nil, err
	}
	effect = &Effect{Model: m.status.Model, Pending: m.pending(), Untrusted: []string{"changes[].causes"}}
	if effect.IdentityVersion, err = m.IdentityVersion(); err != nil {
		return nil, nil, err
	}
	return effect, parts, m.tell(effect, parts)
}

// tell fills an effect in.
func (m *moment) tell(e *Effect, parts []*identity.Compared) error {
	var was, will tally
	var changes []identity.Change
	for _, part := range parts {
		facts, err := m.knownOfAll(part)
		if err != nil {
			return err
		}
		before, after := changed(part)
		for _, g := range before {
			was.add(g.members, facts)
			e.Before = append(e.Before, g.whole(facts))
		}
		for _, g := range after {
			will.add(g.members, facts)
			e.After = append(e.After, g.whole(facts))
		}
		changes = append(changes, part.Changes...)
		e.count(part, facts)
	}
	slices.SortFunc(changes, identity.Worse)
	e.Changes = each(first(changes), newChange)
	for _, metric := range Metrics() {
		e.Metrics = append(e.Metrics, MetricPair{metric, was.of(metric), will.of(metric)})
	}
	e.BeforeTotal, e.AfterTotal = len(e.Before), len(e.After)
	e.Before, e.After = largest(e.Before), largest(e.After)
	return nil
}

// count adds a part's changes up.
func (e *Effect) count(part *identity.Compared, facts map[identity.ObservationID]known) {
	for i := range part.Changes {
		if part.Changes[i].Kind == identity.ChangeMerge {
			e.Merges++
		} else {
			e.Splits++
		}
		e.Moved += part.Changes[i].Moved
	}
	e.EventsMoved += strayed(part.Before, part.After, facts) + strayed(part.After, part.Before, facts)
}

// strayed is how many events of the profiles of one side are not with most of theirs on the other.
func strayed(from, to []identity.Assignment, facts map[identity.ObservationID]known) (n uint64) {
	parts := map[identity.ProfileID]map[identity.ProfileID]uint64{}
	for i := range from {
		p := from[i].Profile
		if parts[p] == nil {
			parts[p] = map[identity.ProfileID]uint64{}
		}
		parts[p][to[i].Profile] += facts[from[i].Observation].events
	}
	for _, of := range parts {
		var all, most uint64
		for _, events := range of {
			all, most = all+events, max(most, events)
		}
		n += all - most
	}
	return n
}

// group is a profile of one side of a comparison.
type group struct {
	profile identity.ProfileID
	members []identity.ObservationID
}

// changed lists the profiles of either side that the other has not with the same observations.
func changed(part *identity.Compared) (before, after []group) {
	was, now := groupsBy(part.Before), groupsBy(part.After)
	same := func(g group, all []group) bool {
		return slices.ContainsFunc(all, func(o group) bool { return slices.Equal(o.members, g.members) })
	}
	for _, g := range was {
		if !same(g, now) {
			before = append(before, g)
		}
	}
	for _, g := range now {
		if !same(g, was) {
			after = append(after, g)
		}
	}
	return before, after
}

// groupsBy is groupsOf with the profiles' ids.
func groupsBy(all []identity.Assignment) []group {
	to := map[identity.ObservationID]identity.ProfileID{}
	for i := range all {
		to[all[i].Observation] = all[i].Profile
	}
	return each(groupsOf(all), func(members *[]identity.ObservationID) group {
		return group{to[(*members)[0]], *members}
	})
}

func (g *group) whole(facts map[identity.ObservationID]known) Whole {
	var t tally
	t.add(g.members, facts)
	return Whole{g.profile, len(g.members), t.events, t.conversations, t.identified > 0}
}

// largest are the first of profiles in their order: those of most events, then observations.
func largest(all []Whole) []Whole {
	slices.SortFunc(all, func(a, b Whole) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(b.Observations, a.Observations), slices.Compare(a.Profile[:], b.Profile[:]))
	})
	return append([]Whole{}, first(all)...)
}
