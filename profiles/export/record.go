package export

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
)

// Status is how far an export is.
type Status string

// The statuses. An export is running, then ready or failed; a ready one expires. Whatever it was, it is erased with
// its subject.
const (
	StatusRunning Status = "running"
	StatusReady   Status = "ready"
	StatusFailed  Status = "failed"
	StatusExpired Status = "expired"
	StatusErased  Status = "erased"
)

var (
	// ErrUnknown is returned for an export that the workspace has not.
	ErrUnknown = errors.New("export: no such export")
	// ErrNotReady is returned for the content of an export that is still made, or failed.
	ErrNotReady = errors.New("export: the export is not ready")
	// ErrGone is returned for the content of one that expired or was erased.
	ErrGone = errors.New("export: the content is removed")
	// ErrBusy is returned when too many exports wait to be made.
	ErrBusy = errors.New("export: too many exports are waiting")
)

// Record is an export as its sidecar file keeps it. Nothing in it says who the subject is but the ids of
// observations; of an erased one those, and the words of the request, are gone.
type Record struct {
	ID           uuid.UUID                `json:"id"`
	Workspace    string                   `json:"workspace"`
	Status       Status                   `json:"status"`
	Profile      identity.ProfileID       `json:"profile,omitzero"`
	Observations []identity.ObservationID `json:"observations,omitempty"` // ascending
	Actor        string                   `json:"actor,omitempty"`
	Reason       string                   `json:"reason,omitempty"`
	CreatedAt    time.Time                `json:"created"`
	ReadyAt      time.Time                `json:"ready,omitzero"`
	ExpiresAt    time.Time                `json:"expires,omitzero"`
	ErasedAt     time.Time                `json:"erased,omitzero"`
	Bytes        int64                    `json:"bytes,omitempty"` // of the archive
	Files        []File                   `json:"files,omitempty"`
	Fault        string                   `json:"fault,omitempty"` // of StatusFailed: what to do
}

// File is a file of an archive.
type File struct {
	Name  string `json:"name" policy:"meta"`
	Lines int    `json:"lines" policy:"meta"`
}

// concerns says whether an export is of one of some observations.
func (r *Record) concerns(of func(identity.ObservationID) bool) bool {
	return slices.ContainsFunc(r.Observations, of)
}

// at is the record as it stands at a time: what is past its time has expired, removed or not.
func (r *Record) at(now time.Time) *Record {
	x := *r
	if x.Status == StatusReady && !now.Before(x.ExpiresAt) {
		x.Status = StatusExpired
	}
	return &x
}

// erase leaves that there was an export, and nothing of whom.
func (r *Record) erase(now time.Time) {
	*r = Record{ID: r.ID, Workspace: r.Workspace, Status: StatusErased, CreatedAt: r.CreatedAt, ErasedAt: now}
}

// View is what is told of an export.
type View struct {
	ID           uuid.UUID `json:"id" policy:"meta"`
	Status       Status    `json:"status" policy:"meta"`
	Observations int       `json:"observations" policy:"meta"` // how many it is of
	RequestedBy  string    `json:"requested_by,omitempty" policy:"meta"`
	Reason       string    `json:"reason,omitempty" policy:"meta"`
	CreatedAt    time.Time `json:"created_at" policy:"meta"`
	ReadyAt      time.Time `json:"ready_at,omitzero" policy:"meta"`
	ExpiresAt    time.Time `json:"expires_at,omitzero" policy:"meta"`
	ErasedAt     time.Time `json:"erased_at,omitzero" policy:"meta"`
	Bytes        int64     `json:"bytes,omitempty" policy:"meta"`
	Files        []File    `json:"files,omitempty" policy:"-"`
	Fault        string    `json:"fault,omitempty" policy:"meta"`
}

// View returns what is told of the export. Its observations are counted, not listed.
func (r *Record) View() View {
	return View{
		ID: r.ID, Status: r.Status, Observations: len(r.Observations), RequestedBy: r.Actor, Reason: r.Reason, CreatedAt: r.CreatedAt,
		ReadyAt: r.ReadyAt, ExpiresAt: r.ExpiresAt, ErasedAt: r.ErasedAt, Bytes: r.Bytes, Files: r.Files, Fault: r.Fault,
	}
}

// Views are the exports of a workspace.
type Views struct {
	Exports []View `json:"exports" policy:"-"`
}

// ViewsOf is View of all.
func ViewsOf(all []*Record) Views {
	v := Views{Exports: []View{}}
	for _, r := range all {
		v.Exports = append(v.Exports, r.View())
	}
	return v
}
