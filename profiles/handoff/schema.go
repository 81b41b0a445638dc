package handoff

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"tributary/ingest/event"
	"tributary/ingest/schema"
)

//go:embed handoff-1.schema.json
var document []byte

// Schema is the JSON Schema of records, as it is published. The caller does not change it.
func Schema() []byte { return document }

var compiled = sync.OnceValues(func() (*schema.Schema, error) { return schema.Compile(document) })

// Check returns event.Errors with every fault of a record by the schema, each with its path, such as
// "tried[].what"; they repeat no value.
func (r *Record) Check() error {
	size := 0
	for name, value := range r.Extensions {
		size += len(name) + len(value)
	}
	if size > MaxExtensions {
		return event.Errors{{Field: "extensions", Reason: fmt.Sprintf("must have at most %d bytes in all", MaxExtensions)}}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode hand-off: %w", err)
	}
	return check(text)
}

func check(text []byte) error {
	s, err := compiled()
	if err != nil { // the document is ours, and a test compiles it
		return fmt.Errorf("compile schema of hand-offs: %w", err)
	}
	var faults event.Errors
	for _, b := range s.Check(text) {
		faults.Add(b.Path, "breaks "+b.Keyword+" of the schema of hand-offs: see GET /v1/schemas/handoff/1")
	}
	return faults.Err()
}
