package erase

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// Commands name people by their observations, where Covers looks for identifiers alone.

// anID is a UUID as commands write it.
var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// recorded are commands that name observations and stay: they say what was done with people's data, by whom.
var recorded = [][]byte{[]byte(`"privacy.`), []byte(`"command":"disclosure"`), []byte(`"command":"audit.note"`)}

// command returns the erasure that a command falls under and, if it is about others as well, what is left of it;
// nil: it is to be replaced as a whole.
func (r *Runner) command(set *privacy.Set, entry *stream.Entry) (of *privacy.Erasure, left []byte) {
	for _, name := range recorded {
		if bytes.Contains(entry.Value, name) {
			return nil, nil
		}
	}
	for _, text := range anID.FindAll(entry.Value, -1) {
		id, err := uuid.ParseBytes(text)
		if err != nil {
			continue
		}
		if of = set.Of(entry.Position, entry.ReceivedAt, id, nil); of != nil {
			break
		}
	}
	if of == nil {
		return nil, nil
	}
	return of, withoutValues(set, entry)
}

// withoutValues is a trait.set without the values of the erased; nil: it is no such command, or none is left.
func withoutValues(set *privacy.Set, entry *stream.Entry) []byte {
	command, err := unify.ParseCommand(entry.Value)
	if err != nil {
		return nil
	}
	traits, ok := command.(unify.TraitSet)
	if !ok {
		return nil
	}
	kept := make([]unify.TraitValue, 0, len(traits.Values))
	for _, v := range traits.Values {
		if set.Of(entry.Position, entry.ReceivedAt, v.Observation, nil) == nil {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	values, err := json.Marshal(kept)
	if err != nil {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(entry.Value, &members) != nil {
		return nil
	}
	members["values"] = values
	text, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return text
}
