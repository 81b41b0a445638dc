package identity

import (
	"encoding/binary"
	"hash"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/crypto/blake2b"
)

const keySize = 32

// The kinds of what is hashed. They and the encoding never change: ids are kept for ever.
const (
	hashRecord     = 'r' // workspace, source, record id
	hashStream     = 's' // workspace, identifiers, attributes
	hashMessage    = 'm' // workspace, source, message id
	hashIdentifier = 'i' // workspace, type, value
)

// keyer computes keyed 128-bit hashes over unambiguous encodings: a kind byte, then each string
// after its length as a varint, each list after its count.
type keyer struct{ pool *sync.Pool }

type keyState struct {
	hash hash.Hash
	buf  []byte
}

func newKeyer(key []byte) keyer {
	key = append([]byte(nil), key...)
	return keyer{pool: &sync.Pool{New: func() any {
		h, err := blake2b.New(16, key)
		if err != nil {
			panic("identity: key of wrong size passed validation: " + err.Error())
		}
		return &keyState{hash: h, buf: make([]byte, 0, 512)}
	}}}
}

func (k keyer) begin(kind byte) *keyState {
	s := k.pool.Get().(*keyState)
	s.buf = append(s.buf[:0], kind)
	return s
}

func (s *keyState) string(v string) {
	s.count(len(v))
	s.buf = append(s.buf, v...)
}

func (s *keyState) count(n int) { s.buf = binary.AppendUvarint(s.buf, uint64(n)) }

// end hashes what was written and gives the state back.
func (k keyer) end(s *keyState) (sum [16]byte) {
	s.hash.Reset()
	s.hash.Write(s.buf)
	// The digest goes through the pooled buffer, which is on the heap already.
	s.buf = s.hash.Sum(s.buf[:0])
	copy(sum[:], s.buf)
	k.pool.Put(s)
	return sum
}

// id ends a state as an RFC 9562 UUID of version 8.
func (k keyer) id(s *keyState) uuid.UUID {
	id := uuid.UUID(k.end(s))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (k keyer) record(workspace, source, record string) ObservationID {
	s := k.begin(hashRecord)
	s.string(workspace)
	s.string(source)
	s.string(record)
	return k.id(s)
}

func (k keyer) message(workspace, source, message string) ObservationID {
	s := k.begin(hashMessage)
	s.string(workspace)
	s.string(source)
	s.string(message)
	return k.id(s)
}

func (k keyer) stream(workspace string, ids []Identifier, attrs []Attribute) ObservationID {
	s := k.begin(hashStream)
	s.string(workspace)
	s.count(len(ids))
	for i := range ids {
		s.string(ids[i].Type)
		s.string(ids[i].Value)
	}
	s.count(len(attrs))
	for i := range attrs {
		s.string(attrs[i].Name)
		s.string(attrs[i].Value)
	}
	return k.id(s)
}

// IdentifierKey is the 64-bit key of a normalised identifier in a workspace: the last 8 bytes,
// big-endian, of its keyed hash. It tells nothing of the value to who lacks the key.
func (e *Engine) IdentifierKey(workspace string, id Identifier) uint64 {
	s := e.keyer.begin(hashIdentifier)
	s.string(workspace)
	s.string(id.Type)
	s.string(id.Value)
	sum := e.keyer.end(s)
	return binary.BigEndian.Uint64(sum[8:])
}

// ObservationKey is the 64-bit key that reports join by: the last 8 bytes of the id, big-endian.
// Two of its bits are the same in every id; who creates observations detects equal keys.
func ObservationKey(id ObservationID) uint64 { return binary.BigEndian.Uint64(id[8:]) }
