package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrRunning is returned when another process is importing the same file in the same way.
var ErrRunning = errors.New("the same import is running already")

// ProgressStore keeps how far imports came, in a folder, one file for each. What it tells may be
// behind the truth, when a process died, and never ahead of it: it is written after the rows before
// it are durable.
type ProgressStore struct{ dir string }

// NewProgressStore returns the store in a folder, which it makes when there is something to keep.
func NewProgressStore(dir string) *ProgressStore { return &ProgressStore{dir: dir} }

// progress is how far an import came.
type progress struct {
	Path     string    `json:"path"` // for people
	Rows     int       `json:"rows"` // read, and durable: events or rejected
	Complete bool      `json:"complete"`
	At       time.Time `json:"at"`
	Report   Report    `json:"report"`
}

// saveEvery is how often progress is written at most; what lies between is sent again after a crash,
// and recognised.
const saveEvery = time.Second

// key names an import: who says what in which file, by which mapping. Where the file lies does not
// matter.
func (r *run) key() (name string, p progress) {
	var mapping string
	switch {
	case r.Streams != nil:
		mapping = digest(r.Streams)
	case r.Mapping != nil:
		mapping = digest(r.Mapping)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Workspace, r.Source, string(r.Format), r.origin.File, mapping}, "\x00")))
	return hex.EncodeToString(sum[:12]), progress{Path: r.Path}
}

// ticket is the right to import a file in one way. A nil one keeps nothing.
type ticket struct {
	path  string
	lock  *os.File
	known progress // as it was found
	saved time.Time
}

// open takes the ticket of an import, and reads how far it came. A file that cannot be read counts as
// none: rows that are sent again are recognised.
func (s *ProgressStore) open(name string, p progress) (*ticket, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep progress: %w", err)
	}
	t := &ticket{path: filepath.Join(s.dir, name+".json"), known: p}
	var err error
	if t.lock, err = os.OpenFile(filepath.Join(s.dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("keep progress: %w", err)
	}
	if err := syscall.Flock(int(t.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s", ErrRunning, p.Path)
		}
		return nil, errors.Join(err, t.lock.Close())
	}
	text, err := os.ReadFile(t.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("read progress: %w", err), t.lock.Close())
	}
	var found progress
	if json.Unmarshal(text, &found) == nil {
		found.Path = p.Path
		t.known = found
	}
	return t, nil
}

// saveNow is save at most once in saveEvery.
func (t *ticket) saveNow(report *Report, rows int) error {
	if t == nil || time.Since(t.saved) < saveEvery {
		return nil
	}
	return t.save(report, rows, false)
}

// save writes how far the import came, whole or not at all, and durably.
func (t *ticket) save(report *Report, rows int, complete bool) error {
	if t == nil {
		return nil
	}
	t.saved = time.Now()
	p := progress{Path: t.known.Path, Rows: rows, Complete: complete, At: t.saved.UTC().Truncate(time.Millisecond), Report: report.clone()}
	for i := range p.Report.First {
		p.Report.First[i].Value = "" // a customer's, perhaps
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = writeSynced(t.path, text)
	}
	if err != nil {
		return fmt.Errorf("keep progress: %w", err)
	}
	return nil
}

// close gives the ticket back.
func (t *ticket) close() error {
	if t == nil {
		return nil
	}
	return t.lock.Close()
}

// writeSynced replaces a file.
func writeSynced(path string, content []byte) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
