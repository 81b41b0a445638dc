package outbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tributary/ingest/stream"
)

// CommandRefused is the name of the command that a Refusal travels as.
const CommandRefused = "sink.refused"

var refused = []byte(CommandRefused)

// RefusalSource is the source that refusals enter the log under: that of all commands (unify), so that
// what is said about one item, refused and then replayed, keeps its order in the log.
const RefusalSource = "tributary.command"

// UnknownWorkspace is the workspace that a refusal enters the log under if its row's could not be
// read, since no record is without one.
const UnknownWorkspace = "tributary"

// Refusal says that one row cannot be stored in ClickHouse: the engine refuses it for ever, or it
// can no longer be built from its log record. It enters the log as a command, so that unify moves
// the row's event from stored to quarantined, lists it with its reason, and can append its entry
// again, under the same Position and Ordinal, when it is replayed.
//
// The same refusal may be given more than once; (Position, Ordinal) tells that. A refused row of
// the table quarantine must not be answered with another one.
type Refusal struct {
	stream.Position
	Ordinal   uint32
	Table     Table
	Workspace string // of the row; empty if it could not be read
	Source    string // of the log record; empty for a row that is not an event
	// ReceivedAt is the log record's; zero for a row that is not an event.
	ReceivedAt time.Time
	Reason     string // machine name
	// Detail is what the engine said, cut to MaxDetail bytes. It may cite the row's values and is
	// for the quarantine alone.
	Detail string
}

// MaxDetail is the length of the longest Refusal.Detail, in bytes.
const MaxDetail = 1024

type refusalJSON struct {
	Command    string    `json:"command"`
	Partition  uint32    `json:"partition"`
	Offset     uint64    `json:"offset"`
	Ordinal    uint32    `json:"ordinal"`
	Table      string    `json:"table"`
	Workspace  string    `json:"workspace,omitempty"`
	Source     string    `json:"source,omitempty"`
	ReceivedAt time.Time `json:"received_at,omitzero"`
	Reason     string    `json:"reason"`
	Detail     string    `json:"detail,omitempty"`
}

// Record returns the refusal as a record of the log, received now. Its message id is the row's
// place, so that a repetition is a duplicate.
func (r Refusal) Record(now time.Time) (stream.Record, error) {
	r.Workspace = cmp.Or(r.Workspace, UnknownWorkspace)
	value, err := json.Marshal(refusalJSON{
		Command: CommandRefused, Partition: uint32(r.Partition), Offset: r.Offset, Ordinal: r.Ordinal,
		Table: r.Table.String(), Workspace: r.Workspace, Source: r.Source,
		ReceivedAt: r.ReceivedAt, Reason: r.Reason,
		Detail: strings.ToValidUTF8(r.Detail[:min(len(r.Detail), MaxDetail)], ""),
	})
	if err != nil {
		return stream.Record{}, fmt.Errorf("encode refusal: %w", err)
	}
	return stream.Record{
		Lane:       stream.LaneLive,
		Kind:       stream.KindCommand,
		Workspace:  r.Workspace,
		Source:     RefusalSource,
		MessageID:  fmt.Sprintf("%s:%s/%d", CommandRefused, r.Position, r.Ordinal),
		ReceivedAt: now.UTC().Truncate(time.Millisecond),
		Value:      value,
	}, nil
}

// ParseRefusal reads the value of a record made by Refusal.Record.
func ParseRefusal(value []byte) (Refusal, error) {
	if !bytes.Contains(value, refused) { // nearly every command is another, and is not decoded twice
		return Refusal{}, errors.New("decode refusal: the command is another")
	}
	var v refusalJSON
	if err := json.Unmarshal(value, &v); err != nil {
		return Refusal{}, fmt.Errorf("decode refusal: %w", err)
	}
	for _, t := range Tables() {
		if v.Command == CommandRefused && t.String() == v.Table {
			return Refusal{
				Position: stream.Position{Partition: stream.Partition(v.Partition), Offset: v.Offset},
				Ordinal:  v.Ordinal, Table: t, Workspace: v.Workspace, Source: v.Source,
				ReceivedAt: v.ReceivedAt, Reason: v.Reason, Detail: v.Detail,
			}, nil
		}
	}
	return Refusal{}, fmt.Errorf("decode refusal: command %q, table %q", v.Command, v.Table)
}
