package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/ingest/stream"
)

// The document of definitions of a workspace, how far the work is that it leads to, and the workspace's
// clock.

// SetDefinitions stores the document; an empty one removes it. It says whether that changed anything: a
// later stamp may have been there.
func (s *Space) SetDefinitions(text []byte, by Stamp) (changed bool, err error) {
	key := s.key(nil, kindDefinitions)
	value, err := s.tx.read(key)
	if err != nil {
		return false, wrapRead("definitions", err)
	}
	was, err := decodeRules(value)
	if err != nil || was.Stamp != (Stamp{}) && !was.Before(by) {
		return false, err
	}
	s.tx.write(key, stamped{by, bytes.Clone(text)}.encode())
	s.tx.defined = true
	return !bytes.Equal(was.value, text), nil
}

// Definitions returns the document; nil when there is none.
func (s *Space) Definitions() ([]byte, error) {
	value, err := s.tx.read(s.key(nil, kindDefinitions))
	if err != nil {
		return nil, wrapRead("definitions", err)
	}
	d, err := decodeRules(value)
	return d.value, wrapRead("definitions", err)
}

// Definitions returns the document of a workspace; nil when there is none.
func (s *Store) Definitions(workspace string) ([]byte, error) {
	d, err := s.definitions(workspace)
	return d.value, err
}

// DefinitionsSince returns when the document of a workspace was given; the zero time when there is none.
func (s *Store) DefinitionsSince(workspace string) (time.Time, error) {
	d, err := s.definitions(workspace)
	if err != nil || d.MessageID == "" {
		return time.Time{}, err
	}
	return d.At, nil
}

func (s *Store) definitions(workspace string) (stamped, error) {
	if err := s.acquire(); err != nil {
		return stamped{}, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).key(nil, kindDefinitions))
	if err != nil {
		return stamped{}, wrapRead("definitions", err)
	}
	d, err := decodeRules(value)
	return d, wrapRead("definitions", err)
}

// DefinitionsRevision grows with every committed change of a document of definitions since Open.
func (s *Store) DefinitionsRevision() uint64 { return s.definitionsRevision.Load() }

// SetAnalysis stores how far the work is that the definitions lead to; nil removes it. The caller does not
// change it afterwards.
func (s *Space) SetAnalysis(value []byte) { s.tx.write(s.key(nil, kindAnalysis), value) }

// Analysis returns what SetAnalysis stored; nil when nothing was.
func (s *Space) Analysis() ([]byte, error) {
	value, err := s.tx.read(s.key(nil, kindAnalysis))
	return value, wrapRead("analysis", err)
}

// Analysis is that of the snapshot's workspace.
func (h *Snapshot) Analysis() ([]byte, error) {
	value, err := get(h.db, h.space.key(nil, kindAnalysis))
	return value, wrapRead("analysis", err)
}

// Analysed lists the workspaces that have definitions, or had them.
func (s *Store) Analysed() ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	var names []string
	err := scan(s.db, []byte{kindAnalysis}, func(key, _ []byte) error {
		d := decoder{data: key[1:]}
		names = append(names, d.string())
		return nil
	})
	return names, wrapRead("analyses", err)
}

// Clock is what a workspace takes for the time: the greatest received time of what was applied, and the
// last tick. At is the place of the record that said so. It never goes back.
type Clock struct {
	Milli int64 // Unix
	At    stream.Position
}

// Time is the clock's time; the zero time while nothing was applied.
func (c Clock) Time() time.Time {
	if c.Milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(c.Milli).UTC()
}

// Clock returns the workspace's clock as of this step.
func (s *Space) Clock() Clock { return s.clock }

// Advance moves the clock on.
func (s *Space) Advance(to time.Time, at stream.Position) {
	if milli := to.UnixMilli(); milli > s.clock.Milli {
		s.clock = Clock{milli, at}
		if !s.ticked {
			s.ticked = true
			s.tx.ticked = append(s.tx.ticked, s)
		}
	}
}

// loadClock reads the clock, and when the first profile waits for it.
func (s *Space) loadClock() error {
	db := s.tx.store.db
	value, err := get(db, s.key(nil, kindClock))
	if err != nil {
		return err
	}
	if s.clock, err = readClock(value); err != nil {
		return err
	}
	prefix := s.key(nil, kindDue)
	return scan(db, prefix, func(key, _ []byte) error {
		s.due = int64(binary.BigEndian.Uint64(key[len(prefix):]))
		return errStop
	})
}

func (t *Tx) flushClocks() error {
	for _, s := range t.ticked {
		s.ticked = false
		value := binary.BigEndian.AppendUint64(t.value[:0], uint64(s.clock.Milli))
		value = binary.BigEndian.AppendUint32(value, uint32(s.clock.At.Partition))
		t.value = binary.BigEndian.AppendUint64(value, s.clock.At.Offset)
		t.key = s.key(t.key, kindClock)
		if err := t.set(t.key, t.value); err != nil {
			return err
		}
	}
	t.ticked = t.ticked[:0]
	return nil
}

func readClock(value []byte) (c Clock, err error) {
	if value == nil {
		return c, nil
	}
	if len(value) != 20 {
		return c, fmt.Errorf("%w: clock", ErrCorrupt)
	}
	c.Milli = int64(binary.BigEndian.Uint64(value))
	c.At = stream.Position{Partition: stream.Partition(binary.BigEndian.Uint32(value[8:])), Offset: binary.BigEndian.Uint64(value[12:])}
	return c, nil
}

// A replayed event stands at its own place in the log, and may so be taken for history that is still to be
// read. While a generation of definitions has such, it is noted what was taken in for it already.

// MarkTaken notes that the event at a place was taken in for a generation.
func (s *Space) MarkTaken(generation uint32, at stream.Position) {
	s.tx.write(s.takenKey(generation, at), []byte{})
}

// Taken says whether MarkTaken said so.
func (s *Space) Taken(generation uint32, at stream.Position) (bool, error) {
	value, err := s.tx.read(s.takenKey(generation, at))
	return value != nil, wrapRead("what was taken in", err)
}

// DropTaken forgets what was noted for a generation.
func (s *Space) DropTaken(generation uint32) error {
	prefix := s.takenOf(generation)
	for key := range s.tx.own {
		if bytes.HasPrefix([]byte(key), prefix) {
			delete(s.tx.own, key)
		}
	}
	return s.tx.batch.DeleteRange(prefix, after(prefix), nil)
}

func (s space) takenOf(generation uint32) []byte {
	return binary.BigEndian.AppendUint32(s.key(nil, kindTaken), generation)
}

func (s space) takenKey(generation uint32, at stream.Position) []byte {
	b := binary.BigEndian.AppendUint32(s.takenOf(generation), uint32(at.Partition))
	return binary.BigEndian.AppendUint64(b, at.Offset)
}

func (s space) generationKey(b []byte, generation uint32) []byte {
	return binary.BigEndian.AppendUint32(s.key(b, kindValues), generation)
}

func (s space) valuesKey(b []byte, generation uint32, id identity.ObservationID) []byte {
	return append(s.generationKey(b, generation), id[:]...)
}
