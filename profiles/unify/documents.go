package unify

import (
	"encoding/json"
	"fmt"

	"tributary/profiles/state"
)

// Buckets of what people made up for a workspace, whose name follows. Replay takes them along.
const (
	TargetsBucket = "metrics.targets/"  // targets of metrics, by id (journeys/cx)
	QueriesBucket = "journeys.queries/" // saved statements, by name (journeys/analyst)
	LabelsBucket  = "journeys.labels/"  // what conversations are about, by source/conversation (journeys/driver)
)

// ConfigPutAll stores documents of one bucket of the run-time configuration together: all are there, or
// none is. A key and its successor are changed by one.
type ConfigPutAll struct {
	Actor     string           `json:"actor,omitempty"`
	Bucket    string           `json:"bucket"`
	Documents []ConfigDocument `json:"documents"`
}

// ConfigDocument is one of the documents of a ConfigPutAll. Value is any JSON but null.
type ConfigDocument struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Name implements Command.
func (ConfigPutAll) Name() string { return "config.put_all" }

// Validate implements Command.
func (c ConfigPutAll) Validate() error {
	var f faults
	f.check(c.Bucket != "", "bucket: is required")
	f.check(len(c.Documents) > 0, "documents: is required")
	seen := map[string]bool{}
	for i, d := range c.Documents {
		f.check(d.Key != "", fmt.Sprintf("documents[%d].key: is required", i))
		f.check(!seen[d.Key], fmt.Sprintf("documents[%d].key: is there twice", i))
		f.check(len(d.Value) > 0 && json.Valid(d.Value) && string(d.Value) != "null", fmt.Sprintf("documents[%d].value: must be JSON other than null", i))
		seen[d.Key] = true
	}
	return f.err()
}

// putAll stores the documents; as with ConfigPut, the later of two that change one stands.
func (a *applier) putAll(c ConfigPutAll, by state.Stamp) error {
	for _, d := range c.Documents {
		if err := a.tx.SetDoc(c.Bucket, d.Key, d.Value, by); err != nil {
			return err
		}
	}
	return nil
}
