package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tributary/ingest/event"
	"tributary/profiles/unify"
)

// WorkspaceBucket is where workspaces are in the run-time configuration, by name.
const WorkspaceBucket = "workspaces"

var (
	// ErrNoWorkspace is returned for a workspace that was not made.
	ErrNoWorkspace = errors.New("auth: there is no such workspace")
	// ErrClosed is returned for a key of a workspace that is closed, and for a key to be made in one.
	ErrClosed = errors.New("auth: the workspace is closed")
)

// Workspace keeps one company's, or one brand's, customers apart from all others. Every key, event and
// profile belongs to one.
type Workspace struct {
	Name    string    `json:"name"`
	Note    string    `json:"note,omitempty"`
	Created time.Time `json:"created,omitzero"` // zero: the configuration file names it
	Closed  time.Time `json:"closed,omitzero"`  // zero: it is not
}

// Validate reports every fault, each with its field.
func (w *Workspace) Validate() error {
	var faults []error
	if !event.ValidSource(w.Name) {
		faults = append(faults, errors.New("name: must be "+nameForm))
	}
	if len(w.Note) > maxNote {
		faults = append(faults, fmt.Errorf("note: is longer than %d bytes", maxNote))
	}
	return errors.Join(faults...)
}

// Workspaces makes, closes and finds workspaces. A closed one keeps its data; its keys open nothing
// until it is opened again. It is safe for concurrent use.
type Workspaces struct {
	docs     Docs
	config   Config
	now      func() time.Time
	declared []string

	mu       sync.Mutex
	revision uint64
	closed   map[string]bool // nil: not read yet
}

// NewWorkspaces returns the workspaces of an installation: those declared in its configuration file,
// and those made since.
func NewWorkspaces(docs Docs, config Config, now func() time.Time, declared ...string) *Workspaces {
	return &Workspaces{docs: docs, config: config, now: now, declared: declared}
}

// Get finds a workspace. It fails with ErrNoWorkspace.
func (w *Workspaces) Get(name string) (*Workspace, error) {
	value, ok, err := w.docs.Doc(WorkspaceBucket, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up workspace: %w", err)
	case ok:
		return readWorkspace(value)
	case slices.Contains(w.declared, name):
		return &Workspace{Name: name}, nil
	}
	return nil, ErrNoWorkspace
}

func readWorkspace(value json.RawMessage) (*Workspace, error) {
	space := new(Workspace)
	if err := json.Unmarshal(value, space); err != nil {
		return nil, fmt.Errorf("look up workspace: %w", err)
	}
	return space, nil
}

// List returns all workspaces by name.
func (w *Workspaces) List() ([]*Workspace, error) {
	docs, err := w.docs.Docs(WorkspaceBucket)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	found := map[string]*Workspace{}
	for _, name := range w.declared {
		found[name] = &Workspace{Name: name}
	}
	for _, doc := range docs {
		if found[doc.Key], err = readWorkspace(doc.Value); err != nil {
			return nil, err
		}
	}
	all := make([]*Workspace, 0, len(found))
	for _, space := range found {
		all = append(all, space)
	}
	slices.SortFunc(all, func(a, b *Workspace) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Create makes a workspace. Making one that is there already, open, changes nothing; for one that is
// closed it fails with ErrClosed.
func (w *Workspaces) Create(ctx context.Context, name, note string) (*Workspace, error) {
	space := &Workspace{Name: name, Note: note, Created: w.now().UTC().Truncate(time.Millisecond)}
	if err := space.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	switch known, err := w.Get(name); {
	case errors.Is(err, ErrNoWorkspace):
		return space, w.put(ctx, "workspace.create", space)
	case err != nil:
		return nil, err
	case !known.Closed.IsZero():
		return nil, ErrClosed
	default:
		return known, nil
	}
}

// Close closes a workspace; closing twice changes nothing. It fails with ErrNoWorkspace.
func (w *Workspaces) Close(ctx context.Context, name string) (*Workspace, error) {
	space, err := w.Get(name)
	if err != nil || !space.Closed.IsZero() {
		return space, err
	}
	space.Closed = w.now().UTC().Truncate(time.Millisecond)
	return space, w.put(ctx, "workspace.close", space)
}

// Reopen takes Close back. It fails with ErrNoWorkspace.
func (w *Workspaces) Reopen(ctx context.Context, name string) (*Workspace, error) {
	space, err := w.Get(name)
	if err != nil || space.Closed.IsZero() {
		return space, err
	}
	space.Closed = time.Time{}
	return space, w.put(ctx, "workspace.reopen", space)
}

func (w *Workspaces) put(ctx context.Context, action string, space *Workspace) error {
	value, err := json.Marshal(space)
	if err == nil {
		err = w.config.Put(unify.WithAction(ctx, action), space.Name, WorkspaceBucket, space.Name, value)
	}
	if err != nil {
		return fmt.Errorf("store workspace: %w", err)
	}
	return nil
}

// isClosed answers from memory until the configuration changes: every request asks.
func (w *Workspaces) isClosed(name string) (bool, error) {
	revision := w.docs.DocsRevision()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed == nil || w.revision != revision {
		all, err := w.List()
		if err != nil {
			return false, err
		}
		w.closed, w.revision = map[string]bool{}, revision
		for _, space := range all {
			w.closed[space.Name] = !space.Closed.IsZero()
		}
	}
	return w.closed[name], nil
}

// takesKeys fails with the reason why no key can be made in a workspace.
func (w *Workspaces) takesKeys(name string) error {
	space, err := w.Get(name)
	switch {
	case errors.Is(err, ErrNoWorkspace):
		return fmt.Errorf("%w: workspace: there is none of this name; `tributary workspaces create` makes one", ErrInvalid)
	case err == nil && !space.Closed.IsZero():
		return fmt.Errorf("%w: workspace: is closed", ErrInvalid)
	}
	return err
}
