package unify

import (
	"encoding/json"
	"fmt"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// row appends a row of any table but events, at the place of the record that led to it or of the
// command that replays it. Its ordinal counts the rows there, from 1 on. The row, and what it refers
// to, is the sink's from then on.
func (a *applier) row(r *record, table outbox.Table, row store.Row) error {
	if r.by != nil {
		r = r.by
	}
	r.rows++
	return a.rowAt(r.Position, r.rows, table, row)
}

// rowAt appends a row at a place that was kept for it.
func (a *applier) rowAt(at stream.Position, ordinal uint32, table outbox.Table, row store.Row) error {
	text, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode row of %s: %w", table, err)
	}
	row.SetPlace(store.Place{LogPartition: uint32(at.Partition), LogOffset: at.Offset, Ordinal: ordinal})
	a.entries = append(a.entries, outbox.Entry{Position: at, Ordinal: ordinal, Table: table, Row: text, Value: row})
	return nil
}

type (
	factIdentifier struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	factContent struct {
		Identifiers []factIdentifier  `json:"identifiers,omitempty"`
		Attributes  map[string]string `json:"attributes,omitempty"`
	}
)

// factBody is an observation's normalised identifiers and attributes as JSON.
func factBody(o *identity.Observation) json.RawMessage {
	var content factContent
	for _, i := range o.Identifiers {
		content.Identifiers = append(content.Identifiers, factIdentifier(i))
	}
	if len(o.Attributes) > 0 {
		content.Attributes = make(map[string]string, len(o.Attributes))
	}
	for _, a := range o.Attributes {
		content.Attributes[a.Name] = a.Value
	}
	body, err := json.Marshal(content)
	if err != nil { // strings always encode
		panic(err)
	}
	return body
}

// itemRow is a quarantined item as it stands now.
func itemRow(i *state.Item) *store.QuarantineRow {
	return &store.QuarantineRow{
		Workspace: i.Workspace, Source: i.Source,
		ItemPartition: uint32(i.Partition), ItemOffset: i.Offset, ItemOrdinal: i.Ordinal,
		Version: i.Version, Status: store.QuarantineStatus(i.Status), MessageID: i.MessageID,
		Stage: i.Stage, Reason: i.Reason, Field: i.Field, Detail: i.Detail, Payload: i.Payload,
		ReceivedAt: i.ReceivedAt, ChangedAt: i.ChangedAt,
	}
}
