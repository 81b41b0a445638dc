package unify

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// schemaCommand is in the value of every command about a contract.
var schemaCommand = []byte(`"schema.`)

// contractsAhead looks through what the state has not applied of the live lane and keeps the contracts that
// stand there before anything is applied. An event is judged by the contract that was in force when it was
// received; where the state is behind, or made again from the log, the command may lie in a partition
// whose turn comes later. The commands themselves are carried out in their turn, and find theirs kept.
// Erasures and suppressions are kept too: nobody who is erased comes back even for a moment.
func (a *applier) contractsAhead(ctx context.Context, fs *feeds) error {
	kept := 0
	for _, f := range fs.lanes[stream.LaneLive] {
		n, err := a.contractsIn(ctx, f)
		if err != nil {
			return fmt.Errorf("look for contracts in partition %d: %w", f.partition, err)
		}
		kept += n
	}
	if kept == 0 {
		return nil
	}
	a.began = a.Now()
	if err := a.settle(ctx); err != nil {
		return err
	}
	if err := a.settleErasures(fs); err != nil {
		return err
	}
	if err := a.commit(fs); err != nil {
		return err
	}
	a.Logger.InfoContext(ctx, "kept contracts and erasures that the state has not applied yet", "commands", kept)
	return nil
}

func (a *applier) contractsIn(ctx context.Context, f *feed) (kept int, err error) {
	if f.next >= f.end {
		return 0, nil
	}
	reader, err := a.Log.Reader(f.partition, f.next)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reader.Close() }()
	for at := f.next; at < f.end; {
		entries, err := next(ctx, reader)
		if err != nil || len(entries) == 0 {
			return kept, err
		}
		for _, entry := range entries {
			at = entry.Offset + 1
			if entry.Kind != stream.KindCommand {
				continue
			}
			keep := a.keepContract
			switch {
			case bytes.Contains(entry.Value, schemaCommand):
			case bytes.Contains(entry.Value, privacyCommand):
				keep = a.keepPrivacy
			default:
				continue
			}
			done, err := keep(decode(a.Engine, entry))
			if err != nil {
				return kept, err
			}
			if done {
				kept++
			}
		}
	}
	return kept, nil
}

const (
	aheadChunk = 512
	// aheadPatience is how long a partition is waited for whose last offsets hold no record, as Kafka's
	// own markers do not.
	aheadPatience = 5 * time.Second
)

// next returns none when there is nothing more.
func next(ctx context.Context, reader stream.Reader) ([]stream.Entry, error) {
	patient, cancel := context.WithTimeout(ctx, aheadPatience)
	defer cancel()
	entries, err := reader.Next(patient, aheadChunk)
	if err != nil && ctx.Err() == nil && patient.Err() != nil {
		return nil, nil
	}
	return entries, err
}

// keepContract keeps the contract of a command, if it is one.
func (a *applier) keepContract(r *record) (bool, error) {
	if r.fault != nil {
		return false, nil // it is told of in its turn
	}
	var (
		source, name string
		contract     *schema.Contract
	)
	switch c := r.command.(type) {
	case SchemaSet:
		source, name, contract = c.Source, c.Event, &c.Contract
	case SchemaRemove:
		source, name = c.Source, c.Event
	default:
		return false, nil
	}
	space, err := a.tx.Workspace(r.Workspace)
	if err != nil {
		return false, err
	}
	return true, a.setContract(space, source, name, contract, state.Stamp{At: r.ReceivedAt, MessageID: r.MessageID})
}
