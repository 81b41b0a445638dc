// Package statement runs analysts' statements for those who ask: by the reader policy in force, and on record before a
// row is read. The REST API and the program's own commands answer by it.
package statement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/journeys/analyst"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Queries checks and runs statements; analyst.Service does.
type Queries interface {
	Run(ctx context.Context, r *analyst.Reader, sql string, params map[string]any) (*analyst.Result, error)
}

// Saved keeps statements under names; analyst.Library does.
type Saved interface {
	Create(ctx context.Context, r *analyst.Reader, by analyst.Author, s analyst.Saved) (*analyst.Saved, error)
	Replace(ctx context.Context, r *analyst.Reader, by analyst.Author, s analyst.Saved) (*analyst.Saved, error)
	Get(workspace, name string) (*analyst.Saved, error)
	List(workspace string) ([]analyst.Saved, error)
	Delete(ctx context.Context, workspace string, by analyst.Author, name string) (*analyst.Saved, error)
}

// Policies finds the reader policy of a workspace; policy.Book does.
type Policies interface {
	For(workspace string) (*policy.Policy, error)
}

// Restricted knows whose use is restricted; state.Store does.
type Restricted interface {
	RestrictedObservations(workspace string) []identity.ObservationID
}

// Notes puts lines into the audit trail; admin.Commands does.
type Notes interface {
	Note(ctx context.Context, workspace string, note unify.AuditNote) error
}

// Config is what a Desk is made of.
type Config struct {
	Queries    Queries
	Saved      Saved
	Policies   Policies
	Restricted Restricted
	Notes      Notes
	Logger     *slog.Logger
	Now        func() time.Time
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	for _, part := range []struct {
		there bool
		name  string
	}{
		{c.Queries != nil, "queries"}, {c.Saved != nil, "saved"}, {c.Policies != nil, "policies"}, {c.Restricted != nil, "restricted"},
		{c.Notes != nil, "notes"}, {c.Logger != nil, "logger"}, {c.Now != nil, "now"},
	} {
		if !part.there {
			faults = append(faults, fmt.Errorf("%s: is required", part.name))
		}
	}
	return errors.Join(faults...)
}

// Desk takes statements. It is safe for concurrent use.
type Desk struct{ Config }

// New returns a Desk.
func New(c Config) (*Desk, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure statements: %w", err)
	}
	return &Desk{c}, nil
}

// Asker is on whose behalf a statement runs. Who it is stands in the context (unify.By).
type Asker struct {
	Workspace string
	Purpose   string // one of policy.Purposes
	Kind      string // of reader, one of policy.Readers
}

// Reader is what a purpose and a kind of reader see in views: of everybody, so at the lowest level of verification, and
// without anybody's consent. What would be masked is not there, for a mask is made for an answer's fields, and a
// statement's answer is of any form.
func (d *Desk) Reader(who Asker) (*analyst.Reader, error) {
	p, err := d.Policies.For(who.Workspace)
	if err != nil {
		return nil, err
	}
	reader := &policy.Reader{Policy: p, Purpose: who.Purpose, Kind: who.Kind, Level: policy.Claimed, Now: d.Now()}
	r := &analyst.Reader{Workspace: who.Workspace, Classes: p.Classes(), Shows: func(class string) bool {
		_, why := reader.Gate(class)
		return why == nil && p.Rule(who.Purpose, who.Kind, class).Limit == 0
	}}
	for _, class := range r.Classes {
		if since, why := reader.Gate(class); why == nil && since.After(r.Since) {
			r.Since = since
		}
	}
	r.Restricted = d.Restricted.RestrictedObservations(who.Workspace)
	return r, nil
}

// Run runs a statement once that is on record; see analyst.Service.Run.
func (d *Desk) Run(ctx context.Context, who Asker, r *Request) (*analyst.Result, error) {
	reader, err := d.Reader(who)
	if err != nil {
		return nil, err
	}
	if err := d.note(ctx, who, r.SQL); err != nil {
		return nil, err
	}
	return d.Queries.Run(ctx, reader, r.SQL, r.Params)
}

// note puts on record that a statement is run, for what purpose and kind of reader: by the hash of its text, which may
// hold values of customers.
func (d *Desk) note(ctx context.Context, who Asker, sql string) error {
	sum := sha256.Sum256([]byte(sql))
	err := d.Notes.Note(ctx, who.Workspace, unify.AuditNote{
		Action: "query", SubjectKind: "statement", Subject: "sha256:" + hex.EncodeToString(sum[:16]), Outcome: store.AuditDone,
		Reason: who.Purpose + "/" + who.Kind,
	})
	if err != nil {
		d.Logger.ErrorContext(ctx, "a statement is not in the audit trail", slog.Any("error", err))
		return problem.New(problem.Unavailable, "the reading cannot be recorded now, and nothing is told without that")
	}
	return nil
}
