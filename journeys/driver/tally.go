package driver

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/journeys/driver/topic"
	"tributary/journeys/report"
)

// tally counts conversations: those of the scope, and by span those before.
type tally struct {
	*judge
	from time.Time
	span time.Duration

	earliest time.Time // conversation of all
	taxonomy map[string]*group
	told     map[string]*group
	people   map[uuid.UUID]bool
	all      int
	unknown  int
	worked   []worked
	aside    []waiting // for a model outside
	outside  *Remote   // what that told; nil: none is configured
}

// group is what is counted of a topic.
type group struct {
	now        int
	before     [spansBefore]int
	model      [spansBefore]int // of before, told by a model outside
	people     map[uuid.UUID]bool
	by         By
	confidence float64
	words      map[string]map[uuid.UUID]bool
}

// shownWords are how many words a topic shows.
const shownWords = 8

func newTally(scope *report.Scope, j *judge) *tally {
	return &tally{
		judge: j, from: scope.From, span: scope.Until.Sub(scope.From), taxonomy: map[string]*group{}, told: map[string]*group{}, people: map[uuid.UUID]bool{},
	}
}

func of(groups map[string]*group, name string) *group {
	g := groups[name]
	if g == nil {
		g = &group{people: map[uuid.UUID]bool{}, words: map[string]map[uuid.UUID]bool{}}
		groups[name] = g
	}
	return g
}

// add counts a conversation, or puts it aside.
func (t *tally) add(r *row) {
	if v, by := t.here(r); t.open(r, v, by) {
		t.putAside(r, v)
	} else {
		t.count(r, v, by)
	}
}

func (t *tally) count(r *row, v topic.Verdict, by ToldBy) {
	if t.earliest.IsZero() || r.Began.Before(t.earliest) {
		t.earliest = r.Began
	}
	var groups []*group
	if r.Topic != "" {
		groups = append(groups, of(t.told, r.Topic))
	}
	if v.Topic != topic.Unknown {
		groups = append(groups, of(t.taxonomy, v.Topic))
	}
	if r.Began.Before(t.from) {
		if i := int((t.from.Sub(r.Began) - 1) / t.span); i < spansBefore {
			for _, g := range groups {
				g.before[i]++
			}
			if by == ByModel {
				of(t.taxonomy, v.Topic).model[i]++
			}
		}
		return
	}
	t.all++
	t.people[r.Who] = true
	for _, g := range groups {
		g.now++
		g.people[r.Who] = true
	}
	if v.Topic == topic.Unknown {
		t.unknown++
	} else {
		groups[len(groups)-1].told(v, by, r.Who)
	}
	t.work(r, v.Topic)
}

// told notes by what a topic was told.
func (g *group) told(v topic.Verdict, by ToldBy, who uuid.UUID) {
	switch by {
	case ByLabel:
		g.by.Label++
		return
	case BySource:
		g.by.Source++
		return
	case ByModel:
		g.by.Model++
		return
	case ByText:
	}
	g.by.Text++
	g.confidence += v.Confidence
	for _, w := range v.Words {
		if g.words[w] == nil {
			g.words[w] = map[uuid.UUID]bool{}
		}
		g.words[w][who] = true
	}
}

// spans is how many whole spans before there are conversations of.
func (t *tally) spans() int {
	if t.earliest.IsZero() || !t.earliest.Before(t.from) {
		return 0
	}
	return min(spansBefore, int((t.from.Sub(t.earliest)+t.span/10)/t.span))
}

// counted is what tells of a rise: without what a model outside told, if it was not asked about everything.
func (t *tally) counted(g *group, spans int) counted {
	c := counted{g.now, g.before[:spans]}
	if t.outside != nil && !t.outside.Complete {
		c = counted{g.now - g.by.Model, make([]int, spans)}
		for i := range c.before {
			c.before[i] = g.before[i] - g.model[i]
		}
	}
	return c
}

// fill completes the answer.
func (t *tally) fill(a *Answer) {
	a.Conversations, a.Unknown, a.SpansBefore, a.Model, a.Remote = t.all, t.unknown, t.spans(), t.model.Quality, t.outside
	a.Sample = report.Sample{People: uint64(len(t.people)), Events: uint64(t.all)}
	a.Topics, a.Told = []Topic{}, []Told{}
	names, told := slices.Sorted(maps.Keys(t.taxonomy)), slices.Sorted(maps.Keys(t.told))
	told = slices.DeleteFunc(told, func(name string) bool { return len(t.told[name].people) < leastPeople })
	var counts []counted
	for _, name := range names {
		g := t.taxonomy[name]
		counts = append(counts, t.counted(g, a.SpansBefore))
	}
	for _, name := range told {
		g := t.told[name]
		counts = append(counts, counted{g.now, g.before[:a.SpansBefore]})
	}
	rises := make([]rise, len(counts))
	if a.SpansBefore >= leastSpans {
		rises = risen(counts)
	} else {
		for i := range rises {
			rises[i] = rise{P: 1, Q: 1}
		}
	}
	for i, name := range names {
		a.Topics = append(a.Topics, t.topic(name, counts[i], rises[i]))
	}
	for i, name := range told {
		g, j := t.told[name], len(names)+i
		a.Told = append(a.Told, Told{
			Name: name, Conversations: g.now, People: len(g.people), Before: counts[j].before, rise: rises[j], Emerging: rises[j].Q < alarm,
		})
	}
	slices.SortStableFunc(a.Topics, func(x, y Topic) int { return cmp.Compare(y.Conversations, x.Conversations) })
	slices.SortStableFunc(a.Told, func(x, y Told) int { return cmp.Compare(y.Conversations, x.Conversations) })
	a.Long = t.long()
}

func (t *tally) topic(name string, c counted, r rise) Topic {
	g := t.taxonomy[name]
	one := Topic{
		Topic: name, Conversations: g.now, People: len(g.people), By: g.by, Words: most(g.words, shownWords), Before: c.before,
		rise: r, Emerging: r.Q < alarm,
	}
	if t.all > 0 {
		one.Share = float64(g.now) / float64(t.all)
	}
	if g.by.Text > 0 {
		one.Confidence = g.confidence / float64(g.by.Text)
	}
	return one
}
