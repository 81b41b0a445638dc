package outbox

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Plan says what is about to be sent: the entries with After < Seq <= To, as the statements named
// by Blocks. While it is stored, each of its rows may or may not be in ClickHouse.
type Plan struct {
	After  uint64         `json:"after"`
	To     uint64         `json:"to"`
	Blocks []PlannedBlock `json:"blocks"`
}

// PlannedBlock is one insert statement.
type PlannedBlock struct {
	Table   Table  `json:"table"`
	QueryID string `json:"query_id"`
	Rows    int    `json:"rows"`
}

// Save stores the plan and syncs, which makes everything durable that was committed to the
// database before it, the plan's entries among it. A plan of the same To is replaced.
func (q *Queue) Save(p Plan) error {
	value, err := json.Marshal(p)
	if err == nil {
		err = q.db.Set(numberedKey(kindPlan, p.To), value, pebble.Sync)
	}
	if err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	return nil
}

// Plans returns the stored plans in the order of their spans.
func (q *Queue) Plans() ([]Plan, error) {
	it, err := q.db.NewIter(bounds(kindPlan, 0, ^uint64(0)))
	if err != nil {
		return nil, fmt.Errorf("read plans: %w", err)
	}
	var plans []Plan
	for valid := it.First(); valid; valid = it.Next() {
		var p Plan
		to := keyNumber(it.Key())
		if err := json.Unmarshal(it.Value(), &p); err != nil || p.To != to {
			_ = it.Close()
			return nil, fmt.Errorf("read plans: %w: plan %d", ErrCorrupt, to)
		}
		plans = append(plans, p)
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("read plans: %w", err)
	}
	return plans, nil
}

// Done removes the plan and moves the sent cursor to the end of its span, unless it is further
// already, in one write. Plans must be done in the order of their spans. No sync is needed: should
// the write be lost, the plan is still there, and all its rows are found to be in ClickHouse.
func (q *Queue) Done(p Plan) error {
	sent := max(p.To, q.Sent())
	batch := q.db.NewBatch()
	defer func() { _ = batch.Close() }()
	_ = batch.Delete(numberedKey(kindPlan, p.To), nil)
	_ = batch.Set(markKey(kindSent), binary.BigEndian.AppendUint64(nil, sent), nil)
	if err := batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("finish plan: %w", err)
	}
	q.sent.Store(sent)
	return nil
}

// Discard removes the entries up to seq and moves the clean cursor there, in one unsynced write.
// It never passes the sent cursor. Those stored together with later ones leave the disk with them.
func (q *Queue) Discard(seq uint64) error {
	seq = min(seq, q.Sent())
	if seq <= q.Clean() {
		return nil
	}
	batch := q.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, kind := range []byte{kindEntry, kindRefused} {
		_ = batch.DeleteRange(numberedKey(kind, q.Clean()), numberedKey(kind, seq+1), nil)
	}
	_ = batch.Set(markKey(kindClean), binary.BigEndian.AppendUint64(nil, seq), nil)
	if err := batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("discard outbox entries: %w", err)
	}
	q.clean.Store(seq)
	return nil
}

// MarkRefused notes, unsynced, that the entries' rows were refused and that this is durable
// elsewhere: they are not to be looked for.
func (q *Queue) MarkRefused(seqs ...uint64) error {
	batch := q.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, seq := range seqs {
		_ = batch.Set(numberedKey(kindRefused, seq), nil, nil)
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("mark refused entries: %w", err)
	}
	return nil
}

// Refused returns the marked entries with after < Seq <= to.
func (q *Queue) Refused(after, to uint64) (map[uint64]bool, error) {
	it, err := q.db.NewIter(bounds(kindRefused, after, to))
	if err != nil {
		return nil, fmt.Errorf("read refused entries: %w", err)
	}
	marked := map[uint64]bool{}
	for valid := it.First(); valid; valid = it.Next() {
		marked[keyNumber(it.Key())] = true
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("read refused entries: %w", err)
	}
	return marked, nil
}
