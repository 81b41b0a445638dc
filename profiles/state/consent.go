package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/consent"
)

// What was said of consent is a ledger for each subject: a contact point or an observation. It is read,
// changed and written, since it is rarely spoken of; most workspaces have none.
//
// Refusals that were carried (consent.Carry) wait under kindCarried until the log has them as a command.
// Under it there are, too, the observations that were not looked at yet.

// The second parts of keys of kindCarried.
const (
	carriedCommand = 'c' // followed by the command's id; the value is the command
	carriedUnseen  = 'u' // followed by an observation
)

// The second parts of keys of kindConsent.
const (
	consentContact = 'c'
	consentPerson  = 'o'
)

func (s space) consentKey(of consent.Subject) []byte {
	b := s.key(nil, kindConsent)
	if !of.IsContact() {
		return append(append(b, consentPerson), of.Observation[:]...)
	}
	return appendString(appendString(append(b, consentContact), of.Contact.Type), of.Contact.Value)
}

func (s space) carriedKey(part byte, id string) []byte {
	return append(append(s.key(nil, kindCarried), part), id...)
}

// HasConsent says whether anything was ever said of consent in this workspace.
func (s *Space) HasConsent() bool { return s.has(kindConsent) }

// Consent returns what was said of a subject as of this step; it is the caller's.
func (s *Space) Consent(of consent.Subject) (*consent.Ledger, error) {
	if !s.has(kindConsent) {
		return &consent.Ledger{}, nil
	}
	value, err := s.tx.read(s.consentKey(of))
	return decodeConsent(value, err)
}

func decodeConsent(value []byte, err error) (*consent.Ledger, error) {
	l := &consent.Ledger{}
	if err == nil && value != nil {
		if err = l.UnmarshalBinary(value); err != nil {
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	return l, wrapRead("consent", err)
}

// Say adds a statement to what was said of its subject, and says whether that changed anything.
func (s *Space) Say(x *consent.Said) (bool, error) {
	return s.changeConsent(x.Subject, func(l *consent.Ledger) bool { return l.Add(x.Statement) })
}

// Hold adds a refusal that is carried to a subject, and says whether that changed anything.
func (s *Space) Hold(x *consent.Said) (bool, error) {
	return s.changeConsent(x.Subject, func(l *consent.Ledger) bool { return l.Hold(x.Statement) })
}

func (s *Space) changeConsent(of consent.Subject, change func(*consent.Ledger) bool) (bool, error) {
	l, err := s.Consent(of)
	if err != nil || !change(l) {
		return false, err
	}
	value, err := l.AppendBinary(nil)
	if err != nil {
		return false, err
	}
	s.kinds.put(kindConsent)
	s.tx.write(s.consentKey(of), value)
	return true, nil
}

// EachConsent calls f with every subject of which anything was said, as of this step, and what was. f may
// change it.
func (s *Space) EachConsent(f func(consent.Subject, *consent.Ledger) error) error {
	if !s.has(kindConsent) {
		return nil
	}
	prefix := s.key(nil, kindConsent)
	return s.eachOwn(prefix, func(key, value []byte) error {
		of, err := decodeConsentKey(key[len(prefix):])
		if err != nil {
			return err
		}
		l, err := decodeConsent(value, nil)
		if err != nil {
			return err
		}
		return f(of, l)
	})
}

// EachCarried calls f with every command that waits, as of this step. f may drop it.
func (s *Space) EachCarried(f func(id string, command []byte) error) error {
	prefix := s.carriedKey(carriedCommand, "")
	return s.eachOwn(prefix, func(key, value []byte) error { return f(string(key[len(prefix):]), value) })
}

// eachOwn calls f with what is kept under a prefix by write alone, as of this step.
func (s *Space) eachOwn(prefix []byte, f func(key, value []byte) error) error {
	changed := map[string][]byte{}
	for key, value := range s.tx.own {
		if strings.HasPrefix(key, string(prefix)) {
			changed[key] = value
		}
	}
	err := scan(s.tx.store.db, prefix, func(key, value []byte) error {
		if _, ok := changed[string(key)]; ok {
			return nil
		}
		return f(key, value)
	})
	if err != nil {
		return wrapRead("consent", err)
	}
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		if value := changed[key]; value != nil {
			if err := f([]byte(key), value); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeConsentKey(key []byte) (of consent.Subject, err error) {
	d := decoder{data: key}
	switch d.byte() {
	case consentPerson:
		copy(of.Observation[:], d.take(len(of.Observation)))
	case consentContact:
		of.Contact.Type = d.string()
		of.Contact.Value = d.string()
	default:
		return of, ErrCorrupt
	}
	return of, d.end("subject of consent")
}

// PutConsent replaces what was said of a subject.
func (s *Space) PutConsent(of consent.Subject, l *consent.Ledger) error {
	if l.Empty() {
		s.ForgetConsent(of)
		return nil
	}
	value, err := l.AppendBinary(nil)
	if err == nil {
		s.tx.write(s.consentKey(of), value)
	}
	return err
}

// ForgetConsent forgets all that was said of a subject.
func (s *Space) ForgetConsent(of consent.Subject) { s.tx.write(s.consentKey(of), nil) }

// AddCarried has a command wait until the log has it. The ids of the commands of one workspace differ.
func (s *Space) AddCarried(id string, command []byte) {
	s.tx.write(s.carriedKey(carriedCommand, id), command)
}

// DropCarried says that the log has the command of that id.
func (s *Space) DropCarried(id string) { s.tx.write(s.carriedKey(carriedCommand, id), nil) }

// PutUnseen notes an observation that is to be looked at later, and DropUnseen that it was.
func (s *Space) PutUnseen(id identity.ObservationID) {
	s.tx.write(s.carriedKey(carriedUnseen, string(id[:])), []byte{})
}

// DropUnseen undoes PutUnseen.
func (s *Space) DropUnseen(id identity.ObservationID) {
	s.tx.write(s.carriedKey(carriedUnseen, string(id[:])), nil)
}

// Unseen lists at most n observations, ascending, that PutUnseen noted before this step.
func (s *Space) Unseen(n int) ([]identity.ObservationID, error) {
	var ids []uuid.UUID
	err := scan(s.tx.store.db, s.carriedKey(carriedUnseen, ""), func(key, _ []byte) error {
		if len(ids) == n {
			return errStop
		}
		ids = append(ids, lastID(key))
		return nil
	})
	return ids, wrapRead("unseen observations", err)
}

// CarriedID names a command that waits until the log has it.
type CarriedID struct{ Workspace, ID string }

// Carried is a command that waits until the log has it.
type Carried struct {
	CarriedID
	Command []byte
}

// Carried lists at most n commands that wait, of all workspaces, behind one of them; the zero one is
// before all.
func (s *Store) Carried(behind Carried, n int) ([]Carried, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	from := []byte{kindCarried}
	if behind.Workspace != "" {
		from = append(newSpace(behind.Workspace).carriedKey(carriedCommand, behind.ID), 0)
	}
	var all []Carried
	err := scanRange(s.db, from, []byte{kindCarried + 1}, func(key, value []byte) error {
		if len(all) == n {
			return errStop
		}
		d := decoder{data: key[1:]}
		x := Carried{CarriedID: CarriedID{Workspace: d.string()}}
		if len(d.data) > 0 && d.data[0] == carriedCommand {
			x.ID, x.Command = string(d.data[1:]), append([]byte(nil), value...)
			all = append(all, x)
		}
		return nil
	})
	return all, wrapRead("carried refusals", err)
}

// UnseenWorkspaces lists the workspaces in which observations wait to be looked at.
func (s *Store) UnseenWorkspaces() ([]string, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	var names []string
	from := []byte{kindCarried}
	for {
		found := false
		err := scanRange(s.db, from, []byte{kindCarried + 1}, func(key, _ []byte) error {
			d := decoder{data: key[1:]}
			w := newSpace(d.string())
			if len(d.data) > 0 && d.data[0] == carriedCommand {
				from = after(w.carriedKey(carriedCommand, ""))
			} else {
				names, from = append(names, w.name), after(w.key(nil, kindCarried))
			}
			found = true
			return errStop
		})
		if err != nil || !found {
			return names, wrapRead("unseen observations", err)
		}
	}
}

// Consent implements profiles.ConsentFacts.
func (h *Snapshot) Consent(of consent.Subject) (*consent.Ledger, error) {
	l := &consent.Ledger{}
	_, err := h.view(h.consentKey(of), l.UnmarshalBinary)
	if errors.Is(err, consent.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return l, wrapRead("consent", err)
}

// HasConsent implements profiles.ConsentFacts.
func (h *Snapshot) HasConsent() bool {
	return h.has(kindConsent)
}

// Blocked implements profiles.ConsentFacts.
func (h *Snapshot) Blocked(i identity.Identifier) (bool, error) {
	held, err := h.heldBlock(i)
	return len(held.value) > 0, err
}

func (h *Snapshot) heldBlock(i identity.Identifier) (stamped, error) {
	if !h.has(kindBlock) {
		return stamped{}, nil
	}
	held, err := readBlock(h.get, h.space, i)
	return held, wrapRead("block", err)
}
