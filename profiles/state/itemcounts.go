package state

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// Pages ask every few seconds how much is quarantined, of which source and for which reason. Items are kept for ever,
// so reading them all would cost more with every one; each step counts what it puts instead, in its own batch.

// ItemGroup is what quarantined items are counted by.
type ItemGroup struct {
	Source, Stage, Reason string
	Status                Status
	Day                   stream.Day // of receipt
}

type itemGroupID struct {
	space uint32
	ItemGroup
}

func (i *Item) group() ItemGroup {
	return ItemGroup{i.Source, i.Stage, i.Reason, i.Status, stream.DayOf(i.ReceivedAt)}
}

// regroup counts an item that takes the place of another; nil: of none.
func (s *Space) regroup(was, now *Item) {
	if was != nil {
		s.tx.itemCounts[itemGroupID{s.number, was.group()}]--
	}
	s.tx.itemCounts[itemGroupID{s.number, now.group()}]++
}

// flushItemCounts adds what the step changed to what was counted before.
func (t *Tx) flushItemCounts() error {
	for id, change := range t.itemCounts {
		if change == 0 {
			continue
		}
		t.key = t.spaces[id.space].itemCountKey(t.key, &id.ItemGroup)
		before, err := readItemCount(t.store.db, t.key)
		if err != nil {
			return err
		}
		if now := int64(before) + change; now > 0 {
			err = t.set(t.key, binary.AppendUvarint(t.value[:0], uint64(now)))
		} else {
			err = t.delete(t.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readItemCount(r pebble.Reader, key []byte) (n uint64, err error) {
	err = view(r, key, func(value []byte) (err error) {
		n, err = decodeItemCount(value)
		return err
	})
	return n, wrapRead("count of quarantined items", err)
}

func decodeItemCount(value []byte) (uint64, error) {
	d := decoder{data: value}
	n := d.uvarint()
	return n, d.end("count of quarantined items")
}

// CountItems counts the quarantined items that a query selects, whatever its limit. It costs what there are groups of
// them; that, and reading each item, where a bound of time lies within a day.
func (s *Store) CountItems(q ItemQuery) (map[ItemGroup]uint64, error) {
	count := s.countGroups
	if !wholeDays(&q) {
		count = s.countEach
	}
	counts, err := count(&q)
	if err != nil {
		return nil, fmt.Errorf("count quarantine: %w", err)
	}
	return counts, nil
}

func wholeDays(q *ItemQuery) bool {
	return (q.Since.IsZero() || q.Since.Equal(stream.DayOf(q.Since).Start())) &&
		(q.Until.IsZero() || q.Until.Equal(stream.DayOf(q.Until).Start()))
}

// countGroups adds up what was counted when items were put.
func (s *Store) countGroups(q *ItemQuery) (map[ItemGroup]uint64, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	counts := map[ItemGroup]uint64{}
	prefix := newSpace(q.Workspace).key(nil, kindItemCount)
	err := scan(s.db, prefix, func(key, value []byte) error {
		g, err := decodeItemGroup(key[len(prefix):])
		if err != nil || !q.selectsGroup(&g) {
			return err
		}
		counts[g], err = decodeItemCount(value)
		return err
	})
	return counts, err
}

func (q *ItemQuery) selectsGroup(g *ItemGroup) bool {
	return q.selects(&Item{Source: g.Source, Reason: g.Reason, Status: g.Status, ReceivedAt: g.Day.Start()})
}

// countEach counts item by item.
func (s *Store) countEach(q *ItemQuery) (map[ItemGroup]uint64, error) {
	counts := map[ItemGroup]uint64{}
	err := s.eachItem(q, func(i *Item) error {
		counts[i.group()]++
		return nil
	})
	return counts, err
}

// countItemsOnce counts what is in a folder of a program that did not count yet.
func (s *Store) countItemsOnce() error {
	counted := []byte{kindItemCount}
	done := false
	err := view(s.db, counted, func([]byte) error { done = true; return nil })
	if done || err != nil {
		return wrapRead("count of quarantined items", err)
	}
	counts := map[string]uint64{}
	err = scan(s.db, []byte{kindItem}, func(key, value []byte) error {
		d := decoder{data: key[1:]}
		w := newSpace(d.string())
		i, err := decodeItem(value)
		if err != nil {
			return err
		}
		g := i.group()
		counts[string(w.itemCountKey(nil, &g))]++
		return nil
	})
	if err != nil {
		return wrapRead("quarantine", err)
	}
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for key, n := range counts {
		if err := batch.Set([]byte(key), binary.AppendUvarint(nil, n), nil); err != nil {
			return fmt.Errorf("count quarantine: %w", err)
		}
	}
	if err := batch.Set(counted, nil, nil); err != nil {
		return fmt.Errorf("count quarantine: %w", err)
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("count quarantine: %w", err)
	}
	return nil
}

func (s space) itemCountKey(b []byte, g *ItemGroup) []byte {
	b = s.key(b, kindItemCount)
	for _, text := range [...]string{g.Source, g.Stage, g.Reason, string(g.Status)} {
		b = appendString(b, text)
	}
	return binary.BigEndian.AppendUint32(b, uint32(g.Day))
}

// decodeItemGroup reads what follows the workspace in a key.
func decodeItemGroup(key []byte) (ItemGroup, error) {
	d := decoder{data: key}
	g := ItemGroup{Source: d.string(), Stage: d.string(), Reason: d.string(), Status: Status(d.string())}
	if day := d.take(4); day != nil {
		g.Day = stream.Day(binary.BigEndian.Uint32(day))
	}
	return g, d.end("key of a count of quarantined items")
}
