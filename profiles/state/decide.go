package state

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
)

// heldLink is a verdict with its stamp; an empty verdict was taken back.
type heldLink struct {
	identity.Link
	stamp Stamp
	said  string // who gave it and why
}

// Links implements identity.Facts.
func (s *Space) Links(id identity.ObservationID) ([]identity.Link, error) {
	held, err := s.heldLinks(id)
	return standing(held), err
}

// standing are the verdicts that were not taken back.
func standing(held []heldLink) (links []identity.Link) {
	for _, l := range held {
		if l.Verdict != "" {
			links = append(links, l.Link)
		}
	}
	return links
}

func (s *Space) heldLinks(id identity.ObservationID) ([]heldLink, error) {
	if !s.hasLinks {
		return nil, nil
	}
	return s.tx.links.load(spaceID{s.number, id}, func() ([]heldLink, error) {
		return readLinks(s.tx.store.db, s.space, id)
	})
}

func readLinks(r pebble.Reader, s space, id identity.ObservationID) (links []heldLink, err error) {
	err = scan(r, s.idKey(nil, kindLink, id), func(key, value []byte) error {
		d, err := decodeStamped(value)
		verdict, said := verdictOf(d.value)
		links = append(links, heldLink{pair(id, lastID(key), verdict), d.Stamp, said})
		return err
	})
	return links, err
}

func pair(a, b identity.ObservationID, v identity.Verdict) identity.Link {
	if compareIDs(a, b) > 0 {
		a, b = b, a
	}
	return identity.Link{A: a, B: b, Verdict: v}
}

// SetLink stores a person's verdict on two observations, in either order; an empty verdict takes
// back what was said. It says whether that changed anything: a later stamp may have been there.
func (s *Space) SetLink(a, b identity.ObservationID, v identity.Verdict, by Stamp) (changed bool, err error) {
	return s.SetDecision(Decision{Link: identity.Link{A: a, B: b, Verdict: v}}, by)
}

// put stores a link with one of its ends, unless what is there has a later stamp, and returns
// what was there.
func (s *Space) put(link heldLink, end identity.ObservationID) (was heldLink, err error) {
	held, err := s.heldLinks(end)
	if err != nil {
		return was, fmt.Errorf("read links: %w", err)
	}
	links := make([]heldLink, 0, len(held)+1)
	for _, l := range held {
		if l.A == link.A && l.B == link.B {
			was = l
			continue
		}
		links = append(links, l)
	}
	if was.stamp != (Stamp{}) && !was.stamp.Before(link.stamp) {
		return was, nil
	}
	s.tx.links.put(spaceID{s.number, end}, append(links, link))
	other := link.A
	if other == end {
		other = link.B
	}
	value := stamped{link.stamp, verdictValue(link)}.encode()
	return was, s.tx.set(s.pairKey(kindLink, end, other), value)
}

// Blocked implements identity.Facts.
func (s *Space) Blocked(i identity.Identifier) (bool, error) {
	held, err := s.heldBlock(i)
	return len(held.value) > 0, err
}

func (s *Space) heldBlock(i identity.Identifier) (stamped, error) {
	if !s.has(kindBlock) {
		return stamped{}, nil
	}
	return s.tx.blocks.load(spaceIdentifier{s.number, i}, func() (stamped, error) {
		return readBlock(s.tx.at.get, s.space, i)
	})
}

// SetBlocked stores whether a normalised identifier joins nobody. It says whether that changed
// anything: a later stamp may have been there.
func (s *Space) SetBlocked(i identity.Identifier, blocked bool, by Stamp) (changed bool, err error) {
	return s.SetBlock(i, blocked, Block{}, by)
}

// SetBlock is SetBlocked, and keeps who blocked it and why.
func (s *Space) SetBlock(i identity.Identifier, blocked bool, b Block, by Stamp) (changed bool, err error) {
	s.kinds.put(kindBlock)
	was, err := s.heldBlock(i)
	if err != nil {
		return false, fmt.Errorf("read block: %w", err)
	}
	if was.Stamp != (Stamp{}) && !was.Before(by) {
		return false, nil
	}
	now := stamped{Stamp: by}
	if blocked {
		now.value = append([]byte{1}, b.said()...)
	}
	s.tx.blocks.put(spaceIdentifier{s.number, i}, now)
	return (len(was.value) > 0) != blocked, s.tx.set(s.identifierKey(nil, kindBlock, i), now.encode())
}

// readBlock reads what was said last of an identifier's being blocked; of no value where it is not.
func readBlock(get func(key []byte) ([]byte, error), s space, i identity.Identifier) (stamped, error) {
	value, err := get(s.identifierKey(nil, kindBlock, i))
	if value == nil || err != nil {
		return stamped{}, err
	}
	return decodeStamped(value)
}

func readVersion(r pebble.Reader, s space) (uint64, error) {
	value, err := get(r, s.key(nil, kindVersion))
	if value == nil || err != nil {
		return 0, err
	}
	return decodeVersion(value)
}

func decodeVersion(value []byte) (uint64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: identity version", ErrCorrupt)
	}
	return binary.BigEndian.Uint64(value), nil
}
