package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// folder is where exports lie: <id>.zip with its sidecar <id>.json, and <name>.part while one is written. A file is
// renamed when it is whole, so that what has its name is complete.
type folder string

// The endings of its files.
const (
	archiveEnding = ".zip"
	sidecarEnding = ".json"
	partEnding    = ".part"
)

func (f folder) path(id uuid.UUID, ending string) string {
	return filepath.Join(string(f), id.String()+ending)
}

// open makes the folder, reads the sidecars, and removes what belongs to none of them: what was left of a crash.
func (f folder) open() (map[uuid.UUID]*Record, error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(string(f), 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	records := map[uuid.UUID]*Record{}
	for _, e := range entries {
		if id, ok := named(e.Name(), sidecarEnding); ok {
			if r := f.read(id); r != nil {
				records[id] = r
			}
		}
	}
	for _, e := range entries {
		id, _ := named(e.Name(), archiveEnding)
		if r := records[id]; r != nil && r.Status == StatusReady {
			continue
		}
		if id, ok := named(e.Name(), sidecarEnding); e.IsDir() || ok && records[id] != nil {
			continue
		}
		if err := os.Remove(filepath.Join(string(f), e.Name())); err != nil {
			return nil, err
		}
	}
	return records, f.sync()
}

func named(file, ending string) (uuid.UUID, bool) {
	name, ok := strings.CutSuffix(file, ending)
	if !ok {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(name)
	return id, err == nil
}

// read reads a sidecar; nil: it is none.
func (f folder) read(id uuid.UUID) *Record {
	text, err := os.ReadFile(f.path(id, sidecarEnding))
	r := new(Record)
	if err != nil || json.Unmarshal(text, r) != nil || r.ID != id {
		return nil
	}
	return r
}

// write puts a sidecar in the place of the one before.
func (f folder) write(r *Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	path := f.path(r.ID, sidecarEnding)
	file, err := os.OpenFile(path+partEnding, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+partEnding, path); err != nil {
		return err
	}
	return f.sync()
}

// create opens the archive of an export under its temporary name.
func (f folder) create(id uuid.UUID) (*os.File, error) {
	return os.OpenFile(f.path(id, archiveEnding+partEnding), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// publish gives a whole archive its name.
func (f folder) publish(id uuid.UUID) error {
	if err := os.Rename(f.path(id, archiveEnding+partEnding), f.path(id, archiveEnding)); err != nil {
		return err
	}
	return f.sync()
}

// remove removes the archive of an export, whole or not.
func (f folder) remove(id uuid.UUID) error {
	var faults []error
	for _, ending := range []string{archiveEnding, archiveEnding + partEnding} {
		if err := os.Remove(f.path(id, ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(append(faults, f.sync())...)
}

// forget removes a sidecar.
func (f folder) forget(id uuid.UUID) error {
	return errors.Join(os.Remove(f.path(id, sidecarEnding)), f.sync())
}

// sync has the names in the folder on disk.
func (f folder) sync() error {
	dir, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
