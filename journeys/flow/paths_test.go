package flow_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/flow"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// pathsDraw is a request, and the same as functions; nil: not given.
type pathsDraw struct {
	flow.PathsRequest
	from, until         time.Time
	nodes, starts, ends func(*store.EventRow) bool
}

const pathsWindow = 6 * time.Hour

func (w *world) paths() *pathsDraw {
	d := &pathsDraw{nodes: func(*store.EventRow) bool { return true }}
	d.Request, d.from, d.until = w.span()
	d.Window = "6h"
	d.Depth, d.Top = rapid.IntRange(1, 4).Draw(w.T, "depth"), rapid.IntRange(1, 5).Draw(w.T, "top")
	d.By = rapid.SampledFrom([]flow.NodeBy{"", flow.ByChannel, flow.ByNameAndChannel}).Draw(w.T, "by")
	kind := rapid.IntRange(0, 2).Draw(w.T, "kind")
	if kind != 1 {
		s, holds := w.selection("starts")
		d.Starts, d.starts = &s, holds
	}
	if kind != 0 {
		s, holds := w.selection("ends")
		d.Ends, d.ends = &s, holds
	}
	if rapid.Bool().Draw(w.T, "some nodes") {
		s, holds := w.selection("nodes")
		d.Nodes, d.nodes = &s, holds
	}
	return d
}

// along returns the events of a person's path, from where paths meet on, with repetitions.
func (d *pathsDraw) along(events []told) (path []told) {
	is := func(in func(*store.EventRow) bool, e told) bool { return in != nil && in(e.EventRow) }
	for i, e := range events {
		if !e.t.Before(d.until) {
			continue
		}
		switch {
		case d.starts == nil && is(d.ends, e):
			path = append(path, e)
			for j := i - 1; j >= 0 && e.t.Sub(events[j].t) <= pathsWindow; j-- {
				if is(d.nodes, events[j]) {
					path = append(path, events[j])
				}
			}
			return path
		case d.starts != nil && is(d.starts, e):
			last := len(events)
			if d.ends != nil {
				last = i + 1 + slices.IndexFunc(events[i+1:], func(x told) bool { return is(d.ends, x) })
				if last == i || events[last].t.Sub(e.t) > pathsWindow {
					continue
				}
			}
			path = append(path, e)
			for j := i + 1; j < len(events) && j <= last && events[j].t.Sub(e.t) <= pathsWindow; j++ {
				if is(d.nodes, events[j]) || j == last {
					path = append(path, events[j])
				}
			}
			return path
		}
	}
	return nil
}

func (d *pathsDraw) label(e told) string {
	channel := e.Channel
	if channel == "" {
		channel = "none"
	}
	switch d.By {
	case flow.ByChannel:
		return channel
	case flow.ByNameAndChannel:
		return fmt.Sprintf("%s (%s)", e.Name, channel)
	case flow.ByName:
	}
	return e.Name
}

// naive returns the path of each person.
func (d *pathsDraw) naive(w *world) map[uuid.UUID][]told {
	until := d.until
	if d.starts != nil {
		until = until.Add(pathsWindow)
	}
	looked := func(r *store.EventRow) bool {
		return d.nodes(r) || d.starts != nil && d.starts(r) || d.ends != nil && d.ends(r)
	}
	people := map[uuid.UUID][]told{}
	for profile, events := range w.arranged(d.from, until, looked) {
		path := slices.CompactFunc(d.along(events), func(a, b told) bool { return d.label(a) == d.label(b) })
		if len(path) > 0 {
			people[profile] = path[:min(len(path), d.Depth+1)]
		}
	}
	return people
}

// TestPathsEqualNaive: nodes, links and the people behind them.
func TestPathsEqualNaive(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		d := w.paths()
		got, err := w.Paths(rt.Context(), w.workspace, d.PathsRequest)
		if err != nil {
			rt.Fatal(err)
		}
		people := d.naive(w)
		if got.Sample.People != uint64(len(people)) {
			rt.Fatalf("%d people, want %d", got.Sample.People, len(people))
		}
		own := map[string]bool{}
		for _, n := range got.Nodes {
			own[n.Name] = own[n.Name] || !n.Other
		}
		nodes, ends, links := map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
		for _, path := range people {
			before := ""
			for i, e := range path {
				position, name := i, d.label(e)
				if d.starts == nil {
					position = -i
				}
				if !own[name] {
					name = "other"
				}
				at := fmt.Sprintf("%d %s %v", position, name, name == "other")
				nodes[at]++
				if i == len(path)-1 {
					ends[at]++
				}
				switch {
				case i > 0 && d.starts == nil:
					links[at+" to "+before]++
				case i > 0:
					links[before+" to "+at]++
				}
				before = at
			}
		}
		d.compare(rt, got, nodes, ends, links)
		d.behind(w, people)
		d.placed(w, got)
	})
}

func (d *pathsDraw) compare(rt *rapid.T, got *flow.Paths, nodes, ends, links map[string]uint64) {
	at := func(i int) string {
		return fmt.Sprintf("%d %s %v", got.Nodes[i].Position, got.Nodes[i].Name, got.Nodes[i].Other)
	}
	if len(got.Nodes) != len(nodes) || len(got.Links) != len(links) {
		rt.Fatalf("%d nodes and %d links, want %d and %d", len(got.Nodes), len(got.Links), len(nodes), len(links))
	}
	for i, n := range got.Nodes {
		if n.People != nodes[at(i)] || n.Ends != ends[at(i)] {
			rt.Fatalf("node %+v, want %d and %d", n, nodes[at(i)], ends[at(i)])
		}
	}
	for _, l := range got.Links {
		if name := at(l.Source) + " to " + at(l.Target); l.People != links[name] {
			rt.Fatalf("link %s has %d, want %d", name, l.People, links[name])
		}
	}
}

// behind compares the people whose paths begin like that of one of them.
func (d *pathsDraw) behind(w *world, people map[uuid.UUID][]told) {
	for _, path := range people {
		var names []string
		for _, e := range path[:1+len(path)/2] {
			names = append(names, d.label(e))
		}
		names = names[:min(len(names), len(path))]
		page, err := w.PathsPeople(w.Context(), w.workspace, flow.PathsPeopleRequest{PathsRequest: d.PathsRequest, Path: names})
		if err != nil {
			w.Fatal(err)
		}
		n := 0
		for _, other := range people {
			if len(other) >= len(names) && slices.EqualFunc(other[:len(names)], names, func(e told, name string) bool { return d.label(e) == name }) {
				n++
			}
		}
		if len(page.People) != n {
			w.Fatalf("%q: %d people, want %d", names, len(page.People), n)
		}
		for _, p := range page.People {
			for i, e := range people[p.Profile] {
				if p.Events[i].MessageID != e.MessageID {
					w.Fatalf("%s: event %d is %+v, want %s", p.Profile, i, p.Events[i], e.MessageID)
				}
			}
		}
		return
	}
}

// placed asks for the people behind a node, those whose path ends in it, or those behind a link: as many as it tells.
func (d *pathsDraw) placed(w *world, got *flow.Paths) {
	if len(got.Nodes) == 0 {
		return
	}
	var own []string
	for _, n := range got.Nodes {
		if !n.Other {
			own = append(own, n.Name)
		}
	}
	place := func(i int) flow.PathPlace {
		if got.Nodes[i].Other {
			return flow.PathPlace{Position: got.Nodes[i].Position, NoneOf: slices.Compact(slices.Sorted(slices.Values(own)))}
		}
		return flow.PathPlace{Position: got.Nodes[i].Position, Name: got.Nodes[i].Name}
	}
	count := func(want uint64, at ...flow.PathPlace) {
		page, err := w.PathsPeople(w.Context(), w.workspace, flow.PathsPeopleRequest{PathsRequest: d.PathsRequest, At: at})
		if err != nil {
			w.Fatal(err)
		}
		if uint64(len(page.People)) != want {
			w.Fatalf("%+v: %d people, want %d", at, len(page.People), want)
		}
	}
	i := rapid.IntRange(0, len(got.Nodes)-1).Draw(w.T, "node")
	node, kind := place(i), rapid.IntRange(0, 2).Draw(w.T, "behind")
	switch {
	case kind == 0:
		count(got.Nodes[i].People, node)
	case kind == 1 || len(got.Links) == 0:
		node.Ends = true
		count(got.Nodes[i].Ends, node)
	default:
		l := got.Links[rapid.IntRange(0, len(got.Links)-1).Draw(w.T, "link")]
		count(l.People, place(l.Source), place(l.Target))
	}
}

func TestPathsTellEveryFault(t *testing.T) {
	r := newRig(t)
	_, err := r.Paths(t.Context(), "acme", flow.PathsRequest{By: "colour", Depth: 21, Top: 51, Window: "x"})
	var faults event.Errors
	if !errors.As(err, &faults) || len(faults) != 6 {
		t.Error(err)
	}
}

func TestPlacesTellEveryFault(t *testing.T) {
	r := newRig(t)
	q := flow.PathsPeopleRequest{At: []flow.PathPlace{{Position: -1, Name: "a"}, {Position: 6, Name: "a", NoneOf: []string{"b"}}, {}}, Path: []string{"a"}}
	q.From, q.Starts = "2026-03-01", &computed.Selection{Events: []string{"a"}}
	_, err := r.PathsPeople(t.Context(), "acme", q)
	var faults event.Errors
	if !errors.As(err, &faults) || len(faults) != 5 {
		t.Error(err)
	}
}
