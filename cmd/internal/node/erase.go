package node

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tributary/cmd/internal/config"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/unify"
)

// openEraser makes what carries erasures out. Only who applies the log, and sends what comes of it, can.
func (n *Node) openEraser() error {
	if !n.config.Has(config.RoleUnify) || !n.config.Has(config.RoleSink) {
		return nil
	}
	sign, err := certificateSum(n.folder.key)
	if err != nil {
		return err
	}
	c := erase.Config{
		Desk: n.privacy, Log: n.log, State: n.state, Sink: n.sink, Store: n.stores.write, Hasher: n.hasher, Engine: n.engine,
		Covers: func(set *privacy.Set, entry stream.Entry) *privacy.Erasure {
			return unify.Covers(n.engine, n.hasher, set, entry)
		},
		Replacement: func(entry stream.Entry, e *privacy.Erasure) (stream.Entry, error) {
			return unify.Replacement(n.engine, n.hasher, n.state, entry, e)
		},
		Vocabulary: event.Names(), Retention: time.Duration(n.config.Log.Retention),
		Kept: keptByErasures, Backups: backupsOfErasures(n.config.LedgerFile()),
		Files: []erase.Files{importReports{n.config.Path("imports")}, n.exporter},
		Sign:  sign, Now: time.Now, Logger: n.logger,
	}
	if n.stores.engine != nil {
		c.Durable = n.syncDisk
	}
	n.eraser, err = erase.New(c)
	return err
}

// certificateSum returns what signs certificates: an HMAC under a key that is derived from the folder's.
func certificateSum(folderKey []byte) (func([]byte) string, error) {
	key, err := hkdf.Key(sha256.New, folderKey, nil, "certificates of erasure", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of certificates: %w", err)
	}
	return func(text []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write(text)
		return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
	}, nil
}

// syncDisk returns when all that was written to the disk of the data folder is on it, by the engine too.
func (n *Node) syncDisk(context.Context) error {
	dir, err := os.Open(n.folder.path)
	if err != nil {
		return fmt.Errorf("sync the disk: %w", err)
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("sync the disk: %w", err)
	}
	return nil
}

// keptByErasures is what an erasure leaves, as certificates say it.
var keptByErasures = []string{
	"What others wrote in words of their own and may name the person: text, properties and traits of other people's events and records.",
	"Totals of events by day, source, channel and name of the vocabulary, and sums of scores and amounts, without anybody (erased_counts).",
	"Who was shown what of the person, for what purpose (disclosures), and what operators did (audit): keyed hashes and names of fields, no value.",
	"The erasure itself: ids of observations and keyed hashes of identifiers, by which the person's data is kept from coming back (the log and the ledger).",
	"Counters of fields by name: numbers of all, from which nobody can be told.",
	"Models that were trained on many people, until the next one, and in the log until retention: how often values occurred that several records had, as short hashes, sealed by the installation's key.",
	"Blocks of the disk that files were removed from are given back to the file system and not written over.",
}

func backupsOfErasures(ledger string) []string {
	return []string{
		"Copies of the data folder from before the erasure hold the person's data. Delete them, or let them run out.",
		fmt.Sprintf("Keep the ledger %s with every copy that is kept: a server that is started on an older copy carries the erasure out again by it, before anything of the copy is served.", ledger),
		"Copies of files that were exported or imported, outside of the data folder, are the operator's to delete.",
	}
}

// erases carries erasures out once the analytics store has its tables.
func (n *Node) erases(ctx context.Context) error {
	if n.eraser == nil {
		return nil
	}
	if err := n.storesReady(ctx); err != nil {
		return err
	}
	return n.eraser.Run(ctx)
}

// importReports are the reports of imports, kept so that one can be resumed. They show the first rows that were
// rejected, with what was wrong: those lines go with any erasure, whosever they are.
type importReports struct{ dir string }

// Name implements erase.Files.
func (importReports) Name() string { return "reports of imports" }

// Erase implements erase.Files.
func (f importReports) Erase(context.Context, *privacy.Set) (changed int, err error) {
	files, err := filepath.Glob(filepath.Join(f.dir, "*.json"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return changed, err
		}
		var progress, report map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal(text, &progress), json.Unmarshal(progress["report"], &report)); err != nil {
			return changed, fmt.Errorf("read %s: %w", file, err)
		}
		if _, shows := report["first_rejected"]; !shows {
			continue
		}
		delete(report, "first_rejected")
		if progress["report"], err = json.Marshal(report); err == nil {
			text, err = json.Marshal(progress)
		}
		if err == nil {
			err = writeSynced(file, text)
		}
		if err != nil {
			return changed, fmt.Errorf("write %s: %w", file, err)
		}
		changed++
	}
	return changed, nil
}
