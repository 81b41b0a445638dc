package state

import (
	"encoding/json"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
)

// SetTrait is a value that was set from outside, by name, of an observation.
type SetTrait struct {
	Name  string
	Value json.RawMessage // JSON; empty: taken back
	At    time.Time       // when it was set
	by    Stamp
}

// Newer says whether t was set after o.
func (t *SetTrait) Newer(o *SetTrait) bool { return o.by.Before(t.by) }

// PutTrait sets a value of an observation; a null or empty one takes it back. Of two the one with the later
// stamp stands. It says whether that changed anything.
func (s *Space) PutTrait(id identity.ObservationID, name string, value json.RawMessage, by Stamp) (changed bool, err error) {
	if string(value) == "null" {
		value = nil
	}
	key := appendString(s.idKey(nil, kindSetTrait, id), name)
	held, err := s.tx.read(key)
	if err != nil {
		return false, wrapRead("set trait", err)
	}
	was, err := decodeRules(held)
	if err != nil || was.Stamp != (Stamp{}) && !was.Before(by) {
		return false, err
	}
	s.hasSetTraits = true
	s.tx.write(key, stamped{by, value}.encode())
	return string(was.value) != string(value), nil
}

// SetTraits returns the values that were set of an observation, as of this step, by name.
func (s *Space) SetTraits(id identity.ObservationID) ([]SetTrait, error) {
	if !s.hasSetTraits {
		return nil, nil
	}
	return readSetTraits(s.tx.store.db, s.space, id, s.tx.own)
}

// SetTraits returns the values that were set of an observation, by name.
func (h *Snapshot) SetTraits(id identity.ObservationID) ([]SetTrait, error) {
	return readSetTraits(h.db, h.space, id, nil)
}

// EachSetTrait calls f with every value that was set in the workspace.
func (h *Snapshot) EachSetTrait(f func(identity.ObservationID, SetTrait) error) error {
	prefix := h.space.key(nil, kindSetTrait)
	err := scan(h.db, prefix, func(key, value []byte) error {
		var id identity.ObservationID
		copy(id[:], key[len(prefix):])
		t, err := decodeSetTrait(key[len(prefix)+len(id):], value)
		if err != nil {
			return err
		}
		return f(id, t)
	})
	return wrapRead("set traits", err)
}

func readSetTraits(db pebble.Reader, s space, id identity.ObservationID, own map[string][]byte) ([]SetTrait, error) {
	prefix := s.idKey(nil, kindSetTrait, id)
	var traits []SetTrait
	add := func(key, value []byte) error {
		t, err := decodeSetTrait(key[len(prefix):], value)
		traits = append(traits, t)
		return err
	}
	err := scan(db, prefix, func(key, value []byte) error {
		if _, changed := own[string(key)]; changed {
			return nil
		}
		return add(key, value)
	})
	for key, value := range own {
		if err == nil && value != nil && len(key) > len(prefix) && key[:len(prefix)] == string(prefix) {
			err = add([]byte(key), value)
		}
	}
	return traits, wrapRead("set traits", err)
}

func decodeSetTrait(name, value []byte) (t SetTrait, err error) {
	d := decoder{data: name}
	t.Name = d.string()
	held, err := decodeStamped(value)
	t.by, t.At = held.Stamp, held.At
	t.Value = append(t.Value, held.value...)
	return t, err
}
