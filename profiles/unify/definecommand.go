package unify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/define"
	"tributary/profiles/segment"
)

// ProfilesDefinitions puts the workspace's document of definitions (profiles/define) in place of the one
// before; an empty one declares nothing.
type ProfilesDefinitions struct {
	Actor    string `json:"actor,omitempty"`
	Document string `json:"document"` // YAML or JSON, as it was written
}

// ClockTick says that it is at least that late. The program gives it where something changes by time alone.
type ClockTick struct {
	At time.Time `json:"at"`
}

// TraitSet sets values of some observations from outside; what it does not name stays. The program gives it
// for SQL traits, as the name "sql:…".
type TraitSet struct {
	Trait  string       `json:"trait"`
	Values []TraitValue `json:"values"`
}

// TraitValue is the value of one observation; null takes it back.
type TraitValue struct {
	Observation identity.ObservationID `json:"observation"`
	Value       json.RawMessage        `json:"value"`
}

// MaxTraitValues is how many values one TraitSet may have.
const MaxTraitValues = 500

// maxTraitValue bounds a value in bytes.
const maxTraitValue = 4096

// Name implements Command.
func (ProfilesDefinitions) Name() string { return "profiles.definitions" }

// Name implements Command.
func (ClockTick) Name() string { return "clock.tick" }

// Name implements Command.
func (TraitSet) Name() string { return "trait.set" }

// Validate implements Command.
func (c ProfilesDefinitions) Validate() error {
	var f faults
	_, err := define.Compile([]byte(c.Document))
	var all event.Errors
	if errors.As(err, &all) {
		for _, fault := range all {
			f = append(f, fault)
		}
	} else if err != nil {
		f = append(f, err)
	}
	return f.err()
}

// Validate implements Command.
func (c ClockTick) Validate() error {
	var f faults
	f.check(!c.At.IsZero(), "at: is required")
	return f.err()
}

// Validate implements Command.
func (c TraitSet) Validate() error {
	var f faults
	name, sql := strings.CutPrefix(c.Trait, segment.SQLPrefix)
	f.check(sql && event.ValidSource(name), fmt.Sprintf("trait: must be %sNAME", segment.SQLPrefix))
	f.check(len(c.Values) > 0 && len(c.Values) <= MaxTraitValues, fmt.Sprintf("values: must be 1 to %d", MaxTraitValues))
	for i, v := range c.Values {
		f.check(v.Observation != uuid.Nil, fmt.Sprintf("values[%d].observation: is required", i))
		f.check(len(v.Value) <= maxTraitValue && json.Valid(v.Value), fmt.Sprintf("values[%d].value: must be JSON of at most %d bytes", i, maxTraitValue))
	}
	return f.err()
}
