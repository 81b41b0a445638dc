package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/replay"
)

// ErrReplayUnfinished is returned for a data folder into which history is only partly copied.
var ErrReplayUnfinished = errors.New("the history of another folder is only partly copied into this one; run tributary replay again")

// replayFile says, in a data folder, what its log was copied from.
const replayFile = "replay.json"

// Replay copies the chosen history of the data folder from into a fresh one, or goes on where it was
// interrupted. The old folder is only read, through the server that has it open, if one has.
func Replay(ctx context.Context, c config.Config, o Options, from, into string, choice replay.Choice) (*replay.Progress, error) {
	from, into, err := replayFolders(from, into)
	if err != nil {
		return nil, err
	}
	p, err := readReplay(into)
	if err != nil {
		return nil, err
	}
	if p == nil {
		if p, err = beginReplay(from, into, c.Identity.KeyFile, choice); err != nil {
			return nil, err
		}
		if err := copyLedger(c, from, into); err != nil {
			return nil, fmt.Errorf("copy the ledger of erasures: %w", err)
		}
	}
	if p.From != from || !p.Choice.Equal(&choice) {
		return nil, fmt.Errorf("%s: holds a replay of %s with another choice; give the same again, or another folder", into, p.From)
	}
	if p.Done() {
		return p, nil
	}
	folder, err := openFolder(into, c.Identity.KeyFile)
	if err != nil {
		return nil, err
	}
	history, close, err := openHistory(ctx, from, c, o)
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	err = copyHistory(ctx, history, c, o, into, p)
	return p, errors.Join(err, close(), folder.Close())
}

// replayFolders returns both folders as absolute paths, neither within the other.
func replayFolders(from, into string) (string, string, error) {
	var faults []error
	for _, folder := range []*string{&from, &into} {
		absolute, err := filepath.Abs(*folder)
		if err == nil {
			if real, missing := filepath.EvalSymlinks(absolute); missing == nil {
				absolute = real
			}
		}
		*folder = absolute
		faults = append(faults, err)
	}
	if _, err := os.Stat(filepath.Join(from, "log")); err != nil {
		faults = append(faults, fmt.Errorf("%s: is no data folder: %w", from, err))
	}
	if within(from, into) || within(into, from) {
		faults = append(faults, fmt.Errorf("%s: must be a folder of its own, apart from %s", into, from))
	}
	return from, into, errors.Join(faults...)
}

func within(outer, inner string) bool {
	return outer == inner || strings.HasPrefix(inner, outer+string(filepath.Separator))
}

// beginReplay makes the new folder, with the identity key of the old one: observations get the same ids.
func beginReplay(from, into, keyFile string, choice replay.Choice) (*replay.Progress, error) {
	entries, err := os.ReadDir(into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries { // what an attempt to begin leaves is no data
		if e.Name() != "identity.key" && !strings.HasSuffix(e.Name(), ".new") {
			return nil, fmt.Errorf("%s: is not empty; history is copied into a fresh folder", into)
		}
	}
	if err := os.MkdirAll(into, 0o700); err != nil {
		return nil, err
	}
	if keyFile == "" { // else both folders have that one
		key, err := os.ReadFile(filepath.Join(from, "identity.key"))
		if err == nil {
			err = writeSynced(filepath.Join(into, "identity.key"), key)
		}
		if err != nil {
			return nil, err
		}
	}
	p := replay.New(from, choice)
	return p, saveReplay(into, p)
}

func saveReplay(dir string, p *replay.Progress) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, replayFile), append(text, '\n'))
}

// readReplay returns how far the copy into a folder is; nil: none was begun.
func readReplay(dir string) (*replay.Progress, error) {
	text, err := os.ReadFile(filepath.Join(dir, replayFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p := new(replay.Progress)
	if err == nil {
		err = json.Unmarshal(text, p)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, replayFile), err)
	}
	return p, nil
}

// checkReplay fails if history was only partly copied into a folder.
func checkReplay(dir string) error {
	p, err := readReplay(dir)
	if err == nil && p != nil && !p.Done() {
		err = fmt.Errorf("%s: %w", dir, ErrReplayUnfinished)
	}
	return err
}

// openHistory opens the log of a folder to read it: that of the server, or the files.
func openHistory(ctx context.Context, from string, c config.Config, o Options) (replay.History, func() error, error) {
	client := admin.NewClient(Socket(from))
	_, err := client.Log().Partitions(ctx)
	if err == nil {
		return client.Log(), func() error { client.Close(); return nil }, nil
	}
	client.Close()
	if !errors.Is(err, admin.ErrNoServer) {
		return nil, nil, err
	}
	lock, err := lockFolder(from, os.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	c.DataDir = from
	files := c.EmbeddedLog()
	files.Logger, files.ReadOnly = o.Logger, true
	log, err := embedded.Open(files)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return log, func() error { return errors.Join(log.Close(), lock.Close()) }, nil
}

func copyHistory(ctx context.Context, history replay.History, c config.Config, o Options, into string, p *replay.Progress) error {
	infos, err := history.Partitions(ctx)
	if err != nil {
		return err
	}
	c.DataDir = into
	files := c.EmbeddedLog()
	files.Shards, files.Logger = len(infos)/stream.Lanes, o.Logger
	log, err := embedded.Open(files)
	if err != nil {
		return err
	}
	err = replay.Run(ctx, history, log, p, func(p *replay.Progress) error { return saveReplay(into, p) })
	return errors.Join(err, log.Close())
}
