package state

import (
	"encoding/binary"
	"fmt"
	"slices"

	"tributary/identity"
)

// Busy lists the workspaces that have a task, ascending.
func (s *Store) Busy() ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
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

// ObservationsFrom lists up to limit observations, ascending, those that come after the given id.
func (h *Snapshot) ObservationsFrom(after identity.ObservationID, limit int) ([]identity.ObservationID, error) {
	ids, err := idsFrom(h.db, h.space, kindObserved, after, limit)
	return ids, wrapRead("observations", err)
}

// ObservedFrom lists up to limit observations as they are stored, ascending, those that come after
// the given id.
func (h *Snapshot) ObservedFrom(after identity.ObservationID, limit int) ([]*Observed, error) {
	var all []*Observed
	err := h.eachObserved(after, func(o *Observed) error {
		if len(all) >= limit {
			return errStop
		}
		all = append(all, o)
		return nil
	})
	return all, wrapRead("observations", err)
}

// AllLinks lists what people decided about observations, each pair once.
func (h *Snapshot) AllLinks() ([]identity.Link, error) {
	var links []identity.Link
	err := h.EachDecision(func(d *Decision) error {
		if d.Verdict != "" {
			links = append(links, d.Link)
		}
		return nil
	})
	return links, err
}

// AllBlocks lists the identifiers that people blocked.
func (h *Snapshot) AllBlocks() ([]identity.Identifier, error) {
	var all []identity.Identifier
	err := h.EachBlock(func(id identity.Identifier, _ *Block) error {
		all = append(all, id)
		return nil
	})
	return all, err
}
