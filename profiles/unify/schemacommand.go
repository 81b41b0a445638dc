package unify

import (
	"errors"

	"tributary/ingest/event"
	"tributary/ingest/schema"
)

// SchemaSet says what an event of a source should be, from when it was given on.
type SchemaSet struct {
	Actor  string `json:"actor,omitempty"`
	Source string `json:"source"`
	Event  string `json:"event,omitempty"` // schema.EventName; empty: all of the source without a contract of their own
	schema.Contract
}

// SchemaRemove takes a SchemaSet back.
type SchemaRemove struct {
	Actor  string `json:"actor,omitempty"`
	Source string `json:"source"`
	Event  string `json:"event,omitempty"`
}

// Name implements Command.
func (SchemaSet) Name() string { return "schema.set" }

// Name implements Command.
func (SchemaRemove) Name() string { return "schema.remove" }

// Validate implements Command.
func (c SchemaSet) Validate() error {
	f := validSource(c.Source)
	name := c.Event
	if name == "" {
		name = schema.AnyEvent
	}
	err := c.Contract.Validate(name)
	var faults event.Errors
	if errors.As(err, &faults) {
		for _, fault := range faults {
			f = append(f, fault)
		}
	}
	return f.err()
}

// Validate implements Command.
func (c SchemaRemove) Validate() error { return validSource(c.Source).err() }

func validSource(source string) (f faults) {
	f.check(event.ValidSource(source), "source: is no name of a source")
	return f
}
