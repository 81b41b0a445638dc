package privacy

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"tributary/identity"
	"tributary/ingest/event"
)

// IdentifierHash is what is kept of an identifier of somebody who is erased or suppressed: the first 128
// bits of an HMAC-SHA256 over workspace, type and normalised value. Without the key of the data folder
// nobody can try values on it. In JSON it is 32 hex digits.
type IdentifierHash [16]byte

// Compare orders hashes by their bytes.
func (h IdentifierHash) Compare(o IdentifierHash) int { return bytes.Compare(h[:], o[:]) }

// String returns 32 hex digits.
func (h IdentifierHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h IdentifierHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *IdentifierHash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("privacy: hash of an identifier: must be %d hex digits", hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("privacy: hash of an identifier: %w", err)
	}
	return nil
}

// Normaliser brings an identifier into its one form, or says why it names nobody. identity.Engine is one.
type Normaliser interface {
	Normalise(identity.Place, identity.Identifier) (identity.Identifier, identity.DropReason)
}

// Hasher hashes identifiers under a key that is derived from the data folder's. It is safe for
// concurrent use.
type Hasher struct {
	name  string
	pool  *sync.Pool
	seals *seals
}

type hashing struct {
	mac hash.Hash
	buf []byte
}

// NewHasher returns the hasher of a data folder, by its key (identity.key).
func NewHasher(folderKey []byte) (*Hasher, error) {
	key, err := hkdf.Key(sha256.New, folderKey, nil, "privacy identifiers", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of identifiers: %w", err)
	}
	h := &Hasher{pool: &sync.Pool{New: func() any {
		return &hashing{mac: hmac.New(sha256.New, key), buf: make([]byte, 0, 256)}
	}}}
	name := h.sum('k', "")
	h.name = hex.EncodeToString(name[:8])
	if h.seals, err = newSeals(folderKey); err != nil {
		return nil, err
	}
	return h, nil
}

// Name tells the key from others and nothing of it: 16 hex digits. The ledger bears it.
func (h *Hasher) Name() string { return h.name }

// Identifier hashes a normalised identifier of a workspace.
func (h *Hasher) Identifier(workspace string, id identity.Identifier) IdentifierHash {
	return h.sum('i', workspace, id.Type, id.Value)
}

// Message is what is kept of the message id of a suppressed event: 32 hex digits.
func (h *Hasher) Message(workspace, source, messageID string) string {
	return h.sum('m', workspace, source, messageID).String()
}

// sum hashes a kind and strings, each after its length as a varint.
func (h *Hasher) sum(kind byte, parts ...string) (sum IdentifierHash) {
	s := h.pool.Get().(*hashing)
	s.mac.Reset()
	s.buf = append(s.buf[:0], kind)
	for _, part := range parts {
		s.buf = append(binary.AppendUvarint(s.buf, uint64(len(part))), part...)
	}
	_, _ = s.mac.Write(s.buf)
	s.buf = s.mac.Sum(s.buf[:0])
	copy(sum[:], s.buf)
	h.pool.Put(s)
	return sum
}

// conversation is the type of an identifier that a source's conversations are.
const conversation = ".conversation_id"

// Identifiers returns all that an event is known by, normalised, its conversation among it, in no order
// and perhaps twice. Unlike its observation, which goes by what identifies, it leaves nothing out. What an agent wrote is known
// by its observation alone.
func Identifiers(n Normaliser, e *event.Event) []identity.Identifier {
	if e.ByAgent() || len(e.Identifiers) == 0 && (e.CX == nil || e.CX.ConversationID == "") {
		return nil
	}
	ids := make([]identity.Identifier, 0, len(e.Identifiers)+1)
	for _, raw := range e.Identifiers {
		if id, dropped := n.Normalise(identity.Place{Workspace: e.Workspace, Source: e.Source}, identity.Identifier(raw)); dropped == "" {
			ids = append(ids, id)
		}
	}
	if e.CX != nil && e.CX.ConversationID != "" {
		raw := identity.Identifier{Type: e.Source + conversation, Value: e.CX.ConversationID}
		if id, dropped := n.Normalise(identity.Place{}, raw); dropped == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Event hashes all that an event is known by (Identifiers).
func (h *Hasher) Event(n Normaliser, e *event.Event) []IdentifierHash {
	ids := Identifiers(n, e)
	if len(ids) == 0 {
		return nil
	}
	hashes := make([]IdentifierHash, len(ids))
	for i, id := range ids {
		hashes[i] = h.Identifier(e.Workspace, id)
	}
	return hashes
}
