package flow

import (
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
)

// Order is how the steps of a funnel have to follow each other.
type Order string

// The orders.
const (
	// Ordered: each step after the one before; what lies between does not matter.
	Ordered Order = "ordered"
	// Strict: between two steps there is no event of any step.
	Strict Order = "strict"
	// Any: all steps, in whatever order. The k-th row then tells who did k of them.
	Any Order = "any"
)

// Bounds of a funnel.
const (
	MinSteps      = 2
	MaxSteps      = 20
	MaxExclusions = 20
	MaxGroups     = 25 // of a breakdown; the rest are one
	// LeastGroup is how many people a group by a free property has at least: a value of a few may tell who they are.
	LeastGroup   = 5
	maxStepBytes = 128
)

// FunnelRequest asks how many people go through steps.
type FunnelRequest struct {
	report.Request
	Steps []Step `json:"steps" policy:"-"`
	Order Order  `json:"order,omitempty" policy:"meta"` // default Ordered
	// Window is how long it may take from the first step to the last, such as 12h or 7d; default 30d.
	Window     string      `json:"window,omitempty" policy:"meta"`
	Exclusions []Exclusion `json:"exclusions,omitempty" policy:"-"`
	// Breakdown tells groups of people apart by what the event has with which they began: event.channel,
	// event.source, event.name, a field of cx that identifies nobody, or properties.<path>.
	Breakdown string `json:"breakdown,omitempty" policy:"meta"`
}

// Step is a selection of events, and what it is called.
type Step struct {
	Name string `json:"name,omitempty" policy:"meta"` // default: its events
	computed.Selection
}

// Exclusion ends an attempt when one of its events comes after the step After and before the step Before.
type Exclusion struct {
	After  int `json:"after,omitempty" policy:"meta"`  // number of a step, from 1 on; default 1
	Before int `json:"before,omitempty" policy:"meta"` // default the last
	computed.Selection
}

// funnel is a FunnelRequest that was checked.
type funnel struct {
	scope      report.Scope
	steps      []string
	order      Order
	window     time.Duration
	exclusions []Exclusion
	breakdown  string
	picker     *computed.Picker // bits: the steps, then the exclusions
}

// check makes a funnel of the request, or event.Errors of all that is wrong.
func (r *FunnelRequest) check(workspace string, now time.Time, faults *event.Errors) *funnel {
	f := &funnel{scope: r.Scope(workspace, now, faults), order: r.Order, picker: new(computed.Picker), breakdown: r.Breakdown}
	f.window = parseWindow(r.Window, "window", faults)
	if f.order == "" {
		f.order = Ordered
	}
	if f.order != Ordered && f.order != Strict && f.order != Any {
		faults.Add("order", "must be ordered, strict or any")
	}
	if len(r.Steps) < MinSteps || len(r.Steps) > MaxSteps {
		faults.Add("steps", "must be 2 to 20 steps")
		return f
	}
	for i := range r.Steps {
		path := "steps[" + strconv.Itoa(i) + "]"
		f.picker.Add(r.Steps[i].Selection, path, faults)
		f.steps = append(f.steps, r.Steps[i].title())
		if len(r.Steps[i].Name) > maxStepBytes {
			faults.Add(path+".name", "must be at most 128 bytes")
		}
	}
	r.checkExclusions(f, faults)
	if r.Breakdown != "" {
		checkBreakdown(r.Breakdown, faults)
		f.picker.AddField(r.Breakdown, "breakdown", faults)
	}
	return f
}

func (r *FunnelRequest) checkExclusions(f *funnel, faults *event.Errors) {
	if len(r.Exclusions) > MaxExclusions {
		faults.Add("exclusions", "are more than 20")
		return
	}
	if len(r.Exclusions) > 0 && f.order == Any {
		faults.Add("exclusions", "cannot go with order any, where no step is between others")
	}
	for i, x := range r.Exclusions {
		path := "exclusions[" + strconv.Itoa(i) + "]"
		if x.After == 0 {
			x.After = 1
		}
		if x.Before == 0 {
			x.Before = len(r.Steps)
		}
		if x.After < 1 || x.After >= x.Before || x.Before > len(r.Steps) {
			faults.Add(path, "must lie between two steps: after and before are numbers of steps, from 1 on, the first less than the second")
		}
		f.picker.Add(x.Selection, path, faults)
		f.exclusions = append(f.exclusions, x)
	}
}

// title is what a step is called.
func (s *Step) title() string {
	if s.Name != "" {
		return s.Name
	}
	for _, list := range [][]string{s.Events, s.Types, s.Sources, s.Channels} {
		if len(list) > 0 {
			return strings.Join(list, " or ")
		}
	}
	return ""
}

// tellable are the fields by which people may be told apart in a number about many.
var tellable = map[string]bool{
	"event.channel": true, "event.source": true, "event.name": true, "event.type": true,
	"cx.direction": true, "cx.author_role": true, "cx.team": true, "cx.queue": true, "cx.skill": true, "cx.topic": true,
	"cx.disposition": true, "cx.priority": true, "cx.language": true, "cx.transfer_kind": true, "cx.resolution": true,
	"cx.survey": true, "cx.survey_kind": true, "cx.scale": true, "cx.currency": true, "cx.product": true,
	"cx.entitlement": true, "cx.model": true,
}

func checkBreakdown(name string, faults *event.Errors) {
	if !tellable[name] && !free(name) {
		faults.Add("breakdown", "must be event.channel, event.source, event.name, event.type, a field of cx that names nobody, such as cx.topic, or properties.<path>")
	}
}

// free says whether anything may stand in a field.
func free(name string) bool { return strings.HasPrefix(name, "properties.") }

// definition says in words what is counted.
func (f *funnel) definition() string {
	how := map[Order]string{
		Ordered: "each step after the one before",
		Strict:  "each step after the one before with no event of any step in between",
		Any:     "the steps in any order; row k: who did k of them",
	}[f.order]
	return "funnel 1: people by the furthest of their attempts, of equals the earliest; an attempt begins with an event of the first step within the scope, goes on with the first event of the next step (" +
		how + ") and ends " + f.window.String() + " after it began, or with an excluded event"
}
