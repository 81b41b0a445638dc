package node

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// naiveReport counts one report: members of the answer by name.
type naiveReport struct {
	name, body string
	count      func(events []said, from, until time.Time) map[string]any
}

// naiveReports are those of how people move and how they contact us, small enough to be counted by loops.
var naiveReports = []naiveReport{
	{"funnel", `{SPAN,"steps":[{"types":["page"]},{"events":["conversation.started"]},{"events":["conversation.ended"]}],"window":"14d"}`, naiveFunnel},
	{"retention", `{SPAN,"born":{"types":["page","screen"]},"returns":{"types":["page","screen"]},"by":"week","periods":4}`, naiveRetention},
	{"paths", `{SPAN,"starts":{"types":["page"]},"depth":3,"window":"7d"}`, naivePaths},
	{"time-between", `{SPAN,"starts":{"events":["invoice.issued"]},"ends":{"events":["invoice.paid"]},"pairs":"every"}`, naiveBetween},
	{"repeat-contacts", `{SPAN}`, naiveRepeats},
}

func paged(e *said) bool  { return e.kind == "page" }
func viewed(e *said) bool { return e.kind == "page" || e.kind == "screen" }
func named(name string) func(*said) bool {
	return func(e *said) bool { return e.name == name }
}

// byPerson are everybody's events in order, of the span and what may still belong to it. Those of one moment are of one client each time
// in what the company sends, or none of the reports looks at both.
func byPerson(events []said, from time.Time) map[string][]said {
	all := map[string][]said{}
	for _, e := range events {
		if !e.at.Before(from) {
			all[e.person] = append(all[e.person], e)
		}
	}
	return all
}

// naiveFunnel counts people by their furthest attempt.
func naiveFunnel(events []said, from, until time.Time) map[string]any {
	steps := []func(*said) bool{paged, named("conversation.started"), named("conversation.ended")}
	people := make([]float64, len(steps))
	for _, own := range byPerson(events, from) {
		furthest := 0
		for i := range own {
			if !steps[0](&own[i]) || !own[i].at.Before(until) {
				continue
			}
			came := 1
			for j := i + 1; j < len(own) && came < len(steps) && own[j].at.Sub(own[i].at) <= 14*24*time.Hour; j++ {
				if steps[came](&own[j]) {
					came++
				}
			}
			furthest = max(furthest, came)
		}
		for k := range furthest {
			people[k]++
		}
	}
	var list []any
	for _, n := range people {
		list = append(list, map[string]any{"people": n})
	}
	return map[string]any{"steps": list}
}

// monday is the first day of a time's week.
func monday(at time.Time) time.Time {
	day := at.Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// naiveRetention counts who came back in the weeks after that of the first view.
func naiveRetention(events []said, from, until time.Time) map[string]any {
	const periods = 4
	people, back := map[string]float64{}, map[string]*[periods + 1]float64{}
	for _, own := range byPerson(events, from) {
		born := slices.IndexFunc(own, func(e said) bool { return viewed(&e) && e.at.Before(until) })
		if born < 0 {
			continue
		}
		week := monday(own[born].at)
		cohort := week.Format(time.DateOnly)
		if people[cohort]++; back[cohort] == nil {
			back[cohort] = &[periods + 1]float64{}
		}
		came := map[int]bool{}
		for i := range own {
			if e := &own[i]; viewed(e) && e.at.After(own[born].at) {
				came[int(monday(e.at).Sub(week)/naiveWeek)] = true
			}
		}
		for k := range periods + 1 {
			back[cohort][k] += one(came[k])
		}
	}
	var list []any
	for _, cohort := range slices.Sorted(maps.Keys(people)) {
		var cells []any
		for k, n := range back[cohort] {
			cells = append(cells, map[string]any{"period": k, "people": n})
		}
		list = append(list, map[string]any{"begins": cohort, "people": people[cohort], "cells": cells})
	}
	return map[string]any{"cohorts": list}
}

// pathPlace is a node of a drawing of paths.
type pathPlace struct {
	position int
	name     string
}

// naivePaths follows everybody from their first page, what repeats itself once, and names the twelve nodes that most come by.
func naivePaths(events []said, from, until time.Time) map[string]any {
	const depth, top = 3, 12
	people, ends, all := map[pathPlace]float64{}, map[pathPlace]float64{}, map[string]float64{}
	var paths [][]string
	for _, own := range byPerson(events, from) {
		start := slices.IndexFunc(own, func(e said) bool { return paged(&e) && e.at.Before(until) })
		if start < 0 {
			continue
		}
		var path []string
		for _, e := range own[start:] {
			told := e.kind == "track" || viewed(&e)
			name := cmp.Or(e.name, e.kind)
			if told && e.at.Sub(own[start].at) <= 7*24*time.Hour && (len(path) == 0 || path[len(path)-1] != name) {
				path = append(path, name)
			}
		}
		path = path[:min(len(path), depth+1)]
		for _, name := range path {
			all[name]++
		}
		paths = append(paths, path)
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Or(cmp.Compare(all[b], all[a]), strings.Compare(a, b)) })
	own := names[:min(top, len(names))]
	for _, path := range paths {
		for i, name := range path {
			if !slices.Contains(own, name) {
				name = "other"
			}
			people[pathPlace{i, name}]++
			ends[pathPlace{i, name}] += one(i == len(path)-1)
		}
	}
	order := slices.SortedFunc(maps.Keys(people), func(a, b pathPlace) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(people[b], people[a]), strings.Compare(a.name, b.name))
	})
	var list []any
	for _, p := range order {
		list = append(list, map[string]any{"position": p.position, "name": p.name, "people": people[p], "ends": ends[p]})
	}
	return map[string]any{"nodes": list}
}

// naiveBetween measures from every bill to the payment after it, within the 30 days that are the default.
func naiveBetween(events []said, from, until time.Time) map[string]any {
	starts, took := 0.0, []time.Duration{}
	for _, own := range byPerson(events, from) {
		for i := range own {
			if own[i].name != "invoice.issued" || !own[i].at.Before(until) {
				continue
			}
			starts++
			paid := slices.IndexFunc(own[i+1:], func(e said) bool { return e.name == "invoice.paid" })
			if paid < 0 {
				continue
			}
			if d := own[i+1+paid].at.Sub(own[i].at); d <= 30*24*time.Hour {
				took = append(took, d)
			}
		}
	}
	slices.Sort(took)
	var quantiles []any
	for _, percent := range []int{5, 25, 50, 75, 90, 95, 99} {
		d := took[percent*len(took)/100]
		quantiles = append(quantiles, map[string]any{"level": float64(percent) / 100, "seconds": d.Seconds()})
	}
	return map[string]any{"starts": starts, "ended": len(took), "quantiles": quantiles}
}

// naiveContact is a conversation as journeys/contact has it: of one person, with what the customer took part in.
type naiveContact struct {
	id, topic           string
	began               time.Time
	outbound, customers bool
}

// naiveRepeats counts contacts after which somebody came again within seven days.
func naiveRepeats(events []said, from, until time.Time) map[string]any {
	byPerson := map[string][]*naiveContact{}
	for _, e := range events {
		id := e.word("conversation_id")
		if id == "" || !e.spoken() && !strings.HasPrefix(e.name, "callback.") {
			continue
		}
		at := slices.IndexFunc(byPerson[e.person], func(c *naiveContact) bool { return c.id == id })
		if at < 0 {
			at = len(byPerson[e.person])
			byPerson[e.person] = append(byPerson[e.person], &naiveContact{id: id, began: e.at})
		}
		c := byPerson[e.person][at]
		c.topic = cmp.Or(e.word("topic"), c.topic)
		c.outbound = c.outbound || e.word("direction") == "outbound"
		c.customers = c.customers || e.word("direction") == "inbound" || e.word("author_role") == "customer"
	}
	var contacts, repeated, withTopic, sameTopic, people, returned float64
	for _, own := range byPerson {
		own = slices.DeleteFunc(own, func(c *naiveContact) bool { return c.outbound && !c.customers })
		mine, back := 0.0, 0.0
		for i, c := range own {
			if !inSpan(c.began, from, until) {
				continue
			}
			again, same := false, false
			for _, later := range own[i+1:] {
				soon := later.began.Sub(c.began) < naiveWeek
				again, same = again || soon, same || soon && c.topic != "" && later.topic == c.topic
			}
			mine, back = mine+1, back+one(again)
			withTopic, sameTopic = withTopic+one(c.topic != ""), sameTopic+one(same)
		}
		contacts, repeated = contacts+mine, repeated+back
		people, returned = people+one(mine > 0), returned+one(back > 0)
	}
	return map[string]any{"people": people, "returned": returned, "total": map[string]any{
		"contacts": contacts, "repeated": repeated, "with_topic": withTopic, "repeated_same_topic": sameTopic,
	}}
}
