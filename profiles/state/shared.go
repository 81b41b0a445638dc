package state

import (
	"encoding/binary"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
)

// maxSharing is how many of the profiles that share an identifier are kept.
const maxSharing = 100

// SharedBy is what is kept of an identifier that several profiles hold.
type SharedBy struct {
	Kind identity.SharedKind
	// Profiles are the first that hold it, ascending; none of a generic one.
	Profiles []identity.ProfileID
	Total    int // how many there are
}

// NewSharedBy is what is kept of an identifier that is shared.
func NewSharedBy(s *identity.Shared) *SharedBy {
	return &SharedBy{Kind: s.Kind, Profiles: s.Profiles[:min(len(s.Profiles), maxSharing)], Total: len(s.Profiles)}
}

func (s *SharedBy) equal(o *SharedBy) bool {
	return s.Kind == o.Kind && s.Total == o.Total && slices.Equal(s.Profiles, o.Profiles)
}

func (s *SharedBy) append(b []byte) []byte {
	b = appendString(append(b, codecVersion), string(s.Kind))
	b = binary.AppendUvarint(b, uint64(s.Total))
	b = binary.AppendUvarint(b, uint64(len(s.Profiles)))
	for _, id := range s.Profiles {
		b = append(b, id[:]...)
	}
	return b
}

func decodeShared(value []byte) (s SharedBy, err error) {
	d := newDecoder(value)
	s.Kind, s.Total = identity.SharedKind(d.string()), int(d.uvarint())
	for range d.count(len(uuid.Nil)) {
		s.Profiles = append(s.Profiles, d.id())
	}
	return s, d.end("shared identifier")
}

// SetShared stores that several profiles share an identifier; nil: it is one's, or nobody's. It says
// whether that changed anything. The caller does not change now afterwards.
func (s *Space) SetShared(i identity.Identifier, now *SharedBy) (changed bool, err error) {
	was, err := s.Shared(i)
	if err != nil || was == nil && now == nil || was != nil && now != nil && was.equal(now) {
		return false, err
	}
	s.hasShared = true
	s.tx.shared.put(spaceIdentifier{s.number, i}, now)
	var value []byte
	if now != nil {
		value = now.append(nil)
	}
	s.tx.write(s.identifierKey(nil, kindShared, i), value)
	return true, nil
}

// Shared returns what is kept of an identifier that several profiles share; nil of others.
func (s *Space) Shared(i identity.Identifier) (*SharedBy, error) {
	if !s.hasShared {
		return nil, nil
	}
	return s.tx.shared.load(spaceIdentifier{s.number, i}, func() (*SharedBy, error) {
		value, err := s.tx.read(s.identifierKey(nil, kindShared, i))
		if value == nil || err != nil {
			return nil, wrapRead("shared identifier", err)
		}
		shared, err := decodeShared(value)
		return &shared, wrapRead("shared identifier", err)
	})
}
