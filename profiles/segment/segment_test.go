package segment_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/segment"
)

func parse(t *testing.T, text string) []segment.Definition {
	t.Helper()
	var all []segment.Definition
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func person() *segment.Facts {
	computed := map[string]json.RawMessage{"orders": json.RawMessage("3"), "topic": json.RawMessage(`"refund"`), "sql:score": json.RawMessage("0.9")}
	return &segment.Facts{
		Profile: &profiles.Profile{
			Traits:       []profiles.Trait{{Name: "plan", Value: json.RawMessage(`"pro"`)}, {Name: "tags", Value: json.RawMessage(`["a","b"]`)}, {Name: "vip", Value: json.RawMessage("true")}},
			Attributes:   []profiles.Trait{{Name: "city", Value: json.RawMessage(`"Berlin"`)}},
			Counters:     []profiles.Counter{{Name: "order.placed", Channel: "web", Events: 2}, {Name: "order.placed", Channel: "app", Events: 3}},
			Items:        []profiles.Item{{Kind: profiles.ItemCase, Open: true}, {Kind: profiles.ItemOrder}},
			Identifiers:  []profiles.HeldIdentifier{{Identifier: identity.Identifier{Type: "email", Value: "a@example.com"}}},
			Satisfaction: []profiles.Satisfaction{{Survey: "csat", Kind: "transactional", Scale: "1-5", Answers: 2, Mean: 4}, {Survey: "csat", Kind: "relationship", Scale: "1-5", Answers: 2, Mean: 2}},
		},
		Computed: func(name string) json.RawMessage { return computed[name] },
		Allowed:  func(channel, purpose string) bool { return channel == "email" && purpose == "marketing" },
	}
}

func TestConditions(t *testing.T) {
	for condition, want := range map[string]bool{
		`{trait: plan}`:                                       true,
		`{trait: none}`:                                       false,
		`{trait: none, exists: false}`:                        true,
		`{trait: none, is_not: x}`:                            false,
		`{not: {trait: none, is: x}}`:                         true,
		`{trait: plan, is: pro}`:                              true,
		`{trait: plan, is: 1}`:                                false,
		`{trait: plan, in: [free, pro]}`:                      true,
		`{trait: plan, contains: ro}`:                         true,
		`{trait: tags, contains: b}`:                          true,
		`{trait: tags, contains: c}`:                          false,
		`{trait: vip, is: true}`:                              true,
		`{attribute: city, is: Berlin}`:                       true,
		`{computed: orders, at_least: 3}`:                     true,
		`{computed: orders, above: 3}`:                        false,
		`{computed: orders, at_least: 1, below: 3}`:           false,
		`{computed: topic, above: a}`:                         true,
		`{computed: orders, above: a}`:                        false,
		`{computed: "sql:score", at_most: 0.9}`:               true,
		`{counter: {name: order.placed}, is: 5}`:              true,
		`{counter: {name: order.placed, channel: app}}`:       true,
		`{counter: {name: x}}`:                                false,
		`{counter: {name: x}, is: 0}`:                         true,
		`{open: case}`:                                        true,
		`{open: order}`:                                       false,
		`{identifier: email}`:                                 true,
		`{identifier: phone, exists: false}`:                  true,
		`{consent: {channel: email, purpose: marketing}}`:     true,
		`{consent: {channel: sms, purpose: marketing}}`:       false,
		`{satisfaction: {survey: csat, scale: "1-5"}, is: 3}`: true,
		`{satisfaction: {survey: csat, scale: "1-5", kind: relationship}, below: 3}`:                true,
		`{satisfaction: {survey: csat, scale: "1-5", measure: answers}, is: 4}`:                     true,
		`{satisfaction: {survey: nps, scale: "0-10"}}`:                                              false,
		`{all: [{trait: plan}, {any: [{open: order}, {segment: base}]}, {not: {segment: nobody}}]}`: true,
	} {
		text := "- {name: probe, when: " + condition + "}\n- {name: base, when: {trait: plan}}\n- {name: nobody, when: {not: {segment: base}}}\n"
		p, err := segment.Compile(parse(t, text), segment.Known{Computed: []string{"orders", "topic"}})
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		facts := person()
		if got := p.Evaluate(facts, nil); got[0] != want || !got[1] || got[2] {
			t.Errorf("%s: %v", condition, got)
		}
		if facts.Outside = true; slices.Contains(p.Evaluate(facts, nil), true) {
			t.Errorf("%s: who is outside is in a segment", condition)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, path := range map[string]string{
		`[{name: "A B", when: {trait: x}}]`:                                            "segments[0].name",
		`[{name: a, when: {trait: x}}, {name: a, when: {trait: x}}]`:                   "segments[1].name",
		`[{name: a, when: {}}]`:                                                        "segments[0].when",
		`[{name: a, when: {trait: x, open: case}}]`:                                    "segments[0].when",
		`[{name: a, when: {all: []}}]`:                                                 "segments[0].when.all",
		`[{name: a, when: {all: [{trait: x}, {open: boat}]}}]`:                         "segments[0].when.all[1].open",
		`[{name: a, when: {computed: none}}]`:                                          "segments[0].when.computed",
		`[{name: a, when: {attribute: shoe}}]`:                                         "segments[0].when.attribute",
		`[{name: a, when: {segment: none}}]`:                                           "segments[0].when.segment",
		`[{name: a, when: {segment: b}}, {name: b, when: {not: {segment: a}}}]`:        "segments[0].when",
		`[{name: a, when: {trait: x, above: true}}]`:                                   "segments[0].when.above",
		`[{name: a, when: {trait: x, in: []}}]`:                                        "segments[0].when.in",
		`[{name: a, when: {not: {trait: x}, is: 3}}]`:                                  "segments[0].when",
		`[{name: a, when: {counter: {channel: web}}}]`:                                 "segments[0].when.counter.name",
		`[{name: a, when: {satisfaction: {survey: csat}}}]`:                            "segments[0].when.satisfaction.scale",
		`[{name: a, when: {satisfaction: {survey: csat, scale: x, measure: median}}}]`: "segments[0].when.satisfaction.measure",
		`[{name: a, when: {consent: {channel: email}}}]`:                               "segments[0].when.consent.purpose",
	} {
		_, err := segment.Compile(parse(t, text), segment.Known{})
		var faults event.Errors
		if !errors.As(err, &faults) || faults[0].Field != path {
			t.Errorf("%s: %v, wanted a fault of %s", text, err, path)
		}
	}
}

func TestConcerned(t *testing.T) {
	p, err := segment.Compile(parse(t, `
- {name: a, when: {any: [{trait: x}, {counter: {name: order.placed}}, {open: case}, {counter: {name: page}}]}}
`), segment.Known{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		event event.Event
		want  bool
	}{
		{event.Event{Type: event.TypeTrack, Name: "order.placed"}, true},
		{event.Event{Type: event.TypeTrack, Name: "case.opened"}, true},
		{event.Event{Type: event.TypeTrack, Name: "button.pressed"}, false},
		{event.Event{Type: event.TypePage, Name: "order.placed"}, true},
		{event.Event{Type: event.TypeIdentify, Traits: json.RawMessage("{}")}, true},
		{event.Event{Type: event.TypeIdentify}, false},
		{event.Event{Type: event.TypeTrack, Name: "survey.answered"}, false},
	} {
		if got := p.Concerned(&c.event); got != c.want {
			t.Errorf("%+v: %t", c.event, got)
		}
	}
}
