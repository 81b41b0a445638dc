package state

import (
	"encoding/binary"
	"encoding/json"
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

// storedItem is an Item without what the key tells.
type storedItem struct {
	Source     string      `json:"source,omitempty"`
	MessageID  string      `json:"message_id,omitempty"`
	Kind       stream.Kind `json:"kind"`
	Stage      string      `json:"stage"`
	Reason     string      `json:"reason"`
	Field      string      `json:"field,omitempty"`
	Detail     string      `json:"detail,omitempty"`
	Payload    []byte      `json:"payload,omitempty"`
	Status     Status      `json:"status"`
	ReceivedAt time.Time   `json:"received_at"`
	ChangedAt  time.Time   `json:"changed_at"`
	Version    uint64      `json:"version"`
}

func (i *Item) append(b []byte) ([]byte, error) {
	value, err := json.Marshal(storedItem{
		Source: i.Source, MessageID: i.MessageID, Kind: i.Kind, Stage: i.Stage, Reason: i.Reason,
		Field: i.Field, Detail: i.Detail, Payload: i.Payload, Status: i.Status,
		ReceivedAt: i.ReceivedAt, ChangedAt: i.ChangedAt, Version: i.Version,
	})
	return append(append(b, codecVersion), value...), err
}

// decodeItem fills all but what the key tells.
func decodeItem(data []byte) (*Item, error) {
	if len(data) == 0 || data[0] != codecVersion {
		return nil, fmt.Errorf("%w: quarantined item", ErrCorrupt)
	}
	var v storedItem
	if err := json.Unmarshal(data[1:], &v); err != nil {
		return nil, fmt.Errorf("%w: quarantined item: %w", ErrCorrupt, err)
	}
	return &Item{
		Source: v.Source, MessageID: v.MessageID, Kind: v.Kind, Stage: v.Stage, Reason: v.Reason,
		Field: v.Field, Detail: v.Detail, Payload: v.Payload, Status: v.Status,
		ReceivedAt: v.ReceivedAt, ChangedAt: v.ChangedAt, Version: v.Version,
	}, nil
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
	value, err := get(r, s.itemKey(nil, pos, ordinal))
	if value == nil || err != nil {
		return nil, err
	}
	i, err := decodeItem(value)
	if err != nil {
		return nil, err
	}
	i.Workspace, i.Position, i.Ordinal = s.name, pos, ordinal
	return i, nil
}

// PutItem stores a quarantined item of this workspace. The caller does not change it afterwards.
func (s *Space) PutItem(i *Item) error {
	value, err := i.append(nil)
	if err != nil {
		return fmt.Errorf("encode quarantined item: %w", err)
	}
	s.tx.items[itemID{s.number, i.Position, i.Ordinal}] = i
	return s.tx.set(s.itemKey(nil, i.Position, i.Ordinal), value)
}

// ItemQuery selects quarantined items of one workspace, in the order of partition, offset and
// ordinal.
type ItemQuery struct {
	Workspace string
	Source    string // empty: all
	Reason    string // empty: all
	Status    Status // empty: all
	After     *Item  // only its place counts: the last one of the page before; nil: from the start
	Limit     int    // at most that many; 0: 100
}

// Items lists quarantined items.
func (s *Store) Items(q ItemQuery) ([]*Item, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	if q.Limit <= 0 {
		q.Limit = 100
	}
	w := newSpace(q.Workspace)
	prefix := w.key(nil, kindItem)
	from := slices.Clone(prefix)
	if q.After != nil {
		from = append(w.itemKey(nil, q.After.Position, q.After.Ordinal), 0)
	}
	var items []*Item
	err := scanRange(s.db, from, after(prefix), func(key, value []byte) error {
		i, err := decodeItem(value)
		if err == nil {
			err = i.placeAt(q.Workspace, key[len(prefix):])
		}
		if err == nil && q.selects(i) {
			items = append(items, i)
		}
		if err == nil && len(items) == q.Limit {
			err = errStop
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	return items, nil
}

func (q *ItemQuery) selects(i *Item) bool {
	return (q.Source == "" || q.Source == i.Source) &&
		(q.Reason == "" || q.Reason == i.Reason) &&
		(q.Status == "" || q.Status == i.Status)
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
