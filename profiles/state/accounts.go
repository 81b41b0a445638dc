package state

import (
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2"

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
	state      *profiles.State // nil: nothing is said of the account
}

func (s space) accountKey(b []byte, kind byte, account string) []byte {
	return appendString(s.key(b, kind), account)
}

func (s space) accountPartKey(b []byte, kind byte, account string, id identity.ObservationID) []byte {
	return append(s.accountKey(b, kind, account), id[:]...)
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
func (s *Space) AddAccount(account string, id identity.ObservationID) *profiles.State {
	added := s.account(account, id)
	if added.state == nil {
		added.state = new(profiles.State)
	}
	return added.state
}

// ForgetAccounts deletes what an observation says of accounts, and its memberships. The step must not
// have added to them.
func (s *Space) ForgetAccounts(id identity.ObservationID) error {
	names, err := s.AccountsOf(id)
	if err != nil {
		return err
	}
	for _, name := range names {
		delete(s.tx.accounts, accountID{s.number, name, id})
		s.tx.write(s.accountPartKey(nil, kindAccount, name, id), nil)
		s.tx.write(s.accountPartKey(nil, kindAccountMember, name, id), nil)
		s.tx.write(appendString(s.accountsOfKey(nil, id), name), nil)
	}
	return nil
}

// AccountsOf lists the accounts that an observation's events named before this step, ascending.
func (s *Space) AccountsOf(id identity.ObservationID) ([]string, error) {
	names, err := readAccountsOf(s.tx.store.db, s.space, id)
	return names, wrapRead("accounts", err)
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
	t.key = appendString(s.accountsOfKey(t.key, id.observation), id.account)
	if err = t.set(t.key, nil); err != nil {
		return err
	}
	t.key = s.accountPartKey(t.key, kindAccountMember, id.account, id.observation)
	if t.value, err = added.membership.AppendBinary(t.value[:0]); err != nil {
		return err
	}
	if err = t.batch.Merge(t.key, t.value, nil); err != nil || added.state == nil {
		return err
	}
	t.key = s.accountPartKey(t.key, kindAccount, id.account, id.observation)
	if t.value, err = added.state.AppendBinary(t.value[:0]); err != nil {
		return err
	}
	return t.batch.Merge(t.key, t.value, nil)
}

func readAccountsOf(db pebble.Reader, s space, id identity.ObservationID) (names []string, err error) {
	prefix := s.accountsOfKey(nil, id)
	err = scan(db, prefix, func(key, _ []byte) error {
		d := decoder{data: key[len(prefix):]} // as appendString wrote it, without a version
		names = append(names, d.string())
		return d.end("account of an observation")
	})
	slices.Sort(names)
	return names, err
}

var _ profiles.HotAccounts = (*Snapshot)(nil)

// AccountsOf implements profiles.HotAccounts.
func (h *Snapshot) AccountsOf(id identity.ObservationID) ([]string, error) {
	names, err := readAccountsOf(h.db, h.space, id)
	return names, wrapRead("accounts", err)
}

// Membership implements profiles.HotAccounts.
func (h *Snapshot) Membership(account string, id identity.ObservationID) (*profiles.Membership, error) {
	m := new(profiles.Membership)
	h.key = h.accountPartKey(h.key, kindAccountMember, account, id)
	found, err := h.view(h.key, m.UnmarshalBinary)
	if !found || err != nil {
		return nil, wrapRead("membership", err)
	}
	return m, nil
}

// AccountParts implements profiles.HotAccounts.
func (h *Snapshot) AccountParts(account string, most int) (parts []profiles.AccountPart, err error) {
	err = scan(h.db, h.accountKey(nil, kindAccount, account), func(key, value []byte) error {
		if len(parts) == most {
			return errStop
		}
		part := profiles.AccountPart{Observation: lastID(key), State: new(profiles.State)}
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
