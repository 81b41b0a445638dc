package store

import (
	"context"
	"iter"
	"time"
)

// What is found by reading: whether a text is of an erased person only the caller can tell.

// ErasureText is a row that may be of a person by what it holds.
type ErasureText struct {
	Workspace    string    `ch:"workspace"`
	Source       string    `ch:"source"`
	ReceivedAt   time.Time `ch:"received_at"`
	Text         string    `ch:"text"`
	PartitionID  string    `ch:"partition_id"`
	LogPartition uint32    `ch:"log_partition"`
	LogOffset    uint64    `ch:"log_offset"`
	Ordinal      uint32    `ch:"ordinal"`
}

// Row is the row as one of a table to remove or to change.
func (t *ErasureText) Row(table string) *ErasedRow {
	return &ErasedRow{
		Table: table, PartitionID: t.PartitionID,
		Place: Place{LogPartition: t.LogPartition, LogOffset: t.LogOffset, Ordinal: t.Ordinal},
	}
}

// QuarantinedText is an item of the quarantine: Head is its message id and detail, a line each, Text its payload.
type QuarantinedText struct {
	ErasureText
	Head          string `ch:"head"`
	ItemPartition uint32 `ch:"item_partition"`
	ItemOffset    uint64 `ch:"item_offset"`
}

// ParticipantsText is an event in which others took part: Text is the column participants.
type ParticipantsText struct {
	ErasureText
	Context string `ch:"context"`
}

// Changed is the row as one to change, with what the two columns become.
func (t *ParticipantsText) Changed(participants, context string) *ErasedRow {
	row := t.Row("events")
	row.Text = participants + "\x00" + context
	return row
}

// ContactText is a row of consent_changes with its contact points: types and normalised values.
type ContactText struct {
	ErasureText
	Type        string `ch:"type"`
	Value       string `ch:"value"`
	OriginType  string `ch:"origin_type"`
	OriginValue string `ch:"origin_value"`
}

// Participants yields the events of some workspaces in which others took part.
func (s *Store) Participants(ctx context.Context, workspaces []string) iter.Seq2[ParticipantsText, error] {
	return each[ParticipantsText](ctx, s, "erase/participants", workspaces)
}

// CommandTexts yields the rows of facts that are commands.
func (s *Store) CommandTexts(ctx context.Context, workspaces []string) iter.Seq2[ErasureText, error] {
	return each[ErasureText](ctx, s, "erase/commands", workspaces)
}

// QuarantinedTexts yields the rows of quarantine of which anything is left.
func (s *Store) QuarantinedTexts(ctx context.Context, workspaces []string) iter.Seq2[QuarantinedText, error] {
	return each[QuarantinedText](ctx, s, "erase/items", workspaces)
}

// ContactTexts yields the rows of consent_changes that name a contact point.
func (s *Store) ContactTexts(ctx context.Context, workspaces []string) iter.Seq2[ContactText, error] {
	return each[ContactText](ctx, s, "erase/contacts", workspaces)
}

func each[R any](ctx context.Context, s *Store, name string, workspaces []string) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		query, err := Prepare[R](s, name)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		query.Each(ctx, Params{"workspaces": workspaces})(yield)
	}
}
