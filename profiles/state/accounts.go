package state

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"tributary/identity"
	"tributary/profiles"
)

// What a step says of accounts is added to what is kept by operands, as states are: nothing is read.

// accountID is an account and an observation whose events name it.
type accountID struct {
	space       uint32
	account     string
	observation identity.ObservationID
}

// addedAccount is what a step adds.
type addedAccount struct {
	space      *Space
	membership profiles.Membership
	states     [sayings]*profiles.State // nil: nothing is said of the account
}

// sayings is how many kinds of part an account has.
const sayings = profiles.SayingTraits + 1

func (s space) accountKey(b []byte, kind byte, account string) []byte {
	return appendString(s.key(b, kind), account)
}

func (s space) accountMemberKey(b []byte, account string, id identity.ObservationID) []byte {
	return append(s.accountKey(b, kindAccountMember, account), id[:]...)
}

func (s space) accountPartKey(b []byte, account string, saying profiles.Saying, id identity.ObservationID) []byte {
	return append(append(s.accountKey(b, kindAccount, account), byte(saying)), id[:]...)
}

// accountOfKey has the length of two bytes, so that the shortest stand first whatever the length.
func (s space) accountOfKey(b []byte, id identity.ObservationID, account string) []byte {
	return append(binary.BigEndian.AppendUint16(s.accountsOfKey(b, id), uint16(len(account))), account...)
}

func (s space) accountsOfKey(b []byte, id identity.ObservationID) []byte {
	return s.idKey(b, kindAccountsOf, id)
}

func (s *Space) account(account string, id identity.ObservationID) *addedAccount {
	key := accountID{s.number, account, id}
	added, ok := s.tx.accounts[key]
	if !ok {
		added = &addedAccount{space: s}
		s.tx.accounts[key] = added
	}
	return added
}

// AddMembership returns what the step adds to an observation's part in an account, to be changed by the
// caller within this step: at first the zero one.
func (s *Space) AddMembership(account string, id identity.ObservationID) *profiles.Membership {
	return &s.account(account, id).membership
}

// AddAccount returns what the step adds to what an observation says of an account, likewise.
func (s *Space) AddAccount(account string, id identity.ObservationID, saying profiles.Saying) *profiles.State {
	added := s.account(account, id)
	if added.states[saying] == nil {
		added.states[saying] = new(profiles.State)
	}
	return added.states[saying]
}

// forgetAccounts deletes what an observation says of accounts, and its memberships. What the step adds
// afterwards stays.
func (s *Space) forgetAccounts(id identity.ObservationID) error {
	for key := range s.tx.accounts {
		if key.space == s.number && key.observation == id {
			delete(s.tx.accounts, key)
		}
	}
	names, err := readAccountsOf(s.tx.at.each, s.space, id, math.MaxInt)
	if err != nil {
		return wrapRead("accounts", err)
	}
	for _, name := range names {
		keys := [][]byte{s.accountMemberKey(nil, name, id), s.accountOfKey(nil, id, name)}
		for saying := range sayings {
			keys = append(keys, s.accountPartKey(nil, name, saying, id))
		}
		for _, key := range keys {
			if err := s.tx.delete(key); err != nil {
				return fmt.Errorf("forget accounts: %w", err)
			}
		}
	}
	return nil
}

func (t *Tx) flushAccounts() error {
	for id, added := range t.accounts {
		if err := t.flushAccount(id, added); err != nil {
			return fmt.Errorf("write account: %w", err)
		}
	}
	clear(t.accounts)
	return nil
}

func (t *Tx) flushAccount(id accountID, added *addedAccount) (err error) {
	s := added.space
	if added.membership.Mentions() > 0 {
		s.kinds.put(kindAccountsOf)
		t.key = s.accountOfKey(t.key, id.observation, id.account)
		if err = t.set(t.key, nil); err != nil {
			return err
		}
		t.key = s.accountMemberKey(t.key, id.account, id.observation)
		if t.value, err = added.membership.AppendBinary(t.value[:0]); err != nil {
			return err
		}
		if err = t.batch.Merge(t.key, t.value, nil); err != nil {
			return err
		}
	}
	for saying, state := range added.states {
		if state == nil {
			continue
		}
		t.key = s.accountPartKey(t.key, id.account, profiles.Saying(saying), id.observation)
		if t.value, err = state.AppendBinary(t.value[:0]); err != nil {
			return err
		}
		if err = t.batch.Merge(t.key, t.value, nil); err != nil {
			return err
		}
	}
	return nil
}

func readAccountsOf(each func([]byte, func(key []byte) error) error, s space, id identity.ObservationID, most int) (names []string, err error) {
	prefix := s.accountsOfKey(nil, id)
	err = each(prefix, func(key []byte) error {
		if len(names) == most {
			return errStop
		}
		rest := key[len(prefix):]
		if len(rest) < 2 || int(binary.BigEndian.Uint16(rest)) != len(rest)-2 {
			return fmt.Errorf("%w: account of an observation", ErrCorrupt)
		}
		names = append(names, string(rest[2:]))
		return nil
	})
	return names, err
}

var _ profiles.HotAccounts = (*Snapshot)(nil)

// AccountsOf implements profiles.HotAccounts.
func (h *Snapshot) AccountsOf(id identity.ObservationID, most int) ([]string, error) {
	if !h.has(kindAccountsOf) {
		return nil, nil
	}
	names, err := readAccountsOf(h.at.each, h.space, id, most)
	return names, wrapRead("accounts", err)
}

// Membership implements profiles.HotAccounts.
func (h *Snapshot) Membership(account string, id identity.ObservationID) (*profiles.Membership, error) {
	m := new(profiles.Membership)
	h.key = h.accountMemberKey(h.key, account, id)
	found, err := h.view(h.key, m.UnmarshalBinary)
	if !found || err != nil {
		return nil, wrapRead("membership", err)
	}
	return m, nil
}

// AccountParts implements profiles.HotAccounts.
func (h *Snapshot) AccountParts(account string, most int) (parts []profiles.AccountPart, err error) {
	prefix := h.accountKey(nil, kindAccount, account)
	err = scan(h.db, prefix, func(key, value []byte) error {
		if len(parts) == most {
			return errStop
		}
		part := profiles.AccountPart{Observation: lastID(key), Saying: profiles.Saying(key[len(prefix)]), State: new(profiles.State)}
		parts = append(parts, part)
		return part.State.UnmarshalBinary(value)
	})
	return parts, wrapRead("account", err)
}

// AccountMembers implements profiles.HotAccounts.
func (h *Snapshot) AccountMembers(account string, beyond identity.ObservationID, most int) ([]identity.ObservationID, error) {
	prefix := h.accountKey(nil, kindAccountMember, account)
	from := append(slices.Clone(prefix), beyond[:]...)
	var ids []identity.ObservationID
	err := scanRange(h.db, from, after(prefix), func(key, _ []byte) error {
		if len(ids) == most {
			return errStop
		}
		if id := lastID(key); id != beyond {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, wrapRead("account members", err)
}

// membershipFolding folds memberships, which are few and small.
type membershipFolding struct{ sum, x profiles.Membership }

func newMembershipFolding(value []byte) (*membershipFolding, error) {
	f := new(membershipFolding)
	return f, f.sum.UnmarshalBinary(value)
}

// MergeNewer implements pebble.ValueMerger.
func (f *membershipFolding) MergeNewer(value []byte) error {
	if err := f.x.UnmarshalBinary(value); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	f.sum.Merge(&f.x)
	return nil
}

// MergeOlder implements pebble.ValueMerger.
func (f *membershipFolding) MergeOlder(value []byte) error { return f.MergeNewer(value) }

// Finish implements pebble.ValueMerger.
func (f *membershipFolding) Finish(bool) ([]byte, io.Closer, error) {
	value, err := f.sum.AppendBinary(nil)
	return value, nil, err
}
