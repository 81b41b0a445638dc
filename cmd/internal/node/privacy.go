package node

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"tributary/cmd/internal/config"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// openPrivacy opens the ledger of erasures and the gate before the log. What the ledger knows and this
// folder does not, since it is an older copy, is in the log before anything of it is applied.
func (n *Node) openPrivacy(ctx context.Context) (err error) {
	if n.hasher, err = privacy.NewHasher(n.folder.key); err != nil {
		return err
	}
	n.gate = privacy.NewGate(n.log, n.hasher, n.engine, n.state)
	required, err := desk.Required(n.state)
	if err != nil {
		return err
	}
	if n.ledger, err = privacy.OpenLedger(n.config.LedgerFile(), n.hasher, required); err != nil {
		return err
	}
	n.onClose(n.ledger.Close)
	if !n.config.Has(config.RoleUnify) {
		return nil
	}
	brought, err := desk.Restore(ctx, n.log, n.state, n.ledger, time.Now())
	if brought > 0 {
		n.logger.WarnContext(ctx, "the ledger knows of erasures that this data folder does not: they are carried out again", "entries", brought)
	}
	return err
}

// openDesk makes what takes requests of privacy.
func (n *Node) openDesk() (err error) {
	n.privacy, err = desk.New(desk.Config{
		Log: n.log, State: n.state, Worker: n.unify, Commands: n.commands, Profiles: n.profiles, Engine: n.engine,
		Hasher: n.hasher, Ledger: n.ledger, Hold: time.Duration(n.config.Privacy.Hold), Now: time.Now,
	})
	return err
}

// copyLedger gives a folder that history is copied into the ledger of the one that it comes from, so that
// nobody who was erased comes back there.
func copyLedger(c config.Config, from, into string) error {
	if c.Privacy.Ledger != "" { // both have that one
		return nil
	}
	source, err := os.Open(config.LedgerBeside(from))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer source.Close()
	text, err := io.ReadAll(source)
	if err != nil {
		return err
	}
	return writeSynced(config.LedgerBeside(into), text)
}
