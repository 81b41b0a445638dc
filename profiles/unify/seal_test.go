package unify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity/match"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// TestModelsAreSealed: a model says which values several records had, to whoever has a guess. In the log and in
// the state it is read with the installation's key alone, and a state that is made again reads it.
func TestModelsAreSealed(t *testing.T) {
	events := people(100)
	r := open(t, vfs.NewMem(), private(t)).start()
	defer func() { r.stop() }()
	for _, e := range events {
		r.put(record(t, e))
	}
	status, want := r.settleModel(), r.partition(events)
	var written []byte
	for _, entry := range r.logged() {
		var c unify.IdentityModel
		if entry.Kind == stream.KindCommand && json.Unmarshal(entry.Value, &c) == nil && c.Number == status.Model {
			written = append(written, c.Data...)
		}
	}
	view, err := r.state.View("w")
	must(t, err)
	number, kept, err := view.Model()
	must(t, errors.Join(err, view.Close()))
	if number == 0 || number != status.Model || !bytes.Equal(kept, written) {
		t.Fatalf("model %d has %d bytes in the state, model %d %d in the log", number, len(kept), status.Model, len(written))
	}
	if new(match.Model).UnmarshalBinary(written) == nil {
		t.Error("the log holds the model as it is")
	}
	if m, err := unify.ReadModel(r.config.Hasher, "w", number, written); err != nil || len(m.Counts) == 0 {
		t.Errorf("with the key: %v", err)
	}
	other, err := privacy.NewHasher(bytes.Repeat([]byte{1}, 32))
	must(t, err)
	for name, h := range map[string]*privacy.Hasher{"another key": other, "no key": nil} {
		if _, err := unify.ReadModel(h, "w", number, written); err == nil {
			t.Errorf("is read with %s", name)
		}
	}
	r.rebuild()
	if r.settleModel(); r.partition(events) != want {
		t.Error("a state made again decides otherwise")
	}
}
