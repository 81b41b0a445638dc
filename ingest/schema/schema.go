// Package schema is what is known of the fields that sources send, and what they are meant to be.
//
// Inferred is what was seen of one event of one source: its fields, their types, since when, how often.
// It can be printed as a JSON Schema (Document). A Contract is such a schema that a person set, with
// what becomes of events that break it (Policy). Drift tells of differences: from the contract where
// there is one, else from what was seen at first.
//
// All of it is pure, and Inferred merges in any order. No value of an event is ever kept.
package schema

import (
	"encoding/json"

	"tributary/ingest/event"
)

// AnyEvent is the name under which a contract is for all events of a source that have none of their own.
const AnyEvent = "*"

// Contract is what a person set for an event of a source.
type Contract struct {
	// Policy is what becomes of events that break it; empty: that of AnyEvent, else Accept.
	Policy Policy `json:"policy,omitempty"`
	// Schema is a JSON Schema of the properties (of identify and group: the traits). For AnyEvent it may
	// be absent: then the policy is the default of the source's contracts.
	Schema json.RawMessage `json:"schema,omitempty"`
}

// Validate reports every fault; name is that of the event.
func (c *Contract) Validate(name string) error {
	var faults event.Errors
	if c.Policy != "" && !c.Policy.Valid() {
		faults.Add("policy", "must be accept, quarantine or drop")
	}
	switch {
	case len(c.Schema) == 0 && name != AnyEvent:
		faults.Add("schema", "is required")
	case len(c.Schema) == 0 && c.Policy == "":
		faults.Add("policy", "is required where there is no schema")
	case len(c.Schema) > 0:
		if _, err := Compile(c.Schema); err != nil {
			faults = append(faults, faultsOf(err)...)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

func faultsOf(err error) event.Errors {
	if faults, ok := err.(event.Errors); ok { //nolint:errorlint // Compile returns it as it is
		return faults
	}
	return event.Errors{{Field: "schema", Reason: err.Error()}}
}

// Judge judges the events of one name by a contract.
type Judge struct {
	Policy Policy
	schema *Schema
}

// NewJudge compiles the contract of an event, own, and that of AnyEvent, either of which may be nil. It
// returns nil when there is nothing to judge by.
func NewJudge(own, whole *Contract) (*Judge, error) {
	j := &Judge{Policy: Accept}
	var raw json.RawMessage
	for _, c := range []*Contract{whole, own} { // the latter on top
		if c == nil {
			continue
		}
		if c.Policy != "" {
			j.Policy = c.Policy
		}
		if len(c.Schema) > 0 {
			raw = c.Schema
		}
	}
	if raw == nil {
		return nil, nil //nolint:nilnil // nothing to judge by is no fault
	}
	var err error
	j.schema, err = Compile(raw)
	return j, err
}

// Breaches returns in which ways an event breaks the contract; paths are within its Section.
func (j *Judge) Breaches(e *event.Event) []Breach {
	raw, _ := Section(e)
	return j.schema.Check(raw)
}
