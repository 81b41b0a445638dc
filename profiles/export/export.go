// Package export gives people what is kept of them (GDPR, Articles 15 and 20): everything, as a ZIP of JSON Lines
// with an index that a person can read. Whom it is of is decided as an erasure decides it, so that what is exported is
// what an erasure would take, and nothing of anybody else.
//
// README.md says what is in it.
package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// DefaultKeep is how long an export can be downloaded.
const DefaultKeep = 7 * 24 * time.Hour

const (
	maxWaiting  = 64                  // exports that wait to be made
	keepRecords = 90 * 24 * time.Hour // how long it is known that there was an export
	sweepEvery  = time.Minute
	maxReason   = 1000 // bytes
)

// Subjects finds whom an address names, as an erasure would; desk.Desk does.
type Subjects interface {
	Subject(ctx context.Context, workspace string, who profiles.Address) (*desk.Subject, error)
}

// Sheets computes what definitions make of a person; analysis.Service does.
type Sheets interface {
	Sheet(workspace string, profile identity.ProfileID, members []identity.ObservationID) (*analysis.Sheet, error)
}

// State is what is read of the hot state; state.Store is one.
type State interface {
	profiles.HotStore
	Erasures(workspace string) ([]*privacy.Record, error)
	Restriction(workspace string, id identity.ObservationID) (*privacy.Restriction, error)
	Items(q state.ItemQuery) ([]*state.Item, error)
	Item(workspace string, pos stream.Position, ordinal uint32) (*state.Item, bool, error)
}

// Notes puts lines into the audit trail; admin.Commands does.
type Notes interface {
	Note(ctx context.Context, workspace string, note unify.AuditNote) error
}

// Appender takes records of disclosures; stream.Log is one.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Config is what an Exporter works with. All is required but where a default is told.
type Config struct {
	Dir      string        // of its own: what else lies there is removed
	Keep     time.Duration // default DefaultKeep
	Subjects Subjects
	Profiles *profiles.Service
	Sheets   Sheets
	State    State
	Store    *store.Store
	Hasher   *privacy.Hasher
	Engine   privacy.Normaliser
	// Arrived waits until the archive holds all that was received by a time.
	Arrived func(ctx context.Context, at time.Time) error
	Notes   Notes
	Log     Appender
	Now     func() time.Time // default time.Now
	Logger  *slog.Logger     // default: none
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Dir != "", "dir")
	need(c.Subjects != nil, "subjects")
	need(c.Profiles != nil, "profiles")
	need(c.Sheets != nil, "sheets")
	need(c.State != nil, "state")
	need(c.Store != nil, "store")
	need(c.Hasher != nil, "hasher")
	need(c.Engine != nil, "engine")
	need(c.Arrived != nil, "arrived")
	need(c.Notes != nil, "notes")
	need(c.Log != nil, "log")
	if c.Keep < 0 {
		faults = append(faults, errors.New("keep: must not be negative"))
	}
	return errors.Join(faults...)
}

// Exporter makes exports, one at a time, and keeps them for a while. It is safe for concurrent use.
type Exporter struct {
	Config
	folder  folder
	archive *archive
	waiting chan uuid.UUID

	mu      sync.Mutex
	records map[uuid.UUID]*Record // changed and written under mu alone
	making  *making               // nil: none is made
}

// making is the export that is under way.
type making struct {
	id   uuid.UUID
	stop context.CancelFunc
	done chan struct{}
}

// New opens the folder. What was under way when the program ended has failed, and nothing of it is left.
func New(c Config) (*Exporter, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure export: %w", err)
	}
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Exporter{Config: c, folder: folder(c.Dir), waiting: make(chan uuid.UUID, maxWaiting)}
	var err error
	if e.archive, err = newArchive(c.Store); err != nil {
		return nil, err
	}
	if e.records, err = e.folder.open(); err != nil {
		return nil, fmt.Errorf("open exports: %w", err)
	}
	for _, r := range e.records {
		if r.Status == StatusRunning {
			r.Status, r.Fault = StatusFailed, "the server was stopped; ask for it again"
			if err := e.folder.write(r); err != nil {
				return nil, fmt.Errorf("open exports: %w", err)
			}
		}
	}
	return e, nil
}

func (e *Exporter) now() time.Time { return e.Now().UTC().Truncate(time.Millisecond) }

// Request asks for an export.
type Request struct {
	Workspace string
	Who       profiles.Address
	Reason    string // the operator's words
	Actor     string
}

// Request has an export made. It fails as desk.Desk.Preview does, and with ErrBusy. Somebody who is restricted is
// exported too.
func (e *Exporter) Request(ctx context.Context, r Request) (*Record, error) {
	if len(r.Reason) > maxReason {
		return nil, &desk.FieldError{Field: "reason", Reason: fmt.Sprintf("may have %d bytes", maxReason)}
	}
	s, err := e.Subjects.Subject(ctx, r.Workspace, r.Who)
	if err != nil {
		return nil, err
	}
	record := &Record{
		ID: uuid.New(), Workspace: r.Workspace, Status: StatusRunning, Profile: s.Profile, Observations: s.Observations,
		Actor: r.Actor, Reason: r.Reason, CreatedAt: e.now(),
	}
	if err := e.note(ctx, record, "privacy.export"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == cap(e.waiting) {
		return nil, ErrBusy
	}
	if err := e.folder.write(record); err != nil {
		return nil, fmt.Errorf("keep export: %w", err)
	}
	e.records[record.ID] = record
	e.waiting <- record.ID // has room: only who holds mu sends
	return record.at(e.now()), nil
}

// note puts what is done with an export on record, before it is done.
func (e *Exporter) note(ctx context.Context, r *Record, action string) error {
	return e.Notes.Note(ctx, r.Workspace, unify.AuditNote{Action: action, SubjectKind: "export", Subject: r.ID.String(), Outcome: store.AuditDone})
}

// Get returns an export, or ErrUnknown.
func (e *Exporter) Get(_ context.Context, workspace string, id uuid.UUID) (*Record, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.records[id]
	if r == nil || r.Workspace != workspace {
		return nil, ErrUnknown
	}
	return r.at(e.now()), nil
}

// List lists the exports of a workspace, the oldest first.
func (e *Exporter) List(_ context.Context, workspace string) ([]*Record, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []*Record
	for _, r := range e.records {
		if r.Workspace == workspace {
			all = append(all, r.at(e.now()))
		}
	}
	slices.SortFunc(all, func(a, b *Record) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return all, nil
}

// Reader is who downloads an export, as the report of disclosures has it.
type Reader struct{ Actor, Purpose, Kind, Route, RequestID string }

// Content opens the archive of an export, for the caller to close. That it is read stands in the audit trail, and in
// the subject's report of disclosures, before a byte is given. It fails with ErrUnknown, ErrNotReady or ErrGone.
func (e *Exporter) Content(ctx context.Context, workspace string, id uuid.UUID, by Reader) (*os.File, *Record, error) {
	r, err := e.Get(ctx, workspace, id)
	if err != nil {
		return nil, nil, err
	}
	switch r.Status {
	case StatusReady:
	case StatusExpired, StatusErased:
		return nil, r, ErrGone
	default:
		return nil, r, ErrNotReady
	}
	if erased, err := e.erased(r); erased || err != nil { // a folder that was put back may still have its archive
		return nil, r, errors.Join(err, ErrGone)
	}
	if err := e.disclose(ctx, r, by); err != nil {
		return nil, r, err
	}
	file, err := os.Open(e.folder.path(id, archiveEnding))
	if errors.Is(err, os.ErrNotExist) {
		return nil, r, ErrGone
	}
	return file, r, err
}

func (e *Exporter) disclose(ctx context.Context, r *Record, by Reader) error {
	if err := e.note(ctx, r, "privacy.export.read"); err != nil {
		return err
	}
	record, err := unify.NewDisclosureRecord(r.Workspace, e.now(), unify.Disclosure{
		Kind: store.DisclosureAnswer, Observations: r.Observations[:min(len(r.Observations), unify.MaxDisclosed)],
		Total: len(r.Observations), Profile: r.Profile, Actor: by.Actor, Purpose: by.Purpose, Reader: by.Kind, Route: by.Route,
		RequestID: by.RequestID, Shown: []string{"*"},
	})
	if err == nil {
		_, err = e.Log.Append(ctx, []stream.Record{record})
	}
	if err != nil {
		return fmt.Errorf("record the reading of an export: %w", err)
	}
	return nil
}

// erased says whether the subject of an export was erased since it was asked for.
func (e *Exporter) erased(r *Record) (bool, error) {
	all, err := e.State.Erasures(r.Workspace)
	if err != nil {
		return false, fmt.Errorf("read erasures: %w", err)
	}
	for _, x := range all {
		if x.CarriedOut() && !x.At.Before(r.CreatedAt) && r.concerns(func(o identity.ObservationID) bool { return x.Concerns(o, nil) }) {
			return true, nil
		}
	}
	return false, nil
}
