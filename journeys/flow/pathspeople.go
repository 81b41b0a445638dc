package flow

import (
	"context"
	"fmt"
	"strings"

	"tributary/ingest/event"
	"tributary/sql/store"
)

// PathsPeopleRequest asks for the people whose paths begin, where paths meet, with some nodes, or have nodes of the answer: one of Path and At.
type PathsPeopleRequest struct {
	PathsRequest
	Page
	// Path is names of nodes, as they are without "other", from where paths meet on.
	Path []string `json:"path,omitempty" policy:"meta"`
	// At are nodes of Paths that a path has: one for a node, the two of a link. All must hold.
	At []PathPlace `json:"at,omitempty" policy:"-"`
}

// PathPlace is a node of Paths.
type PathPlace struct {
	Position int    `json:"position" policy:"meta"` // as the node has it
	Name     string `json:"name,omitempty" policy:"meta"`
	// NoneOf, in place of Name, are names that the node does not have: for the one that is other, all nodes that have a name of their own.
	NoneOf []string `json:"none_of,omitempty" policy:"meta"`
	Ends   bool     `json:"ends,omitempty" policy:"meta"` // the path ends there
}

// maxPlaces bounds At.
const maxPlaces = MaxDepth + 1

func (r *PathsPeopleRequest) check(p *paths, faults *event.Errors) {
	switch {
	case len(r.Path) > 0 && len(r.At) > 0:
		faults.Add("at", "cannot go with path")
	case len(r.At) > maxPlaces:
		faults.Add("at", "are more than 21")
	case len(r.At) == 0 && (len(r.Path) < 1 || len(r.Path) > p.depth+1):
		faults.Add("path", "must be 1 to depth+1 names of nodes, or give at")
	}
	for i := range r.At {
		at, path := &r.At[i], fmt.Sprintf("at[%d]", i)
		if k := p.step(at.Position); k < 0 || k > p.depth {
			faults.Add(path+".position", "must be that of a node: 0 where paths meet, up to depth after it, or down to -depth before it")
		}
		if (at.Name == "") == (len(at.NoneOf) == 0) {
			faults.Add(path, "must have a name, or none_of")
		}
		if len(at.NoneOf) > MaxTop {
			faults.Add(path+".none_of", "must be at most 50 names")
		}
	}
}

// step is how many nodes a position is from where paths meet.
func (p *paths) step(position int) int {
	if p.starts {
		return position
	}
	return -position
}

// at returns the condition that a path has the places, and binds what it says.
func (p *paths) at(places []PathPlace, params store.Params) string {
	holds := make([]string, 0, len(places))
	for i := range places {
		place, of := p.step(places[i].Position)+1, &places[i]
		name := fmt.Sprintf("place%d", i)
		if of.Name != "" {
			holds = append(holds, fmt.Sprintf("path[%d] = {%s:String}", place, name))
			params[name] = of.Name
		} else {
			holds = append(holds, fmt.Sprintf("length(path) >= %d AND NOT has({%s:Array(String)}, path[%d])", place, name, place))
			params[name] = of.NoneOf
		}
		if of.Ends {
			holds = append(holds, fmt.Sprintf("length(path) = %d", place))
		}
	}
	return strings.Join(holds, " AND ")
}

// PathsPeople answers with people and the events of their paths, from where paths meet on.
func (f *Flow) PathsPeople(ctx context.Context, workspace string, r PathsPeopleRequest) (*People, error) {
	var faults event.Errors
	checked := r.PathsRequest.check(workspace, f.now(), &faults)
	r.Page.check(&faults)
	r.check(checked, &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return f.people(ctx, "paths", &checked.scope, checked.definition(), r.Page, func() (string, store.Params) {
		return checked.behind(&r)
	})
}

// behind returns a statement with the people of a page whose path begins with some nodes, or has some places.
func (p *paths) behind(r *PathsPeopleRequest) (string, store.Params) {
	people, params := p.people()
	condition := p.at(r.At, params)
	if condition == "" {
		condition = "arraySlice(path, 1, length({path:Array(String)})) = {path:Array(String)}"
		params["path"] = r.Path
	}
	return `SELECT profile, arrayMap(n -> fromUnixTimestamp64Milli(t[n], 'UTC'), places) AS times,
    arrayMap(n -> sources[n], places) AS sources, arrayMap(n -> ids[n], places) AS message_ids
FROM (` + people + `)
WHERE ` + condition + ` AND profile > {after:UUID}
ORDER BY profile
LIMIT {limit:UInt32}`, params
}
