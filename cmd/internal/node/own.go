package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"tributary/cmd/internal/config"
	"tributary/ingest/stream"
	"tributary/profiles/sink"
)

// own waits until this process owns the log, if others may.
func (n *Node) own(ctx context.Context) error {
	shared, ok := n.log.(stream.Owned)
	if !ok || !n.config.Has(config.RoleUnify) && !n.config.Has(config.RoleSink) {
		return nil
	}
	if n.options.OwnWithin > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, n.options.OwnWithin)
		defer cancel()
	} else {
		end, err := n.standBy(ctx)
		if err != nil {
			return err
		}
		defer end()
	}
	n.logger.InfoContext(ctx, "waiting to own the log")
	lease, err := shared.Own(ctx)
	if errors.Is(err, context.DeadlineExceeded) && n.options.OwnWithin > 0 {
		return fmt.Errorf("another process owns the log; run the command where that one runs: %w", err)
	}
	if err != nil {
		return fmt.Errorf("own the log: %w", err)
	}
	n.logger.InfoContext(ctx, "owner of the log", "epoch", lease.Epoch())
	n.lease = lease
	n.onClose(lease.Close)
	return nil
}

// adopt makes sure that this process may go on where the owner before it stopped, and says by the note
// that from now on it is its state whose rows are sent. A state that is another than that owner's is
// made again from the log: which rows it sent, and as what, only the state itself knows.
func (n *Node) adopt(ctx context.Context) error {
	if n.lease == nil {
		return nil
	}
	if err := os.RemoveAll(aside(n.config.HotState().Dir)); err != nil { // a crash may have left it
		return fmt.Errorf("remove the old state: %w", err)
	}
	before, err := sink.ReadNote(n.lease.Before())
	if err != nil {
		return err
	}
	key := fingerprint(n.folder.key)
	if before.Key != "" && before.Key != key {
		return errors.New("the identity key is another than that of the process that owned the log before: " +
			"give all of them the same, by identity.key_file")
	}
	mine, err := n.outbox.Queue.Lineage()
	if err != nil {
		return err
	}
	if before.Lineage != "" && before.Lineage != mine {
		if err := n.mayRenew(ctx, before); err != nil {
			return err
		}
		n.logger.WarnContext(ctx, "another process owned the log: the hot state is made again", "spans_under_way", len(before.Spans))
		if err := n.renewState(); err != nil {
			return err
		}
		if mine, err = n.outbox.Queue.Lineage(); err != nil {
			return err
		}
	}
	n.note = sink.Note{Lineage: mine, Key: key}
	if before.Lineage == mine {
		n.note.Spans, n.note.Trims = before.Spans, before.Trims
	}
	text, err := n.note.Encode()
	if err != nil {
		return err
	}
	if err := n.lease.Write(ctx, text); err != nil {
		return fmt.Errorf("write down the owner: %w", err)
	}
	return nil
}

// mayRenew says whether the state can be made again from the log. If not, the one that there is stays. A
// command does not take over: the next start of the owner's server would find its state outdated.
func (n *Node) mayRenew(ctx context.Context, before sink.Note) error {
	if n.options.OwnWithin > 0 {
		return errors.New("the server of another data folder owns the log, though it does not run at present: " +
			"run the command with that folder, or start a server with this one first")
	}
	if before.Trims {
		return fmt.Errorf("another process owned the log, and has it forget what is old; %s", startTheOwner)
	}
	partitions, err := n.log.Partitions(ctx)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if p.First > 0 {
			return fmt.Errorf("another process owned the log, which no longer holds the beginning of partition %d; %s", p.ID, startTheOwner)
		}
	}
	return nil
}

const startTheOwner = "this one cannot make its state again from it: start the one that owned it; with log.retention: 0 any can take over"

// renewState puts an empty state in place of the one there is, which is put aside before it is removed: what
// a crash leaves of a folder that is being removed could not be opened.
func (n *Node) renewState() error {
	last := len(n.closers) - 1 // openState's
	if err := n.closers[last](); err != nil {
		return fmt.Errorf("close the old state: %w", err)
	}
	n.closers = n.closers[:last]
	dir := n.config.HotState().Dir
	if err := errors.Join(os.RemoveAll(aside(dir)), os.Rename(dir, aside(dir)), os.RemoveAll(aside(dir))); err != nil {
		return fmt.Errorf("remove the old state: %w", err)
	}
	return n.openState()
}

// aside is where a state folder waits for its removal.
func aside(dir string) string { return dir + ".old" }

// fingerprint tells keys apart and tells nothing of them.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("tributary identity key\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// ownership ends with stream.ErrFenced once another process owns the log.
func (n *Node) ownership(ctx context.Context) error {
	if n.lease == nil {
		return nil
	}
	select {
	case <-n.lease.Lost():
		return stream.ErrFenced
	case <-ctx.Done():
		return nil
	}
}
