package state

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"tributary/identity"
)

// ofObservation are the kinds of key that are WS observation, and perhaps more: all of them go with
// their observation. forgetting says how the other kinds lose theirs; a test holds both and the layout together.
var ofObservation = []byte{kindObserved, kindLink, kindFormer, kindPublished, kindNumber, kindHandoff, kindPledged}

// Forget removes an observation and all that is kept of it, as if it had never been. Its number stays
// taken, for none is given twice. Matching, consent, the quarantine, computed values (ForgetValues), who left
// which profile (ForgetFormer) and the profile's other members are the caller's.
func (s *Space) Forget(id identity.ObservationID) error {
	was, err := s.Observed(id)
	if err != nil {
		return err
	}
	if err := s.forgetIndex(was); err != nil {
		return err
	}
	if err := s.forgetAssignment(id); err != nil {
		return err
	}
	if err := s.forgetLinks(id); err != nil {
		return err
	}
	if err := s.forgetAccounts(id); err != nil {
		return err
	}
	if err := s.forgetNumber(id); err != nil {
		return err
	}
	if err := s.forgetHandoffs(id); err != nil {
		return err
	}
	if err := s.forgetPledged(id); err != nil {
		return err
	}
	key := spaceID{s.number, id}
	if added, ok := s.tx.states[key]; ok {
		added.Reset()
		s.tx.spare = append(s.tx.spare, added)
		delete(s.tx.states, key)
	}
	s.tx.observed.put(key, nil)
	s.tx.forgotten[key] = true
	s.SetUnsettled(id, false)
	s.DropUnseen(id)
	s.ForgetRestriction(id)
	for _, what := range []byte{heldAssignment, heldState} { // the members of a profile of this id are others'
		if err := s.tx.delete(s.heldKey(nil, id, what)); err != nil {
			return fmt.Errorf("forget observation: %w", err)
		}
	}
	for _, kind := range ofObservation {
		prefix := s.idKey(nil, kind, id)
		s.tx.unwrite(prefix)
		if err := s.tx.batch.DeleteRange(prefix, after(prefix), nil); err != nil {
			return fmt.Errorf("forget observation: %w", err)
		}
	}
	return nil
}

// ForgetRestriction removes that use of an observation was restricted, or had been.
func (s *Space) ForgetRestriction(id identity.ObservationID) {
	s.tx.write(s.idKey(nil, kindRestricted, id), nil)
	s.tx.restrictions = append(s.tx.restrictions, restrictChange{s.name, id, byOrder, false})
}

// forgetIndex takes an observation out of the index, and gives its 64-bit key free.
func (s *Space) forgetIndex(was *Observed) error {
	if was == nil {
		return nil
	}
	for _, i := range was.indexed() {
		if err := s.index(i, was.ID, false); err != nil {
			return err
		}
		holders, err := s.Holders(i)
		if err != nil {
			return err
		}
		if len(holders) == 0 { // of those that are left, who resolves them tells
			if _, err := s.SetShared(i, ""); err != nil {
				return err
			}
		}
	}
	key := s.shortKey(nil, identity.ObservationKey(was.ID))
	value, err := s.tx.read(key)
	if err != nil {
		return err
	}
	var left []byte
	for rest := value; len(rest) >= len(was.ID); rest = rest[len(was.ID):] {
		if uuid.UUID(rest[:len(was.ID)]) != was.ID {
			left = append(left, rest[:len(was.ID)]...)
		}
	}
	s.tx.write(key, left)
	return nil
}

func (s *Space) forgetAssignment(id identity.ObservationID) error {
	was, known, err := s.Assignment(id)
	if err != nil {
		return err
	}
	if known {
		if err := s.member(was.Profile, id, false); err != nil {
			return err
		}
	}
	s.tx.assignments.put(spaceID{s.number, id}, nil)
	return nil
}

// forgetNumber keeps of a number that it was given.
func (s *Space) forgetNumber(id identity.ObservationID) error {
	number, known, err := s.Matching(0).Find(id)
	if !known || err != nil {
		return err
	}
	s.tx.refs.put(spaceID{s.number, id}, 0)
	s.tx.ids.put(spaceRef{s.number, number}, identity.ObservationID{})
	nobody := identity.ObservationID{}
	return s.tx.set(s.numberedKey(nil, number), nobody[:])
}

// ForgetFormer removes what is kept of observations having left profiles. It goes through all that ever did.
func (s *Space) ForgetFormer(gone func(identity.ObservationID) bool) error {
	prefix := s.key(nil, kindFormer)
	return s.eachOwn(prefix, func(key, _ []byte) error {
		if gone(lastID(key)) {
			s.tx.write(bytes.Clone(key), nil)
		}
		return nil
	})
}

// unwrite takes back what the step wrote under a prefix.
func (t *Tx) unwrite(prefix []byte) {
	for key := range t.own {
		if strings.HasPrefix(key, string(prefix)) {
			delete(t.own, key)
		}
	}
}

// forgetLinks removes what people decided about an observation, at both ends.
func (s *Space) forgetLinks(id identity.ObservationID) error {
	held, err := s.heldLinks(id)
	if err != nil {
		return err
	}
	for _, l := range held {
		other := l.A
		if other == id {
			other = l.B
		}
		peers, err := s.heldLinks(other)
		if err != nil {
			return err
		}
		left := make([]heldLink, 0, len(peers))
		for _, p := range peers {
			if p.A != l.A || p.B != l.B {
				left = append(left, p)
			}
		}
		s.tx.links.put(spaceID{s.number, other}, left)
		if err := s.tx.delete(s.pairKey(kindLink, other, id)); err != nil {
			return err
		}
	}
	if s.hasLinks {
		s.tx.links.put(spaceID{s.number, id}, nil)
	}
	return nil
}

// EachItem calls f for every quarantined item of the workspace as it was before the step, without its
// payload, until f fails.
func (s *Space) EachItem(f func(*Item) error) error {
	prefix := s.key(nil, kindItem)
	err := scan(s.tx.store.db, prefix, func(key, value []byte) error {
		i, err := decodeItem(value)
		if err == nil {
			err = i.placeAt(s.name, key[len(prefix):])
		}
		if err == nil {
			err = f(i)
		}
		return err
	})
	return wrapRead("quarantine", err)
}

// OwnItems are the items that this step put.
func (s *Space) OwnItems() []*Item {
	var all []*Item
	for id, i := range s.tx.items {
		if id.space == s.number {
			all = append(all, i)
		}
	}
	return all
}

// Spaces are the workspaces that the step, or one before it, has opened.
func (t *Tx) Spaces() []*Space { return t.spaces }

// EachIdentifier calls f for every identifier that an observation of the workspace holds, this step's among
// them, until f fails. One may come twice. It reads the whole index.
func (s *Space) EachIdentifier(f func(identity.Identifier) error) error {
	prefix := s.key(nil, kindHolder)
	err := scan(s.tx.store.db, prefix, func(key, _ []byte) error {
		d := decoder{data: key[len(prefix):]}
		i := identity.Identifier{Type: d.string(), Value: d.string()}
		if d.failed {
			return fmt.Errorf("%w: identifier", ErrCorrupt)
		}
		return f(i)
	})
	if err != nil {
		return wrapRead("identifiers", err)
	}
	for held := range s.tx.holders.young {
		if held.space == s.number {
			if err := f(held.identifier); err != nil {
				return err
			}
		}
	}
	return nil
}
