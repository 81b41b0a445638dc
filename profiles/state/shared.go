package state

import "tributary/identity"

// SetShared stores what an identifier that several profiles hold seems to belong to; "": it is one's, or
// nobody's. It says whether that changed anything. Who they are is not kept: that changes with every
// one who comes, and the holders tell it.
func (s *Space) SetShared(i identity.Identifier, now identity.SharedKind) (changed bool, err error) {
	was, err := s.Shared(i)
	if err != nil || was == now {
		return false, err
	}
	s.kinds.put(kindShared)
	s.tx.shared.put(spaceIdentifier{s.number, i}, now)
	var value []byte
	if now != "" {
		value = []byte(now)
	}
	s.tx.write(s.identifierKey(nil, kindShared, i), value)
	return true, nil
}

// Shared returns what an identifier that several profiles share seems to belong to; "" of others.
func (s *Space) Shared(i identity.Identifier) (identity.SharedKind, error) {
	if !s.has(kindShared) {
		return "", nil
	}
	return s.tx.shared.load(spaceIdentifier{s.number, i}, func() (identity.SharedKind, error) {
		value, err := s.tx.read(s.identifierKey(nil, kindShared, i))
		return identity.SharedKind(value), wrapRead("shared identifier", err)
	})
}
