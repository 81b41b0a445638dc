package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// Paths is the answer, to be drawn as a Sankey diagram: each person is in one node of each position, as far as their
// path goes.
type Paths struct {
	report.About
	By      NodeBy  `json:"by" policy:"meta"`
	WindowS float64 `json:"window_s" policy:"meta"`
	Nodes   []Node  `json:"nodes" policy:"-"` // by position, then by people
	Links   []Link  `json:"links" policy:"-"`
	// Untrusted are the members that sources and customers made up.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// Node is what people did at one place of their paths.
type Node struct {
	// Position is 0 where paths meet, 1 after it and so on, or -1 before it and so on.
	Position int    `json:"position" policy:"meta"`
	Name     string `json:"name" policy:"meta"`
	// Other: all that are not among the nodes with the most people.
	Other  bool   `json:"other,omitempty" policy:"meta"`
	People uint64 `json:"people" policy:"meta"`
	Ends   uint64 `json:"ends" policy:"meta"` // for whom the path ends here
}

// Link is people who went from one node to another; both are indexes of Paths.Nodes, in the order of time.
type Link struct {
	Source int    `json:"source" policy:"meta"`
	Target int    `json:"target" policy:"meta"`
	People uint64 `json:"people" policy:"meta"`
}

type linkRow struct {
	Position uint32 `ch:"position"`
	Node     string `ch:"node"`
	Next     string `ch:"next"`
	People   uint64 `ch:"people"`
	LookedAt uint64 `ch:"looked_at"`
}

// Paths answers a request. It fails with event.Errors for a request with faults, or if there are too many kinds of
// nodes to tell apart.
func (f *Flow) Paths(ctx context.Context, workspace string, r PathsRequest) (*Paths, error) {
	var faults event.Errors
	checked := r.check(workspace, f.now(), &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := f.reader.Resolve(ctx, &checked.scope, checked.definition())
	if err != nil {
		return nil, err
	}
	sql, params := checked.links()
	rows, err := query[linkRow](ctx, f, "paths", sql, params)
	if err != nil {
		return nil, err
	}
	if len(rows) == maxLinks {
		return nil, event.Errors{{Field: "nodes", Reason: "make too many different paths; name fewer events, or ask by channel"}}
	}
	answer := &Paths{About: about, By: checked.by, WindowS: checked.window.Seconds(), Untrusted: []string{"nodes[].name"}}
	for _, row := range rows {
		answer.Sample.Events += row.LookedAt
		if row.Position == 0 {
			answer.Sample.People += row.People
		}
	}
	checked.draw(answer, rows)
	return answer, nil
}

// place is a node before it has its index.
type place struct {
	position int
	name     string
	other    bool
}

// draw makes nodes and links of the rows, whose names beyond the first top are one.
func (p *paths) draw(answer *Paths, rows []linkRow) {
	own := p.named(rows)
	at := func(position uint32, name string) place {
		if !own[name] {
			return place{p.signed(position), "other", true}
		}
		return place{p.signed(position), name, false}
	}
	nodes, links := map[place]*Node{}, map[[2]place]uint64{}
	for _, r := range rows {
		from := at(r.Position, r.Node)
		if nodes[from] == nil {
			nodes[from] = &Node{Position: from.position, Name: from.name, Other: from.other}
		}
		nodes[from].People += r.People
		switch next := at(r.Position+1, r.Next); {
		case r.Next == "":
			nodes[from].Ends += r.People
		case p.starts:
			links[[2]place{from, next}] += r.People
		default: // told from the end backwards
			links[[2]place{next, from}] += r.People
		}
	}
	order := slices.SortedFunc(maps.Keys(nodes), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(nodes[b].People, nodes[a].People), strings.Compare(a.name, b.name), compareBool(a.other, b.other))
	})
	index := map[place]int{}
	answer.Nodes, answer.Links = []Node{}, []Link{}
	for i, at := range order {
		index[at] = i
		answer.Nodes = append(answer.Nodes, *nodes[at])
	}
	for ends, people := range links {
		answer.Links = append(answer.Links, Link{index[ends[0]], index[ends[1]], people})
	}
	slices.SortFunc(answer.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
	})
}

// named are the names with the most people over all positions; of equals the first in order.
func (p *paths) named(rows []linkRow) map[string]bool {
	people := map[string]uint64{}
	for _, r := range rows {
		people[r.Node] += r.People
	}
	names := slices.SortedFunc(maps.Keys(people), func(a, b string) int {
		return cmp.Or(cmp.Compare(people[b], people[a]), strings.Compare(a, b))
	})
	own := map[string]bool{}
	for _, name := range names[:min(p.top, len(names))] {
		own[name] = true
	}
	return own
}

func (p *paths) signed(position uint32) int {
	if p.starts {
		return int(position)
	}
	return -int(position)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
