package past

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/sql/store"
)

var _ profiles.HotAccounts = (*moment)(nil)

// speaker is profiles.AccountSpeaker of a row.
func speaker(row *store.EventRow) (identity.ObservationID, bool) {
	return profiles.AccountSpeaker(row.Observation, row.Source, row.RecordID, len(row.Identifiers))
}

// mention keeps that an observation's event names an account.
func (k *known) mention(row *store.EventRow, e *event.Event) {
	if e.CX == nil || e.CX.AccountID == "" {
		return
	}
	if _, person := speaker(row); !person {
		return
	}
	if k.accounts == nil {
		k.accounts = map[string]*profiles.Membership{}
	}
	m := k.accounts[e.CX.AccountID]
	if m == nil {
		m = new(profiles.Membership)
		k.accounts[e.CX.AccountID] = m
	}
	m.Apply(e)
}

// AccountsOf implements profiles.HotAccounts.
func (m *moment) AccountsOf(id identity.ObservationID, most int) ([]string, error) {
	err := m.load([]identity.ObservationID{id})
	names := slices.SortedFunc(maps.Keys(m.seen[id].accounts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return names[:min(len(names), most)], err
}

// Membership implements profiles.HotAccounts.
func (m *moment) Membership(account string, id identity.ObservationID) (*profiles.Membership, error) {
	err := m.load([]identity.ObservationID{id})
	return m.seen[id].accounts[account], err
}

// AccountParts implements profiles.HotAccounts.
func (m *moment) AccountParts(account string, most int) ([]profiles.AccountPart, error) {
	type key struct {
		saying      profiles.Saying
		observation identity.ObservationID
	}
	parts := map[key]*profiles.State{}
	err := m.eachOfAccount(account, func(row *store.EventRow, e *event.Event) {
		if !profiles.StatesAccount(e) {
			return
		}
		k := key{saying: profiles.SayingOf(e)}
		k.observation, _ = speaker(row)
		if parts[k] == nil {
			parts[k] = new(profiles.State)
		}
		parts[k].ApplyAccount(e, stream.Position{Partition: stream.Partition(row.LogPartition), Offset: row.LogOffset})
	})
	if err != nil {
		return nil, err
	}
	keys := slices.SortedFunc(maps.Keys(parts), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.saying, b.saying), bytes.Compare(a.observation[:], b.observation[:]))
	})
	var list []profiles.AccountPart
	for _, k := range keys[:min(len(keys), most)] {
		list = append(list, profiles.AccountPart{Observation: k.observation, Saying: k.saying, State: parts[k]})
	}
	return list, nil
}

// AccountMembers implements profiles.HotAccounts.
func (m *moment) AccountMembers(account string, after identity.ObservationID, most int) ([]identity.ObservationID, error) {
	members := map[identity.ObservationID]bool{}
	err := m.eachOfAccount(account, func(row *store.EventRow, _ *event.Event) {
		if id, person := speaker(row); person {
			members[id] = true
		}
	})
	ids := ascending(maps.Keys(members))
	ids = slices.DeleteFunc(ids, func(id identity.ObservationID) bool { return bytes.Compare(id[:], after[:]) <= 0 })
	return ids[:min(len(ids), most)], err
}

func (m *moment) eachOfAccount(account string, f func(*store.EventRow, *event.Event)) error {
	params := store.Params{"workspace": m.workspace, "at": m.at, "account": account}
	for row, err := range m.archive.account.Each(m.ctx, params) {
		if err != nil {
			return unavailable(err)
		}
		e, err := row.Event()
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		f(&row, e)
	}
	return nil
}
