package find

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/identity"
	"tributary/sql/store"
)

// Archive is the Index on ClickHouse, which is some seconds behind. It is safe for concurrent use.
type Archive struct {
	byName   store.Query[store.NamedRow]
	byValue  store.Query[store.IdentifiedRow]
	byRecord store.Query[store.RecordedRow]
}

var _ Index = (*Archive)(nil)

// NewArchive returns the index of an open store.
func NewArchive(s *store.Store) (*Archive, error) {
	var a Archive
	var err error
	if a.byName, err = store.Prepare[store.NamedRow](s, "find/named"); err != nil {
		return nil, err
	}
	if a.byValue, err = store.Prepare[store.IdentifiedRow](s, "find/identified"); err != nil {
		return nil, err
	}
	if a.byRecord, err = store.Prepare[store.RecordedRow](s, "find/recorded"); err != nil {
		return nil, err
	}
	return &a, nil
}

// Named implements Index.
func (a *Archive) Named(ctx context.Context, workspace string, names, words []string, limit int) ([]identity.ProfileID, error) {
	rows, err := a.byName.All(ctx, store.Params{"workspace": workspace, "names": names, "words": words, "limit": uint32(limit)})
	if err != nil {
		return nil, fmt.Errorf("find by name: %w", err)
	}
	ids := make([]identity.ProfileID, len(rows))
	for i := range rows {
		ids[i] = rows[i].Profile
	}
	return ids, nil
}

// Identified implements Index.
func (a *Archive) Identified(ctx context.Context, workspace, value string, limit int) ([]string, error) {
	quoted, err := json.Marshal(value) // as the golden record holds it
	if err != nil {
		return nil, fmt.Errorf("find by value: %w", err)
	}
	rows, err := a.byValue.All(ctx, store.Params{"workspace": workspace, "value": value, "quoted": string(quoted), "limit": uint32(limit)})
	if err != nil {
		return nil, fmt.Errorf("find by value: %w", err)
	}
	types := make([]string, len(rows))
	for i := range rows {
		types[i] = rows[i].Type
	}
	return types, nil
}

// Recorded implements Index.
func (a *Archive) Recorded(ctx context.Context, workspace, value string, may May, limit int) ([]Record, error) {
	rows, err := a.byRecord.All(ctx, store.Params{
		"workspace": workspace, "value": value, "contacts": may.Contacts.May, "contacts_since": may.Contacts.millis(),
		"money": may.Money.May, "money_since": may.Money.millis(), "limit": uint32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("find by record: %w", err)
	}
	records := make([]Record, len(rows))
	for i := range rows {
		records[i] = Record{rows[i].Observation, rows[i].Kinds}
	}
	return records, nil
}

func (s Since) millis() int64 {
	if s.From.Before(store.MinTime) {
		return store.MinTime.UnixMilli()
	}
	return s.From.UnixMilli()
}
