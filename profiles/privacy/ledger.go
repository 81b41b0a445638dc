package privacy

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Ledger is the file that outlives the data folder: every erasure and suppression, one line of JSON each,
// with a checksum. What it holds is on disk before the log has it. It stands outside of the data folder,
// so that a copy of the folder from before an erasure does not bring the erased back.
type Ledger struct {
	mu    sync.Mutex
	path  string
	file  *os.File
	known map[uuid.UUID]EntryKind // erasures, with the last that was said of each
	fault error                   // a write of which nobody knows how far it came: nothing is written behind it
}

// EntryKind is what an entry tells of.
type EntryKind string

// The kinds of entry.
const (
	EntryHeader     EntryKind = "header" // the first line: Key
	EntryErase      EntryKind = "erase"  // Erasure
	EntryErased     EntryKind = "erased" // ID, Certificate
	EntrySuppress   EntryKind = "suppress"
	EntryUnsuppress EntryKind = "unsuppress"
)

// Entry is one line. It names nobody.
type Entry struct {
	Kind        EntryKind        `json:"kind"`
	At          time.Time        `json:"at"`
	Key         string           `json:"key,omitempty"` // Hasher.Name
	Workspace   string           `json:"workspace,omitempty"`
	Erasure     *Erasure         `json:"erasure,omitempty"`
	ID          uuid.UUID        `json:"id,omitzero"`
	Identifiers []IdentifierHash `json:"identifiers,omitempty"`
	Certificate json.RawMessage  `json:"certificate,omitempty"`
}

// line is an entry with the first 128 bits of its SHA-256 in hex.
type line struct {
	Sum   string          `json:"sum"`
	Entry json.RawMessage `json:"entry"`
}

// OpenLedger opens the ledger at a path, and makes it if there is none, unless it is required: then the
// state holds erasures, which a ledger that was begun anew would not know. All its lines are read and
// checked. What a crash left of a last line is cut off: nobody was told that it is there. Every fault
// wraps ErrLedger.
func OpenLedger(path string, h *Hasher, required bool) (*Ledger, error) {
	l, err := openLedger(path, h, required)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrLedger, path, err)
	}
	return l, nil
}

func openLedger(path string, h *Hasher, required bool) (*Ledger, error) {
	flags := os.O_RDWR | os.O_APPEND
	if !required {
		flags |= os.O_CREATE
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("is missing, though people were erased from this data folder: put it back from a backup, or name the right one as privacy.ledger; " +
			"if it is lost for good, make an empty file in its place, which is then filled from the state")
	}
	if err != nil {
		return nil, fmt.Errorf("must be a file that can be written: %w", err)
	}
	l := &Ledger{path: path, file: file, known: map[uuid.UUID]EntryKind{}}
	if err := l.begin(h); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// begin checks what is there, and writes the header if nothing is.
func (l *Ledger) begin(h *Hasher) error {
	lines, whole, foreign := 0, int64(0), false
	err := l.read(func(e Entry, end int64) error {
		if lines == 0 && e.Kind != EntryHeader {
			return errors.New("does not begin with a header; it is no ledger of erasures")
		}
		if e.Kind == EntryHeader {
			foreign = e.Key != h.Name()
		} else if foreign {
			return errors.New("was written under another identity key: it is another installation's; " +
				"name this one's as privacy.ledger, or put this installation's identity.key back, or, if that installation is gone for good, remove the file")
		}
		lines, whole = lines+1, end
		l.note(e)
		return nil
	})
	if err != nil {
		return err
	}
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if foreign { // of a data folder that is gone and had erased nobody
		lines, whole = 0, 0
	}
	if info.Size() > whole { // of a write that nobody was told of
		if err := errors.Join(l.file.Truncate(whole), l.file.Sync()); err != nil {
			return fmt.Errorf("cut off what a crash left: %w", err)
		}
	}
	if lines > 0 {
		return nil
	}
	if err := l.write(Entry{Kind: EntryHeader, At: time.Now().UTC(), Key: h.Name()}); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(l.path))
}

// Append writes entries, and returns once they are on disk.
func (l *Ledger) Append(entries ...Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(entries...); err != nil {
		return fmt.Errorf("%w %s: write: %w", ErrLedger, l.path, err)
	}
	for _, e := range entries {
		l.note(e)
	}
	return nil
}

func (l *Ledger) write(entries ...Entry) error {
	if l.fault != nil {
		return fmt.Errorf("restart, for a write failed before: %w", l.fault)
	}
	var b bytes.Buffer
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		whole, err := json.Marshal(line{Sum: sumOf(text), Entry: text})
		if err != nil {
			return err
		}
		b.Write(whole)
		b.WriteByte('\n')
	}
	before, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(b.Bytes()); err != nil {
		if cut := l.file.Truncate(before); cut != nil {
			l.fault = errors.Join(err, cut)
		}
		return err
	}
	// After a failed sync the next one may succeed without what this one lost.
	l.fault = l.file.Sync()
	return l.fault
}

func (l *Ledger) note(e Entry) {
	switch {
	case e.Kind == EntryErase && e.Erasure != nil:
		l.known[e.Erasure.ID] = e.Kind
	case e.Kind == EntryErased:
		l.known[e.ID] = e.Kind
	}
}

// Knows says whether the ledger holds an erasure, and the kind of the last entry about it.
func (l *Ledger) Knows(id uuid.UUID) (EntryKind, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kind, known := l.known[id]
	return kind, known
}

// Path is where it stands.
func (l *Ledger) Path() string { return l.path }

// Each calls f for every entry but the header, in the order in which they were written.
func (l *Ledger) Each(f func(Entry) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.read(func(e Entry, _ int64) error {
		if e.Kind == EntryHeader {
			return nil
		}
		return f(e)
	})
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrLedger, l.path, err)
	}
	return nil
}

// read calls f with every whole line's entry, and where the line ends.
func (l *Ledger) read(f func(e Entry, end int64) error) error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := bufio.NewReaderSize(l.file, 1<<16)
	end := int64(0)
	for number := 1; ; number++ {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what is left has no end: it was never whole
		}
		if err != nil {
			return err
		}
		e, err := parseLine(text)
		if err != nil {
			if _, more := r.Peek(1); errors.Is(more, io.EOF) {
				return nil // the last one: its blocks were not all written
			}
			return fmt.Errorf("line %d is damaged (%w); put the file back from a backup", number, err)
		}
		end += int64(len(text))
		if err := f(e, end); err != nil {
			return err
		}
	}
}

func parseLine(text []byte) (e Entry, err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return e, errors.New("no JSON")
	}
	if l.Sum != sumOf(l.Entry) {
		return e, errors.New("its checksum is another")
	}
	return e, json.Unmarshal(l.Entry, &e)
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Close closes the file.
func (l *Ledger) Close() error { return l.file.Close() }

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
