package analyst

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
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Errors of a Library besides those of Check and event.Errors.
var (
	ErrNotSaved = errors.New("analyst: no statement of that name is saved")
	ErrTaken    = errors.New("analyst: a statement of that name is saved already")
	ErrNotOwner = errors.New("analyst: the statement is another's")
)

// Commands gives commands through the log and waits until they are applied; admin.Commands does.
type Commands interface {
	Do(ctx context.Context, workspace string, command unify.Command) (stream.Position, error)
}

// Documents keeps documents; state.Store does.
type Documents interface {
	Doc(bucket, key string) (json.RawMessage, bool, error)
	Docs(bucket string) ([]state.Doc, error)
}

// Library keeps statements of workspaces: through the log, as documents of the run-time configuration. It is safe for
// concurrent use; one process at a time owns the log, and so the names.
type Library struct {
	service   *Service
	commands  Commands
	documents Documents
	now       func() time.Time

	mu sync.Mutex // held from the question whether a name is there to the answer
}

// NewLibrary returns a Library whose statements service checks.
func NewLibrary(service *Service, commands Commands, documents Documents, now func() time.Time) *Library {
	return &Library{service: service, commands: commands, documents: documents, now: now}
}

// Author is who saves.
type Author struct {
	Name string
	// Any: what others saved as well.
	Any bool
}

func bucket(workspace string) string { return unify.QueriesBucket + workspace }

// Create saves a statement under a name that is free. It is checked as what the reader could run.
func (l *Library) Create(ctx context.Context, reader *Reader, by Author, s Saved) (*Saved, error) {
	return l.save(ctx, reader, by, s, func(was *Saved) error {
		if was != nil {
			return ErrTaken
		}
		return l.room(reader.Workspace)
	})
}

// Replace saves a statement in place of the one of its name, which is the author's. The owner stays.
func (l *Library) Replace(ctx context.Context, reader *Reader, by Author, s Saved) (*Saved, error) {
	return l.save(ctx, reader, by, s, func(was *Saved) error {
		if was == nil {
			return ErrNotSaved
		}
		return by.may(was)
	})
}

func (a Author) may(s *Saved) error {
	if !a.Any && a.Name != s.Owner {
		return ErrNotOwner
	}
	return nil
}

func (l *Library) room(workspace string) error {
	docs, err := l.documents.Docs(bucket(workspace))
	if err == nil && len(docs) >= MaxSaved {
		err = event.Errors{{Field: "name", Reason: fmt.Sprintf("is one too many: a workspace has at most %d; delete one", MaxSaved)}}
	}
	return err
}

func (l *Library) save(ctx context.Context, reader *Reader, by Author, s Saved, may func(was *Saved) error) (*Saved, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := l.service.try(ctx, reader, &s); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	was, err := l.Get(reader.Workspace, s.Name)
	if err != nil && !errors.Is(err, ErrNotSaved) {
		return nil, err
	}
	if err := may(was); err != nil {
		return nil, err
	}
	s.Owner, s.SavedAt = by.Name, l.now().UTC()
	if was != nil {
		s.Owner = was.Owner
	}
	value, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save statement: %w", err)
	}
	put := unify.ConfigPutAll{Bucket: bucket(reader.Workspace), Documents: []unify.ConfigDocument{{Key: s.Name, Value: value}}}
	if _, err := l.commands.Do(unify.WithAction(ctx, "query.save"), reader.Workspace, put); err != nil {
		return nil, err
	}
	return &s, nil
}

// Get reads a statement; ErrNotSaved: there is none of that name.
func (l *Library) Get(workspace, name string) (*Saved, error) {
	value, ok, err := l.documents.Doc(bucket(workspace), name)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, ErrNotSaved
	}
	s := new(Saved)
	if err := json.Unmarshal(value, s); err != nil {
		return nil, fmt.Errorf("read saved statement: %w", err)
	}
	return s, nil
}

// List reads all statements of a workspace by name, without their text.
func (l *Library) List(workspace string) ([]Saved, error) {
	docs, err := l.documents.Docs(bucket(workspace))
	if err != nil {
		return nil, err
	}
	list := make([]Saved, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal(doc.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("read saved statement: %w", err)
		}
		list[i].SQL = ""
	}
	slices.SortFunc(list, func(a, b Saved) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Delete removes a statement, which is the author's, and returns it.
func (l *Library) Delete(ctx context.Context, workspace string, by Author, name string) (*Saved, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, err := l.Get(workspace, name)
	if err == nil {
		err = by.may(was)
	}
	if err == nil {
		_, err = l.commands.Do(unify.WithAction(ctx, "query.delete"), workspace, unify.ConfigDelete{Bucket: bucket(workspace), Key: name})
	}
	if err != nil {
		return nil, err
	}
	return was, nil
}

// try checks what is to be saved as it will be when it is run, by the engine's parser too, and has the engine read the
// defaults. It completes the list of parameters.
func (s *Service) try(ctx context.Context, reader *Reader, saved *Saved) error {
	byName, _ := tables(reader)
	statement, err := Check(saved.SQL, byName)
	if err != nil {
		return err
	}
	if err := saved.declare(statement); err != nil {
		return err
	}
	if err := s.agree(ctx, statement); err != nil {
		return explain(ctx, err, statement, nil)
	}
	sql := saved.defaults()
	if sql == "" {
		return nil
	}
	values, err := saved.Values(nil)
	if err != nil {
		return err
	}
	result, err := s.Run(ctx, reader, sql, values)
	var engine *EngineError
	if err == nil {
		defer result.Close()
		_, err = result.Next(make([]any, len(result.Columns)))
	}
	if errors.As(err, &engine) {
		return event.Errors{{Field: "params", Reason: "hold a default that is not of its type"}}
	}
	return err
}
