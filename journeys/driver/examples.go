package driver

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of examples.
const (
	DefaultExamples = 3
	MaxExamples     = 10 // of a group
	MaxGroups       = 50
)

// ExamplesRequest asks what customers said, for numbers of the report of the same scope.
type ExamplesRequest struct {
	report.Request
	// Of are the numbers; empty: each topic of the taxonomy that there are conversations about, and unknown.
	Of   []Group `json:"of,omitempty"`
	Each int     `json:"each,omitempty"` // how many of each; default DefaultExamples
}

// Examples shows a few conversations of each number.
type Examples struct {
	report.About
	// Groups are in the order that was asked for; of topics, the most conversations first.
	Groups []GroupExamples `json:"groups" policy:"-"`
	// Untrusted names the members that sources or customers wrote; what a customer said is marked where it stands.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// GroupExamples are those of one number.
type GroupExamples struct {
	Of            Group `json:"of" policy:"-"`
	Conversations int   `json:"conversations" policy:"meta"`
	People        int   `json:"people" policy:"meta"`
	// Examples are of different people and of different texts: the surest first, then the newest. Conversations without a text are none.
	Examples []Example `json:"examples" policy:"-"`

	last uuid.UUID // who was counted last; people come one after the other
}

// Example is one conversation, and whose it is.
type Example struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	Conversation
}

func (r *ExamplesRequest) check(faults *event.Errors) (each int) {
	if len(r.Of) > MaxGroups {
		faults.Add("of", fmt.Sprintf("must have at most %d", MaxGroups))
		return 0
	}
	for i := range r.Of {
		r.Of[i].check(fmt.Sprintf("of[%d]", i), faults)
	}
	return number(r.Each, DefaultExamples, MaxExamples, "each", faults)
}

// Examples shows what customers said. It fails as Report does.
func (s *Service) Examples(ctx context.Context, workspace string, r ExamplesRequest) (*Examples, error) {
	var faults event.Errors
	scope := r.Scope(workspace, s.now(), &faults)
	each := r.check(&faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := s.reader.Resolve(ctx, &scope, Definition)
	if err != nil {
		return nil, err
	}
	judge, err := s.judge(ctx, workspace)
	if err != nil {
		return nil, err
	}
	c := newChooser(r.Of, each)
	for row, err := range s.read(ctx, &scope, reading{since: scope.From}) {
		if err != nil {
			return nil, err
		}
		v, by := judge.about(row)
		c.add(row, func(g *Group) bool { return g.takes(row, v, by) }, Example{row.Who, judge.conversation(row, v, by)})
	}
	return &Examples{About: about, Groups: c.groups(), Untrusted: []string{
		"groups[].of.word", "groups[].of.told_topic", "groups[].of.step", "groups[].examples[].conversation_id", "groups[].examples[].told_topic",
	}}, nil
}

// chooser chooses examples: of groups that were asked for, or of each topic.
type chooser struct {
	each    int
	asked   []*GroupExamples
	byTopic map[string]*GroupExamples // nil: groups were asked for
}

func newChooser(of []Group, each int) *chooser {
	c := &chooser{each: each}
	for _, g := range of {
		c.asked = append(c.asked, &GroupExamples{Of: g})
	}
	if len(of) == 0 {
		c.byTopic = map[string]*GroupExamples{}
	}
	return c
}

func (c *chooser) add(r *row, takes func(*Group) bool, e Example) {
	if c.byTopic != nil {
		g := c.byTopic[e.Topic]
		if g == nil {
			g = &GroupExamples{Of: Group{Topic: e.Topic}}
			c.byTopic[e.Topic] = g
		}
		g.add(r, e, c.each)
		return
	}
	for _, g := range c.asked {
		if takes(&g.Of) {
			g.add(r, e, c.each)
		}
	}
}

// add counts a conversation, and keeps it if it is among the best.
func (g *GroupExamples) add(r *row, e Example, each int) {
	if g.Conversations++; g.Conversations == 1 || g.last != r.Who {
		g.People, g.last = g.People+1, r.Who
	}
	if e.Said == nil {
		return
	}
	alike := func(o Example) bool { return o.Profile == e.Profile || o.Said.Text == e.Said.Text }
	if slices.ContainsFunc(g.Examples, func(o Example) bool { return alike(o) && better(o, e) <= 0 }) {
		return
	}
	g.Examples = slices.DeleteFunc(g.Examples, alike)
	i, _ := slices.BinarySearchFunc(g.Examples, e, better)
	g.Examples = slices.Insert(g.Examples, i, e)
	g.Examples = g.Examples[:min(len(g.Examples), each)]
}

// better orders examples: the surest first, then the newest.
func better(a, b Example) int {
	return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), b.BeganAt.Compare(a.BeganAt), strings.Compare(a.Source, b.Source),
		strings.Compare(a.ConversationID, b.ConversationID))
}

func (c *chooser) groups() []GroupExamples {
	all := c.asked
	if c.byTopic != nil {
		all = slices.SortedFunc(maps.Values(c.byTopic), func(a, b *GroupExamples) int {
			return cmp.Or(cmp.Compare(b.Conversations, a.Conversations), strings.Compare(a.Of.Topic, b.Of.Topic))
		})
	}
	list := make([]GroupExamples, len(all))
	for i, g := range all {
		if list[i] = *g; g.Examples == nil {
			list[i].Examples = []Example{}
		}
	}
	return list
}
