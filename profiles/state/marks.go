package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// MessageHash names a message id of a source of a workspace: the first half of the SHA-256 of the
// three, each with its length.
type MessageHash [16]byte

// HashMessage makes a MessageHash.
func HashMessage(workspace, source, messageID string) MessageHash {
	var buf [256]byte
	b := appendString(appendString(appendString(buf[:0], workspace), source), messageID)
	sum := sha256.Sum256(b)
	return MessageHash(sum[:len(MessageHash{})])
}

// Mark remembers that a message id was seen.
type Mark struct {
	Received time.Time // of the record that made it
	Payload  uint64    // hash of what it carried
}

const markSize = 1 + 8 + 8

func (m Mark) append(b []byte) []byte {
	b = append(b[:0], codecVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Received.UnixMilli()))
	return binary.BigEndian.AppendUint64(b, m.Payload)
}

func decodeMark(data []byte) (Mark, error) {
	if len(data) != markSize || data[0] != codecVersion {
		return Mark{}, fmt.Errorf("%w: mark", ErrCorrupt)
	}
	ms := int64(binary.BigEndian.Uint64(data[1:]))
	return Mark{Received: time.UnixMilli(ms).UTC(), Payload: binary.BigEndian.Uint64(data[9:])}, nil
}

// marks keeps message ids in generations, each as long as the horizon: the record's received time
// decides which. A message id is looked for in its own generation and both neighbours, as far as
// they exist, so what it finds hangs on received times alone. The writer drops whole generations.
type marks struct {
	db      *pebble.DB
	horizon time.Duration
	known   map[uint32]bool      // generations that hold marks
	step    map[MessageHash]Mark // of this step, which is in no iterator
	in      places
	news    []newMark // likewise; of one id there may be two, far apart
	key     []byte
	value   []byte
}

type newMark struct {
	id MessageHash
	Mark
}

func newMarks(db *pebble.DB, in places, horizon time.Duration) (*marks, error) {
	m := &marks{db: db, horizon: horizon, known: map[uint32]bool{}, step: map[MessageHash]Mark{}, in: in}
	return m, m.find()
}

// find loads which generations there are, by one seek each.
func (m *marks) find() error {
	clear(m.known)
	from := []byte{kindMark}
	for from != nil {
		next := []byte(nil)
		err := scanRange(m.db, from, after([]byte{kindMark}), func(key, _ []byte) error {
			generation := binary.BigEndian.Uint32(key[1:])
			m.known[generation] = true
			next = after(generationKey(nil, generation))
			return errStop
		})
		if err != nil {
			return fmt.Errorf("find generations of marks: %w", err)
		}
		from = next
	}
	return nil
}

func (m *marks) generation(received time.Time) uint32 {
	return uint32(max(0, received.UnixMilli()) / m.horizon.Milliseconds())
}

// seen returns the mark of a message id that is at most the horizon away from received.
func (m *marks) seen(id MessageHash, received time.Time) (Mark, bool, error) {
	if mark, ok := m.step[id]; ok && m.near(mark, received) {
		return mark, true, nil
	}
	own := m.generation(received)
	for generation := max(own, 1) - 1; generation <= own+1; generation++ {
		if !m.known[generation] {
			continue
		}
		mark, found, err := m.read(generation, id)
		if err != nil || (found && m.near(mark, received)) {
			return mark, found, err
		}
	}
	return Mark{}, false, nil
}

func (m *marks) near(mark Mark, received time.Time) bool {
	return received.Sub(mark.Received).Abs() <= m.horizon
}

// Seen is Tx.Seen for a reader: what was committed by now.
func (s *Store) Seen(id MessageHash, received time.Time) (mark Mark, found bool, err error) {
	if err := s.acquire(); err != nil {
		return Mark{}, false, err
	}
	defer s.release()
	m := &marks{horizon: s.config.Horizon}
	own := m.generation(received)
	for generation := max(own, 1) - 1; generation <= own+1; generation++ {
		value, err := get(s.db, markKey(nil, generation, id))
		if err == nil && value != nil {
			mark, err = decodeMark(value)
		}
		if err != nil {
			return Mark{}, false, fmt.Errorf("look up message id: %w", err)
		}
		if value != nil && m.near(mark, received) {
			return mark, true, nil
		}
	}
	return Mark{}, false, nil
}

// read looks one mark up.
func (m *marks) read(generation uint32, id MessageHash) (mark Mark, found bool, err error) {
	m.key = markKey(m.key, generation, id)
	found, err = m.in.of(freshMark(id)).view(m.key, func(value []byte) (err error) {
		mark, err = decodeMark(value)
		return err
	})
	return mark, found && err == nil, err
}

// endStep forgets what belongs to the step. It is called when its batch is committed or dropped.
func (m *marks) endStep() {
	clear(m.step)
	m.news = m.news[:0]
}

func freshMark(id MessageHash) uint64 { return binary.BigEndian.Uint64(id[:]) }

func (m *marks) add(id MessageHash, mark Mark) {
	m.known[m.generation(mark.Received)] = true
	m.step[id] = mark
	m.news = append(m.news, newMark{id, mark})
	m.in.fresh.add(freshMark(id))
}

// flush writes the marks of the step, in the order of keys, in which Pebble takes them fastest.
func (m *marks) flush(batch *pebble.Batch) error {
	slices.SortFunc(m.news, func(a, b newMark) int { return bytes.Compare(a.id[:], b.id[:]) })
	for i := range m.news {
		n := &m.news[i]
		generation := m.generation(n.Received)
		if !m.known[generation] { // expired in this step
			continue
		}
		m.key, m.value = markKey(m.key, generation, n.id), n.append(m.value)
		if err := batch.Set(m.key, m.value, nil); err != nil {
			return err
		}
	}
	return nil
}

// expire removes generations that no record received at or after now-horizon can ask for: such a
// record may have waited in the log that long, and asks for marks up to a horizon before itself.
func (m *marks) expire(batch *pebble.Batch, now time.Time) error {
	oldest := max(m.generation(now), 2) - 2
	expired := false
	for generation := range m.known {
		if generation < oldest {
			expired = true
			delete(m.known, generation)
		}
	}
	if !expired {
		return nil
	}
	return batch.DeleteRange(generationKey(nil, 0), generationKey(nil, oldest), nil)
}
