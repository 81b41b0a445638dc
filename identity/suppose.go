package identity

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Added is what would be if identifiers were said of a profile, together with what is said of it
// already.
type Added struct {
	// Profile is the one that the new observation would be of, and Joins whether that is the one asked
	// about. Standing is how it would stand to it.
	Profile  ProfileID
	Joins    bool
	Standing Standing
	// Refused says why it would not be of the one asked about, where a rule keeps it apart.
	Refused string
	// Changes are the profiles that would merge or split, and Asks what a person would be asked.
	Changes []Change
	Asks    []Conflict
	// Left are identifiers of the profile that could not be said together with the new ones: a profile
	// has one value of their type.
	Left []Identifier
}

// SupposedID stands for the new observation in Added: no other has this id.
var SupposedID = ObservationID{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x8f, 0xff, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}

// supposedReceived is after all that was received: the new observation founds no profile of others.
var supposedReceived = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// supposed are facts with one observation more.
type supposed struct {
	Facts
	more *Observation
}

func (s supposed) Observation(id ObservationID) (*Observation, error) {
	if id == s.more.ID {
		return s.more, nil
	}
	return s.Facts.Observation(id)
}

func (s supposed) Holders(id Identifier) ([]ObservationID, error) {
	holders, err := s.Facts.Holders(id)
	if err == nil && slices.Contains(s.more.Identifiers, id) {
		holders = append(slices.Clone(holders), s.more.ID)
	}
	return holders, err
}

// explainAdded tells what one observation more would do: what the member of a profile says that says
// most, and the new identifiers with it.
func (e *Engine) explainAdded(ctx context.Context, facts Facts, likeness Likeness, members []*node, o ExplainOptions) (*Added, error) {
	base := slices.MinFunc(members, func(p, q *node) int {
		return cmp.Or(cmp.Compare(e.says(q), e.says(p)), compareIDs(p.obs.ID, q.obs.ID))
	}).obs
	more, left := e.suppose(base, o.Add)
	for _, n := range members { // windows of limits end with what was said last
		if n.obs.FirstSeen.After(more.FirstSeen) {
			more.FirstSeen = n.obs.FirstSeen
		}
	}
	then := likeness
	if likeness != nil && o.Suppose != nil {
		var err error
		if then, err = o.Suppose(more); err != nil {
			return nil, err
		}
	}
	with := supposed{facts, more}
	now, err := e.newExplainer(ctx, with, then, []ObservationID{more.ID, base.ID}, o)
	if err != nil {
		return nil, err
	}
	was, err := e.newExplainer(ctx, facts, likeness, now.others(), o)
	if err != nil {
		return nil, err
	}
	// What the new one makes generic hangs together only without it.
	if now, err = e.newExplainer(ctx, with, then, append(was.others(), more.ID), o); err != nil {
		return nil, err
	}
	out := &Added{Left: left}
	return out, now.tellAdded(out, was, base.ID)
}

// says is how much an observation says of who it is.
func (e *Engine) says(n *node) int {
	much := len(n.obs.Attributes)
	if n.nameKey != "" {
		much += 4
	}
	for _, id := range n.obs.Identifiers {
		switch e.classOf(id.Type) {
		case classExclusive, classSource:
			much += 8
		case classShared:
			much += 2
		default:
			much++
		}
	}
	return much
}

// suppose returns an observation that says what another one does, but for its conversation, and more
// identifiers; and those that cannot be said with them.
func (e *Engine) suppose(base *Observation, add []Identifier) (*Observation, []Identifier) {
	o := *base
	o.ID, o.Session, o.FirstReceived = SupposedID, "", supposedReceived
	o.Identifiers = nil
	var left []Identifier
	for _, id := range base.Identifiers {
		other := func(a Identifier) bool { return a.Type == id.Type && a != id && e.classOf(id.Type) == classExclusive }
		switch {
		case OfContact(id.Type):
		case slices.ContainsFunc(add, other):
			left = append(left, id)
		default:
			o.Identifiers = append(o.Identifiers, id)
		}
	}
	o.Identifiers = append(o.Identifiers, add...)
	slices.SortFunc(o.Identifiers, compareIdentifiers)
	o.Identifiers = slices.Compact(o.Identifiers)
	return &o, left
}

// others are the observations that there are.
func (x *explainer) others() []ObservationID {
	ids := make([]ObservationID, 0, len(x.nodes))
	for _, n := range x.nodes {
		if n.obs.ID != SupposedID {
			ids = append(ids, n.obs.ID)
		}
	}
	return ids
}

// tellAdded says what is otherwise than it was without the new observation.
func (x *explainer) tellAdded(out *Added, was *explainer, base ObservationID) error {
	n, b := x.index[SupposedID], x.index[base]
	a, to := x.assigned[n], x.assigned[b]
	out.Profile, out.Standing = a.Profile, a.Standing
	if out.Joins = a.Profile == to.Profile; !out.Joins {
		apart, err := x.keptApart(b, n)
		if err != nil {
			return err
		}
		out.Refused = apart.Refused
	}
	before, after := newView(was.assigned), newView(withoutSupposed(x.assigned))
	// A link to the new observation is one to the profile that it is asked about.
	before.of[SupposedID], after.of[SupposedID] = before.of[base], &x.assigned[n]
	out.Changes = changesOf(before, after, x.outcome.Conflicts)
	for _, c := range x.outcome.Conflicts {
		if !slices.ContainsFunc(was.outcome.Conflicts, func(o Conflict) bool { return o.A == c.A && o.B == c.B && o.Rule == c.Rule && o.Reason == c.Reason }) {
			out.Asks = append(out.Asks, c)
		}
	}
	return nil
}

func withoutSupposed(all []Assignment) []Assignment {
	return slices.DeleteFunc(slices.Clone(all), func(a Assignment) bool { return a.Observation == SupposedID })
}
