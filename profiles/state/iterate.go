package state

import (
	"encoding/binary"
	"fmt"
	"slices"

	"tributary/identity"
)

// Busy lists the workspaces that have a task, ascending.
func (s *Store) Busy() ([]string, error) {
	var names []string
	err := scan(s.db, []byte{kindTask}, func(key, _ []byte) error {
		n, used := binary.Uvarint(key[1:])
		if used <= 0 || n > uint64(len(key)-1-used) {
			return fmt.Errorf("%w: name of a workspace", ErrCorrupt)
		}
		if name := string(key[1+used : 1+used+int(n)]); !slices.Contains(names, name) {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, wrapRead("tasks", err)
}

// ObservedFrom lists up to limit observations as they are stored, ascending, those that come after
// the given id.
func (h *Snapshot) ObservedFrom(after identity.ObservationID, limit int) ([]*Observed, error) {
	ids, err := idsFrom(h.db, h.space, kindObserved, after, limit, nil)
	if err != nil {
		return nil, wrapRead("observations", err)
	}
	all := make([]*Observed, 0, len(ids))
	for _, id := range ids {
		o, err := readObserved(h.view, h.space, id)
		if err != nil {
			return nil, wrapRead("observation", err)
		}
		if o != nil {
			all = append(all, o)
		}
	}
	return all, nil
}

// AllLinks lists what people decided about observations, each pair once.
func (h *Snapshot) AllLinks() ([]identity.Link, error) {
	var links []identity.Link
	prefix := h.key1(kindLink)
	err := scan(h.db, prefix, func(key, value []byte) error {
		d, err := decodeStamped(value)
		verdict, _ := verdictOf(d.value)
		if err != nil || verdict == "" {
			return err
		}
		var id identity.ObservationID
		copy(id[:], key[len(prefix):])
		if l := pair(id, lastID(key), verdict); l.A == id {
			links = append(links, l)
		}
		return nil
	})
	return links, wrapRead("links", err)
}

func (h *Snapshot) key1(kind byte) []byte { return h.space.key(nil, kind) }
