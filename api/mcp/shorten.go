package mcp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tributary/api/problem"
)

// maxReport is how long the answer of a tool with a report may be, in bytes of JSON. Clients show a model some 25,000
// tokens of an answer, and a token of numbers is two to three bytes.
const maxReport = 64 << 10

// report says of a tool, whose answer is numbers of many, how the answer is made to fit into maxReport.
type report struct {
	// whole are lists that are never shortened: others refer to their elements, or they would read as if there were no more.
	whole []string
	// ranked are lists whose order is not by weight, each with the member that tells which elements weigh most.
	ranked map[string]string
	// narrow says what to ask for where shortening does not suffice.
	narrow string
}

// shortened says of which list an answer tells a part.
type shortened struct {
	List string `json:"list"` // its path, such as series[].forecast.points; lists of one path are one
	Told int    `json:"told"`
	Of   int    `json:"of"`
	Kept string `json:"kept"` // first, or most and a member
}

// shortenedName is the member that an answer has if it was shortened.
const shortenedName = "shortened"

var shortenedSchema = schema{
	"type":        "array",
	"description": fmt.Sprintf("lists of which a part is told, as the answer would be longer than %d KiB; absent: all are whole", maxReport>>10),
	"items": schema{"type": "object", "properties": schema{
		"list": schema{"type": "string", "description": "its path, such as series[].forecast.points; all lists of one path together"},
		"told": schema{"type": "integer", "description": "elements that are told"},
		"of":   schema{"type": "integer", "description": "elements that there are"},
		"kept": schema{"type": "string", "description": "which are told: first, or those with the most of a member"},
	}},
}

// fit returns an answer that is at most so many bytes long: as it is, or with its longest lists halved until it fits, and with
// the member shortened. If that does not suffice, it returns what to ask for instead.
func (r *report) fit(body []byte, most int) ([]byte, *problem.Document) {
	if len(body) <= most {
		return body, nil
	}
	answer, err := decodeObject(body)
	if err != nil {
		return nil, problem.New(problem.Internal, "") // routes answer objects
	}
	there := map[string]extent{}
	r.measure(answer, "", there)
	for limits := map[string]int{}; ; {
		told := map[string]extent{}
		r.measure(answer, "", told)
		path := longest(told)
		if path == "" {
			return nil, problem.Field("arguments", fmt.Sprintf("make an answer of more than %d KiB: %s", most>>10, r.narrow))
		}
		limits[path] = told[path].longest / 2
		r.cut(answer, "", limits)
		answer[shortenedName] = r.said(answer, there)
		if body, err = json.Marshal(answer); err != nil {
			return nil, problem.New(problem.Internal, "")
		}
		if len(body) <= most {
			return body, nil
		}
	}
}

// extent is how many elements the longest list of a path has, and how many all of them have.
type extent struct{ longest, all int }

// measure finds the lists of objects below a value that may be shortened. What was asked for is repeated whole.
func (r *report) measure(v any, path string, found map[string]extent) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			if at := joined(path, name); at != "scope" && at != shortenedName {
				r.measure(one, at, found)
			}
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if _, ok := v[0].(map[string]any); ok && !slices.Contains(r.whole, path) {
			e := found[path]
			found[path] = extent{max(e.longest, len(v)), e.all + len(v)}
		}
		for _, one := range v {
			r.measure(one, path+"[]", found)
		}
	}
}

// cut shortens the lists below a value to the limits of their paths.
func (r *report) cut(v any, path string, limits map[string]int) any {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			v[name] = r.cut(one, joined(path, name), limits)
		}
	case []any:
		if limit, ok := limits[path]; ok && len(v) > limit {
			v = heaviest(v, r.ranked[path], limit)
		}
		for i := range v {
			v[i] = r.cut(v[i], path+"[]", limits)
		}
		return v
	}
	return v
}

// heaviest are so many elements of a list in its order: those with the most of a member, or without one the first.
func heaviest(list []any, member string, limit int) []any {
	if member == "" {
		return list[:limit]
	}
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(number(list[b], member), number(list[a], member)) })
	places = slices.Sorted(slices.Values(places[:limit]))
	kept := make([]any, limit)
	for i, place := range places {
		kept[i] = list[place]
	}
	return kept
}

// said lists what an answer tells a part of, by path.
func (r *report) said(answer map[string]any, there map[string]extent) (all []shortened) {
	told := map[string]extent{}
	r.measure(answer, "", told)
	for _, path := range slices.Sorted(maps.Keys(there)) {
		if told[path].all == there[path].all {
			continue
		}
		kept := "first"
		if member := r.ranked[path]; member != "" {
			kept = "most " + member
		}
		all = append(all, shortened{List: path, Told: told[path].all, Of: there[path].all, Kept: kept})
	}
	return all
}

// longest is the path of the longest list that can be halved, of equals the first in order; empty: there is none.
func longest(lists map[string]extent) (found string) {
	for _, path := range slices.Sorted(maps.Keys(lists)) {
		if n := lists[path].longest; n > 1 && n > lists[found].longest {
			found = path
		}
	}
	return found
}

func decodeObject(body []byte) (v map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // digits stay as they are
	err = decoder.Decode(&v)
	return v, err
}

// number is a member of an object; 0: it has none.
func number(v any, member string) float64 {
	object, _ := v.(map[string]any)
	n, _ := object[member].(json.Number)
	f, err := n.Float64()
	if err != nil {
		return 0
	}
	return f
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
