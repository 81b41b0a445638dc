package flow

import (
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// NodeBy is what events are put together by in paths.
type NodeBy string

// The nodes. An event without a name is called by its type, one without a channel "none".
const (
	ByName           NodeBy = "name"
	ByChannel        NodeBy = "channel"
	ByNameAndChannel NodeBy = "name_channel"
)

var labels = map[NodeBy]string{
	ByName:           "if(name = '', toString(type), toString(name))",
	ByChannel:        "if(channel = '', 'none', toString(channel))",
	ByNameAndChannel: "concat(if(name = '', toString(type), toString(name)), ' (', if(channel = '', 'none', toString(channel)), ')')",
}

// Bounds of paths.
const (
	DefaultDepth = 5
	MaxDepth     = 20
	DefaultTop   = 12
	MaxTop       = 50
	maxLinks     = 100_000 // that the engine answers with
)

// PathsRequest asks along which paths people move: from an event on, to an event, or between two.
type PathsRequest struct {
	report.Request
	// Starts and Ends: with Starts alone, what comes after; with Ends alone, what comes before; with both, in between.
	Starts *computed.Selection `json:"starts,omitempty" policy:"-"`
	Ends   *computed.Selection `json:"ends,omitempty" policy:"-"`
	// Nodes are the events that are told of; default: those of the types track, page and screen.
	Nodes *computed.Selection `json:"nodes,omitempty" policy:"-"`
	By    NodeBy              `json:"by,omitempty" policy:"meta"`    // default ByName
	Depth int                 `json:"depth,omitempty" policy:"meta"` // nodes beside the one at which paths meet; default DefaultDepth
	Top   int                 `json:"top,omitempty" policy:"meta"`   // nodes with a name of their own; default DefaultTop
	// Window is how long a path may take, such as 12h or 7d; default 30d.
	Window string `json:"window,omitempty" policy:"meta"`
}

// paths is a PathsRequest that was checked.
type paths struct {
	scope      report.Scope
	starts     bool
	ends       bool
	by         NodeBy
	depth, top int
	window     time.Duration
	picker     *computed.Picker // bits: nodes, starts, ends
}

func (r *PathsRequest) check(workspace string, now time.Time, faults *event.Errors) *paths {
	p := &paths{
		scope: r.Scope(workspace, now, faults), starts: r.Starts != nil, ends: r.Ends != nil, by: r.By,
		depth: r.Depth, top: r.Top, window: parseWindow(r.Window, "window", faults),
	}
	if p.by == "" {
		p.by = ByName
	}
	if labels[p.by] == "" {
		faults.Add("by", "must be name, channel or name_channel")
	}
	if p.depth == 0 {
		p.depth = DefaultDepth
	}
	if p.top == 0 {
		p.top = DefaultTop
	}
	if p.depth < 1 || p.depth > MaxDepth {
		faults.Add("depth", "must be 1 to 20")
	}
	if p.top < 1 || p.top > MaxTop {
		faults.Add("top", "must be 1 to 50")
	}
	if !p.starts && !p.ends {
		faults.Add("starts", "give starts, ends, or both")
	}
	r.choose(p, faults)
	return p
}

// choose fills the picker. Of an end that is not given the events are those of the other: its bit is not looked at.
func (r *PathsRequest) choose(p *paths, faults *event.Errors) {
	nodes, starts, ends := r.Nodes, r.Starts, r.Ends
	if nodes == nil {
		nodes = &computed.Selection{Types: []string{string(event.TypeTrack), string(event.TypePage), string(event.TypeScreen)}}
	}
	selections := []named{{"nodes", nodes}}
	if starts != nil {
		selections = append(selections, named{"starts", starts})
	}
	if ends != nil {
		selections = append(selections, named{"ends", ends})
	}
	p.picker = pick(faults, selections...)
}

// masks are the bits of starts and ends.
func (p *paths) masks() (starts, ends uint64) {
	if p.starts {
		return 2, 4
	}
	return 0, 2
}

func (p *paths) definition() string {
	what := "from the first event of starts of a person within the scope"
	switch {
	case p.starts && p.ends:
		what = "from the first event of starts of a person within the scope that an event of ends follows in time, to that event"
	case p.ends:
		what = "back from the first event of ends of a person within the scope"
	}
	return "paths 1: " + what + ", the events of nodes in the order of the timeline, repetitions told once, within " + p.window.String()
}

// people returns a statement with a row for each person with a path: profile, t, sources, ids, places (those of the nodes,
// from where paths meet on), path (their names) and events.
func (p *paths) people() (string, store.Params) {
	scope := p.scope
	if p.starts {
		scope = scope.Through(scope.Until.Add(p.window))
	}
	from, params := arranged(report.Events, p.picker, labels[p.by], scope.Params(), "name", "type", "channel")
	params["begun_before"], params["window"] = p.scope.Until.UnixMilli(), p.window.Milliseconds()
	params["nodes"] = uint32(p.depth + 1)
	starts, ends := p.masks()
	meets := "arrayFirstIndex((p, at) -> bitAnd(p, START) != 0 AND at < {begun_before:Int64}, picks, t) AS place, length(t) AS last"
	of := "n >= place AND n <= last AND (n = place OR bitAnd(p, 1) != 0) AND at - t[place] <= {window:Int64}"
	switch {
	case p.starts && p.ends:
		meets = `arrayFirstIndex((n, p, at) -> bitAnd(p, START) != 0 AND at < {begun_before:Int64} AND nextEnd[n + 1] != 0 AND t[nextEnd[n + 1]] - at <= {window:Int64},
            arrayEnumerate(t), picks, t) AS place, nextEnd[place + 1] AS last`
		of = "n >= place AND n <= last AND (n = place OR n = last OR bitAnd(p, 1) != 0)"
	case p.ends:
		meets = "arrayFirstIndex((p, at) -> bitAnd(p, END) != 0 AND at < {begun_before:Int64}, picks, t) AS place, length(t) AS last"
		of = "n <= place AND (n = place OR bitAnd(p, 1) != 0) AND t[place] - at <= {window:Int64}"
	}
	masks := strings.NewReplacer("START", strconv.FormatUint(starts, 10), "END", strconv.FormatUint(ends, 10))
	along := "arrayFilter((n, p, at) -> " + of + ", arrayEnumerate(t), picks, t)"
	if !p.starts {
		along = "arrayReverse(" + along + ")"
	}
	return strings.NewReplacer("ARRANGED", from, "MEETS", masks.Replace(meets), "ALONG", along, "NEXT", nextOf(ends, "nextEnd")).Replace(
		`SELECT profile, t, sources, ids, places, arrayMap(n -> words[n], places) AS path, toUInt64(length(t)) AS events
FROM (
    SELECT *, arraySlice(arrayFilter((n, before) -> before = 0 OR words[n] != words[before], along, arrayPopBack(arrayPushFront(along, 0))), 1, {nodes:UInt32}) AS places
    FROM (
        SELECT *, MEETS, ALONG AS along
        FROM (SELECT *, NEXT FROM (ARRANGED))
    )
    WHERE place != 0
)`), params
}

// links returns a statement with a row for each step that people make: from the node at a position (0: where paths
// meet) to the next; empty: the path ends.
func (p *paths) links() (string, store.Params) {
	people, params := p.people()
	params["most"] = uint32(maxLinks)
	return `SELECT toUInt32(step.1) AS position, step.2 AS node, step.3 AS next, count() AS people, sumIf(events, step.1 = 0) AS looked_at
FROM (
    SELECT events, arrayJoin(arrayMap((i, name) -> (i - 1, name, path[i + 1]), arrayEnumerate(path), path)) AS step
    FROM (` + people + `)
)
GROUP BY position, node, next
ORDER BY position, people DESC, node, next
LIMIT {most:UInt32}`, params
}
