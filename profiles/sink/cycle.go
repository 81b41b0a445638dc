package sink

import (
	"cmp"
	"slices"
	"time"

	"tributary/profiles/outbox"
	"tributary/sql/store"

	"github.com/google/uuid"
)

// cycle is a span of the outbox on its way to ClickHouse.
type cycle struct {
	plan     outbox.Plan
	blocks   []Block
	rows     map[outbox.Table][]Row
	refusals []refusal // of entries that no row can be made from
	size     int       // entries taken
	bytes    int       // of log records and rows as read
	oldest   time.Time // received time of the oldest event, or when the first entry was read
	done     chan error
}

func newCycle(after uint64) *cycle {
	return &cycle{
		plan: outbox.Plan{After: after, To: after},
		rows: map[outbox.Table][]Row{},
		done: make(chan error, 1),
	}
}

func (c *cycle) full(cfg *Config) bool { return c.size >= cfg.MaxRows || c.bytes >= cfg.MaxBytes }

// add takes the next entries in, with the log records that belong to those of events.
func (c *cycle) add(entries []outbox.Entry, records []loaded) {
	for i := range entries {
		e := &entries[i]
		if e.Table == outbox.TableEvents {
			c.addEvent(e, &records[i])
		} else {
			c.addRow(e)
		}
		c.plan.To = e.Seq
	}
	c.size += len(entries)
}

func (c *cycle) addEvent(e *outbox.Entry, r *loaded) {
	c.bytes += r.size
	if r.row == nil {
		c.refusals = append(c.refusals, refusal{e.Seq, outbox.Refusal{
			Position: e.Position, Ordinal: e.Ordinal, Table: e.Table,
			Workspace: r.workspace, Source: r.source, ReceivedAt: r.receivedAt, Reason: r.reason,
		}})
		return
	}
	if r.receivedAt.Before(c.oldest) {
		c.oldest = r.receivedAt
	}
	c.rows[e.Table] = append(c.rows[e.Table], Row{Key: keyOf(e), Value: r.row, seq: e.Seq, partition: r.row.Partition()})
}

func (c *cycle) addRow(e *outbox.Entry) {
	c.bytes += len(e.Row)
	value, partition, err := makeRow(e)
	if err != nil {
		c.refusals = append(c.refusals, refusal{e.Seq, outbox.Refusal{
			Position: e.Position, Ordinal: e.Ordinal, Table: e.Table,
			Workspace: workspaceOf(e.Row), Reason: reasonRow,
		}})
		return
	}
	c.rows[e.Table] = append(c.rows[e.Table], Row{Key: keyOf(e), Value: value, seq: e.Seq, partition: partition})
}

// seal splits the rows into blocks and names each in the plan, as statements of an epoch.
func (c *cycle) seal(maxPartitions int, epoch uint32) {
	for _, table := range outbox.Tables() {
		for _, rows := range splitByPartition(c.rows[table], maxPartitions) {
			b := Block{Table: table, QueryID: newQueryID(epoch), Rows: rows}
			c.blocks = append(c.blocks, b)
			c.plan.Blocks = append(c.plan.Blocks, outbox.PlannedBlock{Table: table, QueryID: b.QueryID, Rows: len(rows)})
		}
	}
	c.rows = nil
}

func newQueryID(epoch uint32) string { return store.StatementName(epoch, uuid.NewString()) }

// splitByPartition cuts rows so that none of the parts spans more than limit partitions, and no
// partition is cut. Most often the one part is rows itself.
func splitByPartition(rows []Row, limit int) [][]Row {
	if len(rows) == 0 {
		return nil
	}
	distinct := map[uint32]struct{}{}
	for i := range rows {
		distinct[rows[i].partition] = struct{}{}
	}
	if len(distinct) <= limit {
		return [][]Row{rows}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.partition, b.partition) })
	var parts [][]Row
	from, seen := 0, 1
	for i := 1; i < len(rows); i++ {
		if rows[i].partition == rows[i-1].partition {
			continue
		}
		if seen++; seen > limit {
			parts = append(parts, rows[from:i])
			from, seen = i, 1
		}
	}
	return append(parts, rows[from:])
}

func keyOf(e *outbox.Entry) Key { return Key{Position: e.Position, Ordinal: e.Ordinal} }
