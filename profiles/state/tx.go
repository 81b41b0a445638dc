package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/stream"
	"tributary/profiles"
)

// Tx is the one writer: a sequence of steps, each of which ends with Commit or Abort. What it
// reads includes what the step wrote. It is for one goroutine.
//
// The batch is not indexed: everything a step touches stays decoded in caches until the step
// ends, and the caches answer first.
type Tx struct {
	store   *Store
	batch   *pebble.Batch
	at      cursor // of all there was before the step
	tables  cursor // of what is in tables
	fresh   *fresh
	marks   *marks
	offsets map[stream.Partition]uint64 // set in this step
	docs    map[string]stamped          // of this step, by key in the database
	own     map[string][]byte           // values of this step that no cache holds, likewise; nil is deleted
	models  map[modelID][]byte          // of this step; nil is dropped
	changed bool                        // of documents

	spaces      []*Space
	byName      map[string]*Space
	observed    cache[spaceID, *Observed]
	assignments cache[spaceID, *identity.Assignment]
	members     cache[spaceID, []identity.ObservationID]
	states      map[spaceID]*addedState     // of this step
	accounts    map[accountID]*addedAccount // of this step
	links       cache[spaceID, []heldLink]
	holders     cache[spaceIdentifier, []identity.ObservationID]
	blocks      cache[spaceIdentifier, stamped]
	shared      cache[spaceIdentifier, identity.SharedKind]
	refs        cache[spaceID, match.Ref] // 0: none
	ids         cache[spaceRef, identity.ObservationID]
	postings    *refSets
	linked      *refSets
	counts      cache[countID, *heldCounts]
	added       []*addedState  // scratch of a commit
	spare       []*addedState  // memory of earlier steps
	whole       profiles.State // scratch
	dirtyCounts []*heldCounts
	telling     []*Space              // who has something to tell of this step
	untold      []string              // workspaces of whose feed less may be told since this step
	items       map[itemID]*Item      // of this step
	itemCounts  map[itemGroupID]int64 // what this step adds to each
	shapes      shapes
	stale       staleSet
	// Of this step: observations that were forgotten, so that what was kept of them is read no more, and
	// what the index of privacy is to take when it is committed.
	forgotten    map[spaceID]bool
	suppressions []suppressChange
	restrictions []restrictChange
	judge        staleSet // to be judged
	values       valueSet
	defined      bool     // a document of definitions changed in this step
	ticked       []*Space // whose clock moved in this step
	key, value   []byte   // scratch; a batch copies what it is given
}

type (
	spaceID struct {
		space uint32
		id    uuid.UUID
	}
	spaceIdentifier struct {
		space      uint32
		identifier identity.Identifier
	}
	countID struct {
		space  uint32
		source string
		day    stream.Day
	}
	itemID struct {
		space   uint32
		pos     stream.Position
		ordinal uint32
	}
	addedState struct {
		profiles.State
		space *Space
		id    identity.ObservationID
	}
	heldCounts struct {
		Counts
		space  *Space
		source string
		day    stream.Day
		dirty  bool
	}
)

// setsPerEntry is how many blocking keys are kept for each entry of another kind: more slow the writer
// down, for most of an observation's 30 are never asked for again.
const setsPerEntry = 2

func newTx(s *Store) (*Tx, error) {
	n := s.config.Entries
	fresh, err := newFresh(s.db)
	if err != nil {
		return nil, fmt.Errorf("flush what was there: %w", err)
	}
	t := &Tx{
		store: s, at: cursor{db: s.db}, tables: cursor{db: s.db, durable: true}, fresh: fresh,
		offsets: map[stream.Partition]uint64{}, docs: map[string]stamped{}, items: map[itemID]*Item{}, itemCounts: map[itemGroupID]int64{}, shapes: newShapes(),
		own: map[string][]byte{}, models: map[modelID][]byte{}, forgotten: map[spaceID]bool{},
		byName:      map[string]*Space{},
		observed:    newCache[spaceID, *Observed](n),
		assignments: newCache[spaceID, *identity.Assignment](n),
		members:     newCache[spaceID, []identity.ObservationID](n),
		states:      map[spaceID]*addedState{},
		accounts:    map[accountID]*addedAccount{},
		links:       newCache[spaceID, []heldLink](n),
		holders:     newCache[spaceIdentifier, []identity.ObservationID](n),
		blocks:      newCache[spaceIdentifier, stamped](n),
		shared:      newCache[spaceIdentifier, identity.SharedKind](n),
		refs:        newCache[spaceID, match.Ref](n),
		ids:         newCache[spaceRef, identity.ObservationID](n),
		counts:      newCache[countID, *heldCounts](n),
	}
	in := places{fresh, &t.at, &t.tables}
	t.postings, t.linked = newRefSets(kindPosting, in, setsPerEntry*n), newRefSets(kindLinked, in, n)
	if t.marks, err = newMarks(s.db, in, s.config.Horizon); err != nil {
		return nil, err
	}
	if err = errors.Join(t.stale.load(s.db, kindStale), t.judge.load(s.db, kindJudge)); err != nil {
		return nil, fmt.Errorf("read stale profiles: %w", err)
	}
	t.batch = s.db.NewBatch()
	return t, nil
}

// Batch is the batch that the next Commit commits, for the outbox.
func (t *Tx) Batch() *pebble.Batch { return t.batch }

// Offset returns the next offset to apply of a partition, as of this step.
func (t *Tx) Offset(p stream.Partition) uint64 {
	if next, ok := t.offsets[p]; ok {
		return next
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	return t.store.applied[p]
}

// SetOffset says that every record of a partition before next is applied.
func (t *Tx) SetOffset(p stream.Partition, next uint64) { t.offsets[p] = next }

// Seen returns the mark that a message id left, if its record was received at most the horizon
// before or after the given time.
func (t *Tx) Seen(id MessageHash, received time.Time) (Mark, bool, error) {
	mark, found, err := t.marks.seen(id, received)
	if err != nil {
		return mark, false, fmt.Errorf("look up message id: %w", err)
	}
	return mark, found, nil
}

// Remember leaves a mark for a message id.
func (t *Tx) Remember(id MessageHash, mark Mark) { t.marks.add(id, mark) }

// Expire forgets the message ids that no record received since now - horizon can ask for.
func (t *Tx) Expire(now time.Time) error { return t.marks.expire(t.batch, now) }

// Commit ends the step: all of it becomes visible at once, to readers too. It is not synced; after
// a power loss the log is applied again from the offsets that are there then.
func (t *Tx) Commit() error {
	if err := t.flush(); err != nil {
		return fmt.Errorf("commit state: %w", err)
	}
	if err := t.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("commit state: %w", err)
	}
	if t.changed {
		t.store.docs.Add(1)
	}
	if t.defined {
		t.store.definitionsRevision.Add(1)
	}
	t.judge.commit()
	t.stale.commit()
	t.store.stale.Store(int64(len(t.stale.queue)))
	t.store.privacy.take(t.suppressions, t.restrictions)
	t.store.advance(t.offsets)
	t.store.live.take(t.telling, t.untold, t.restrictions)
	if err := t.endStep(); err != nil {
		return fmt.Errorf("commit state: %w", err)
	}
	t.observed.trim()
	t.assignments.trim()
	t.members.trim()
	t.links.trim()
	t.holders.trim()
	t.blocks.trim()
	t.shared.trim()
	t.refs.trim()
	t.ids.trim()
	t.postings.cached.trim()
	t.linked.cached.trim()
	t.counts.trim()
	return t.renew()
}

// renew replaces the committed batch; Pebble reuses the memory of the closed one.
func (t *Tx) renew() error {
	if err := t.batch.Close(); err != nil {
		return fmt.Errorf("end state batch: %w", err)
	}
	t.batch = t.store.db.NewBatch()
	return nil
}

// Abort drops the step, and with it all that is cached, for cached values were changed in place.
func (t *Tx) Abort() {
	_ = t.endStep() // of a read that failed the caller knows
	t.stale.abort()
	t.judge.abort()
	t.observed.clear()
	t.assignments.clear()
	t.members.clear()
	t.links.clear()
	t.holders.clear()
	t.blocks.clear()
	t.shared.clear()
	t.refs.clear()
	t.ids.clear()
	t.postings.cached.clear()
	t.linked.cached.clear()
	t.counts.clear()
	clear(t.shapes.names)
	t.spaces = nil
	clear(t.byName)
	t.batch.Reset()
}

func (t *Tx) endStep() error {
	clear(t.offsets)
	clear(t.docs)
	clear(t.own)
	clear(t.models)
	clear(t.forgotten)
	t.suppressions, t.restrictions = t.suppressions[:0], t.restrictions[:0]
	t.postings.endStep()
	t.linked.endStep()
	t.marks.endStep()
	clear(t.items)
	clear(t.itemCounts)
	t.shapes.endStep()
	t.forgetStates()
	clear(t.accounts)
	t.values.forget()
	t.forgetTelling()
	t.ticked, t.defined = t.ticked[:0], false
	t.dirtyCounts, t.changed = t.dirtyCounts[:0], false
	return errors.Join(t.at.end(), t.tables.end(), t.fresh.turn())
}

// flush encodes what the step changed in place, each thing once.
func (t *Tx) flush() error {
	if err := t.marks.flush(t.batch); err != nil {
		return err
	}
	if err := errors.Join(t.flushStates(), t.flushAccounts(), t.postings.flush(t), t.linked.flush(t), t.flushShapes(), t.flushItemCounts(), t.flushValues(), t.flushClocks(), t.flushErasures(), t.flushLive(), t.flushOwn()); err != nil {
		return err
	}
	for _, h := range t.dirtyCounts {
		h.dirty = false
		t.value = h.append(t.value[:0])
		t.key = h.space.countKey(t.key, h.source, h.day)
		if err := t.set(t.key, t.value); err != nil {
			return err
		}
	}
	for p, next := range t.offsets {
		t.key = offsetKey(t.key, p)
		if err := t.set(t.key, binary.BigEndian.AppendUint64(t.value[:0], next)); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) flushOwn() error {
	for key, value := range t.own {
		t.key = append(t.key[:0], key...)
		if value == nil {
			if err := t.delete(t.key); err != nil {
				return err
			}
		} else if err := t.set(t.key, value); err != nil {
			return err
		}
	}
	return nil
}

// read returns the value of a key that is written by write alone; nil when there is none.
func (t *Tx) read(key []byte) ([]byte, error) {
	if value, ok := t.own[string(key)]; ok {
		return value, nil
	}
	return t.at.get(key)
}

// write sets a value, which the caller does not change afterwards; nil deletes it.
func (t *Tx) write(key, value []byte) { t.own[string(key)] = value }

func (t *Tx) set(key, value []byte) error { return t.batch.Set(key, value, nil) }

func (t *Tx) delete(key []byte) error { return t.batch.Delete(key, nil) }

// Workspace returns the writer's view of one workspace, which holds until Abort.
func (t *Tx) Workspace(name string) (*Space, error) {
	if s, ok := t.byName[name]; ok {
		return s, nil
	}
	s := &Space{tx: t, space: newSpace(name), kinds: t.store.presence.kinds(name), number: uint32(len(t.spaces))}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	t.spaces = append(t.spaces, s)
	t.byName[name] = s
	return s, nil
}
