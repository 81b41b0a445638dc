package state

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// Status says what became of a quarantined item.
type Status string

// The statuses.
const (
	StatusOpen      Status = "open"
	StatusReplayed  Status = "replayed"
	StatusDiscarded Status = "discarded"
	StatusErased    Status = "erased" // whose it was is erased; nothing of the content is left
)

// Item is something that could not be processed: a log record, or one row of it that ClickHouse
// refused.
type Item struct {
	stream.Position
	// Ordinal is 0 for the record itself or the row of its event, else that of the refused row.
	Ordinal   uint32
	Workspace string
	Source    string
	MessageID string
	Kind      stream.Kind // of the record
	Stage     string      // who refused it: gateway, unify, sink
	Reason    string      // machine name
	Field     string      // path of the field at fault, if known
	Detail    string      // for the operator; may cite the record, so it is never logged
	Payload   []byte      // as received; kept while the item is open
	Status    Status
	// ReceivedAt is the record's, and decides in which day's counts it stands.
	ReceivedAt time.Time
	// ChangedAt is the received time of the record or command that gave it its status, and Version
	// how many times that happened.
	ChangedAt time.Time
	Version   uint64
}

func (i *Item) append(b []byte) []byte {
	b = append(b, codecVersion, byte(i.Kind))
	for _, text := range i.texts() {
		b = appendString(b, *text)
	}
	b = appendString(b, string(i.Status))
	b = binary.AppendVarint(b, i.ReceivedAt.UnixMilli())
	b = binary.AppendVarint(b, i.ChangedAt.UnixMilli())
	return binary.AppendUvarint(b, i.Version)
}

func (i *Item) texts() [6]*string {
	return [...]*string{&i.Source, &i.Stage, &i.Reason, &i.Field, &i.MessageID, &i.Detail}
}

// decodeItem fills all but what the key tells and the payload, which has a key of its own, so that
// listing reads little.
func decodeItem(data []byte) (*Item, error) {
	d := newDecoder(data)
	i := &Item{Kind: stream.Kind(d.byte())}
	for _, text := range i.texts() {
		*text = d.string()
	}
	i.Status = Status(d.string())
	i.ReceivedAt, i.ChangedAt = time.UnixMilli(d.varint()).UTC(), time.UnixMilli(d.varint()).UTC()
	i.Version = d.uvarint()
	return i, d.end("quarantined item")
}

const itemPlaceSize = 4 + 8 + 4

func (i *Item) placeAt(workspace string, place []byte) error {
	if len(place) != itemPlaceSize {
		return fmt.Errorf("%w: place of a quarantined item", ErrCorrupt)
	}
	i.Workspace = workspace
	i.Partition = stream.Partition(binary.BigEndian.Uint32(place))
	i.Offset = binary.BigEndian.Uint64(place[4:])
	i.Ordinal = binary.BigEndian.Uint32(place[12:])
	return nil
}

// Item returns a quarantined item as of this step; nil, nil when there is none.
func (s *Space) Item(pos stream.Position, ordinal uint32) (*Item, error) {
	if i, ok := s.tx.items[itemID{s.number, pos, ordinal}]; ok {
		return i, nil
	}
	return readItem(s.tx.store.db, s.space, pos, ordinal)
}

func readItem(r pebble.Reader, s space, pos stream.Position, ordinal uint32) (*Item, error) {
	value, err := get(r, s.itemKey(kindItem, pos, ordinal))
	if value == nil || err != nil {
		return nil, err
	}
	i, err := decodeItem(value)
	if err != nil {
		return nil, err
	}
	i.Workspace, i.Position, i.Ordinal = s.name, pos, ordinal
	i.Payload, err = get(r, s.itemKey(kindPayload, pos, ordinal))
	return i, err
}

// PutItem stores a quarantined item of this workspace. The caller does not change it afterwards.
func (s *Space) PutItem(i *Item) error {
	was, err := s.Item(i.Position, i.Ordinal)
	if err != nil {
		return err
	}
	s.regroup(was, i)
	s.tx.items[itemID{s.number, i.Position, i.Ordinal}] = i
	if err := s.tx.set(s.itemKey(kindItem, i.Position, i.Ordinal), i.append(nil)); err != nil {
		return err
	}
	if i.Payload == nil {
		return s.tx.delete(s.itemKey(kindPayload, i.Position, i.Ordinal))
	}
	return s.tx.set(s.itemKey(kindPayload, i.Position, i.Ordinal), i.Payload)
}

// ItemQuery selects quarantined items of one workspace, in the order of partition, offset and
// ordinal.
type ItemQuery struct {
	Workspace string
	Source    string // empty: all
	Reason    string // empty: all
	Status    Status // empty: all
	// Since and Until bound when they were received: Since <= t < Until. Zero: open.
	Since, Until time.Time
	After        *Item // only its place counts: the last one of the page before; nil: from the start
	Limit        int   // at most that many; 0: 100
}

// Items lists quarantined items, without their payloads.
func (s *Store) Items(q ItemQuery) ([]*Item, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	var items []*Item
	err := s.eachItem(&q, func(i *Item) error {
		items = append(items, i)
		if len(items) == q.Limit {
			return errStop
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	return items, nil
}

// eachItem calls f for what a query selects until it returns an error; errStop is none.
func (s *Store) eachItem(q *ItemQuery, f func(*Item) error) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	w := newSpace(q.Workspace)
	prefix := w.key(nil, kindItem)
	from := slices.Clone(prefix)
	if q.After != nil {
		from = append(w.itemKey(kindItem, q.After.Position, q.After.Ordinal), 0)
	}
	return scanRange(s.db, from, after(prefix), func(key, value []byte) error {
		i, err := decodeItem(value)
		if err == nil {
			err = i.placeAt(q.Workspace, key[len(prefix):])
		}
		if err == nil && q.selects(i) {
			err = f(i)
		}
		return err
	})
}

func (q *ItemQuery) selects(i *Item) bool {
	return (q.Source == "" || q.Source == i.Source) &&
		(q.Reason == "" || q.Reason == i.Reason) &&
		(q.Status == "" || q.Status == i.Status) &&
		!i.ReceivedAt.Before(q.Since) && (q.Until.IsZero() || i.ReceivedAt.Before(q.Until))
}

// Item reads one quarantined item; false when there is none.
func (s *Store) Item(workspace string, pos stream.Position, ordinal uint32) (*Item, bool, error) {
	if err := s.acquire(); err != nil {
		return nil, false, err
	}
	defer s.release()
	i, err := readItem(s.db, newSpace(workspace), pos, ordinal)
	return i, i != nil, err
}
