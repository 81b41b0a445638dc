package past

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/sql/store"
)

// moment is a workspace as it was known at a time: a profiles.Hot. What it looks up it remembers, and it
// looks up much at once, because every question to the engine costs milliseconds.
type moment struct {
	*then
	today     profiles.Hot // which knows who was erased
	workspace string
	at        int64 // Unix milliseconds
	seen      map[identity.ObservationID]*known
	shared    map[identity.Identifier]identity.SharedKind
}

// known is what is known of an observation.
type known struct {
	there       bool // it was known at all
	assignment  identity.Assignment
	observation *identity.Observation
	state       *profiles.State
	accounts    map[string]*profiles.Membership
	whole       bool // observation and state were looked up
}

var _ profiles.Hot = (*moment)(nil)

// Close implements profiles.Hot.
func (m *moment) Close() error { return m.today.Close() }

func (m *moment) params(ids []identity.ObservationID) store.Params {
	return about(m.workspace, m.at, ids)
}

// place looks up where observations belonged.
func (m *moment) place(ids []identity.ObservationID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id identity.ObservationID) bool { return m.seen[id] != nil })
	if len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		m.seen[id] = &known{assignment: identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}}
	}
	for row, err := range m.archive.seen.Each(m.ctx, m.params(ids)) {
		if err != nil {
			return unavailable(err)
		}
		k := m.seen[row.Observation]
		known, err := m.today.Observation(row.Observation)
		if err != nil {
			return fmt.Errorf("look up who is there now: %w", err)
		}
		if known == nil {
			continue // erased, and the archive holds it still
		}
		k.there = true
		k.observation = &identity.Observation{
			ID: row.Observation, Workspace: m.workspace, Source: row.FirstSource,
			FirstReceived: row.FirstReceived.UTC(), FirstSeen: row.FirstSeen.UTC(),
		}
	}
	for row, err := range m.archive.assignments.Each(m.ctx, m.params(ids)) {
		if err != nil {
			return unavailable(err)
		}
		m.seen[row.Observation].assignment = identity.Assignment{
			Observation: row.Observation, Profile: row.Profile, Standing: identity.Standing(row.Standing), Candidates: row.Candidates,
			Reason: identity.Reason{Rule: row.Rule, IdentifierType: row.IdentifierType, Peer: row.Peer},
		}
	}
	return nil
}

// load looks up all there is of observations.
func (m *moment) load(ids []identity.ObservationID) error {
	if err := m.place(ids); err != nil {
		return err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id identity.ObservationID) bool { return m.seen[id].whole || !m.seen[id].there })
	if len(ids) == 0 {
		return nil
	}
	if err := m.loadContents(ids); err != nil {
		return err
	}
	for row, err := range m.archive.events.Each(m.ctx, m.params(ids)) {
		if err != nil {
			return unavailable(err)
		}
		e, err := row.Event()
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		k := m.seen[row.Observation]
		if k.state == nil {
			k.state = new(profiles.State)
		}
		k.mention(&row, e)
		k.state.Apply(e, stream.Position{Partition: stream.Partition(row.LogPartition), Offset: row.LogOffset})
	}
	for _, id := range ids {
		m.seen[id].whole = true
	}
	return nil
}

// loadContents fills in identifiers and attributes: of a record those of its newest version.
func (m *moment) loadContents(ids []identity.ObservationID) error {
	newest := map[identity.ObservationID]*factRow{}
	for row, err := range m.archive.facts.Each(m.ctx, m.params(ids)) {
		if err != nil {
			return unavailable(err)
		}
		if was := newest[row.Observation]; was == nil || row.newer(was) {
			newest[row.Observation] = &row
		}
	}
	for id, row := range newest {
		if err := row.fill(m.seen[id].observation); err != nil {
			return err
		}
	}
	return nil
}

// ascending sorts ids.
func ascending(ids iter.Seq[uuid.UUID]) []uuid.UUID {
	return slices.SortedFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// newer is the order of versions of a record: that of unify.
func (r *factRow) newer(o *factRow) bool {
	return cmp.Or(
		event.CompareVersions(r.RecordVersion, o.RecordVersion), r.At.Compare(o.At), cmp.Compare(r.MessageID, o.MessageID),
	) > 0
}

// fill puts what a fact tells into an observation.
func (r *factRow) fill(o *identity.Observation) error {
	var body struct {
		Identifiers []identity.Identifier `json:"identifiers"`
		Attributes  map[string]string     `json:"attributes"`
	}
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		return fmt.Errorf("read fact: %w", store.ErrInvalid)
	}
	o.RecordID, o.Session, o.Identifiers = r.RecordID, r.Session, body.Identifiers
	o.Attributes = nil
	for name, value := range body.Attributes {
		o.Attributes = append(o.Attributes, identity.Attribute{Name: name, Value: value})
	}
	slices.SortFunc(o.Attributes, func(a, b identity.Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// Assignment implements profiles.Hot.
func (m *moment) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	if err := m.place([]identity.ObservationID{id}); err != nil {
		return identity.Assignment{}, false, err
	}
	k := m.seen[id]
	return k.assignment, k.there, nil
}

// Members implements profiles.Hot.
func (m *moment) Members(id identity.ProfileID) ([]identity.ObservationID, error) {
	params := store.Params{"workspace": m.workspace, "at": m.at, "profile": id}
	rows, err := m.archive.members.All(m.ctx, params)
	if err != nil {
		return nil, unavailable(err)
	}
	ids := []identity.ObservationID{id}
	for _, r := range rows {
		ids = append(ids, r.Observation)
	}
	ids = slices.Compact(ascending(slices.Values(ids)))
	if err := m.load(ids); err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(o identity.ObservationID) bool { return !m.seen[o].there || m.seen[o].assignment.Profile != id })
	return ids, m.loadShared(ids)
}

// Parts implements profiles.Hot.
func (m *moment) Parts(id identity.ProfileID, since uint64) ([]identity.ProfileID, error) {
	own, there, err := m.Assignment(id)
	if err != nil || !there || own.Profile == id && since == 0 {
		return nil, err
	}
	rows, err := m.archive.former.All(m.ctx, store.Params{"workspace": m.workspace, "at": m.at, "profile": id})
	if err != nil {
		return nil, unavailable(err)
	}
	var former []identity.ObservationID
	for _, r := range rows {
		if r.LeftAt > since || own.Profile != id {
			former = append(former, r.Observation)
		}
	}
	if err := m.place(former); err != nil {
		return nil, err
	}
	parts := []identity.ProfileID{own.Profile}
	for _, o := range former {
		if k := m.seen[o]; k.there {
			parts = append(parts, k.assignment.Profile)
		}
	}
	if parts = slices.Compact(ascending(slices.Values(parts))); len(parts) == 1 {
		return nil, nil
	}
	return parts, nil
}

// Observation implements profiles.Hot.
func (m *moment) Observation(id identity.ObservationID) (*identity.Observation, error) {
	err := m.load([]identity.ObservationID{id})
	return m.seen[id].observation, err
}

// State implements profiles.Hot.
func (m *moment) State(id identity.ObservationID) (*profiles.State, error) {
	err := m.load([]identity.ObservationID{id})
	return m.seen[id].state, err
}

// Holders implements profiles.Hot.
func (m *moment) Holders(i identity.Identifier) ([]identity.ObservationID, error) {
	params := store.Params{"workspace": m.workspace, "identifier_key": m.keys.IdentifierKey(m.workspace, i)}
	rows, err := m.archive.holders.All(m.ctx, params)
	if err != nil {
		return nil, unavailable(err)
	}
	ids := make([]identity.ObservationID, len(rows))
	for n, r := range rows {
		ids[n] = r.Observation
	}
	if err := m.place(ids); err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id identity.ObservationID) bool { return !m.seen[id].there })
	if len(ids) == 0 {
		return nil, nil
	}
	if err := m.loadContents(ids); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id identity.ObservationID) bool {
		return !slices.Contains(m.seen[id].observation.Identifiers, i)
	}), nil
}

// loadShared looks up what the identifiers of observations seemed to belong to.
func (m *moment) loadShared(ids []identity.ObservationID) error {
	held := map[uint64]identity.Identifier{}
	for _, id := range ids {
		for _, i := range m.seen[id].observation.Identifiers {
			if _, known := m.shared[i]; !known && !identity.OfContact(i.Type) {
				m.shared[i] = ""
				held[m.keys.IdentifierKey(m.workspace, i)] = i
			}
		}
	}
	if len(held) == 0 {
		return nil
	}
	keys := make([]uint64, 0, len(held))
	for key := range held {
		keys = append(keys, key)
	}
	for row, err := range m.archive.shared.Each(m.ctx, store.Params{"workspace": m.workspace, "at": m.at, "identifier_keys": keys}) {
		if err != nil {
			return unavailable(err)
		}
		switch kind := identity.SharedKind(row.Kind); kind {
		case identity.SharedHousehold, identity.SharedPlace, identity.SharedSeveral:
			m.shared[held[row.Key]] = kind
		default: // told to be shared no more
		}
	}
	return nil
}

// Shared implements profiles.Hot. It knows of the identifiers of those whose members were listed.
func (m *moment) Shared(i identity.Identifier) (identity.SharedKind, error) { return m.shared[i], nil }

// IdentityVersion implements profiles.Hot.
func (m *moment) IdentityVersion() (uint64, error) {
	row, err := m.archive.version.One(m.ctx, store.Params{"workspace": m.workspace, "at": m.at})
	if err != nil {
		return 0, unavailable(err)
	}
	return row.Version, nil
}
