package privacy

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
)

// Record is an erasure with all that became of it, as the state keeps it under its id.
type Record struct {
	Erasure
	Status Status `json:"status"`
	// Steps are what the runner noted, in the order in which they were first noted; of one name the
	// last note stands.
	Steps []Step `json:"steps,omitempty"`
	// Since is what of the log was applied when the state came to know of the erasure: what is below was
	// stored as any event, and then forgotten.
	Since UpTo `json:"since,omitempty"`
	// Direct is how many events below UpTo the state counted as erased when they came: it knew of the
	// erasure before them.
	Direct []Count `json:"direct,omitempty"`
	// Removed is how many stored events were removed, those counted directly included; it is final when
	// Status is StatusErased. Settled: they are counted as erased, and no longer as stored.
	Removed []Count `json:"removed,omitempty"`
	Settled bool    `json:"settled,omitempty"`
	// CancelledBy and CancelledAt are of StatusCancelled; ErasedAt is when all was removed.
	CancelledBy string    `json:"cancelled_by,omitempty"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
	ErasedAt    time.Time `json:"erased_at,omitzero"`
	// Certificate is what the runner certifies.
	Certificate json.RawMessage `json:"certificate,omitempty"`
}

// Step is one step of the runner.
type Step struct {
	Name   string          `json:"name"`
	At     time.Time       `json:"at"`
	Counts []Count         `json:"counts,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"` // nothing that says who
}

// CarriedOut says whether the state has forgotten the subject.
func (r *Record) CarriedOut() bool { return r.Status == StatusErasing || r.Status == StatusErased }

// Step returns what was noted under a name; nil: nothing yet.
func (r *Record) Step(name string) *Step {
	for i := range r.Steps {
		if r.Steps[i].Name == name {
			return &r.Steps[i]
		}
	}
	return nil
}

// AddCounts adds counts up, by source and day, ascending.
func AddCounts(all ...[]Count) []Count {
	var sum []Count
	for _, counts := range all {
		for _, c := range counts {
			at, found := slices.BinarySearchFunc(sum, c, compareCounts)
			if found {
				sum[at].Events += c.Events
			} else {
				sum = slices.Insert(sum, at, c)
			}
		}
	}
	return sum
}

func compareCounts(a, b Count) int {
	if a.Source != b.Source {
		if a.Source < b.Source {
			return -1
		}
		return 1
	}
	return int(a.Day) - int(b.Day)
}

// Desk is what the runner of erasures (privacy/erase) works with. Everything it changes goes through
// the log and is applied when it returns. It is safe for concurrent use.
type Desk interface {
	// Due lists the held erasures whose hold is over, the oldest first.
	Due(ctx context.Context) ([]*Record, error)
	// Erase carries a due one out: it resolves the subject again, writes the ledger, and has the state
	// forget. When it returns, every record below UpTo is applied, and none of the subject will come
	// into state or outbox again. Doing it twice is safe.
	Erase(ctx context.Context, workspace string, id uuid.UUID) (*Record, error)
	// Erasing lists the erasures that the state has carried out and that are not finished, of all
	// workspaces, in the order in which they were carried out. After a crash the runner goes on from their
	// steps. They are finished in this order: what several cover is counted with the first of them, as a
	// state that is made again counts it.
	Erasing(ctx context.Context) ([]*Record, error)
	// Get returns one erasure, or ErrUnknown.
	Get(ctx context.Context, workspace string, id uuid.UUID) (*Record, error)
	// Note keeps a step, in place of one of the same name. A count that can be taken once only, since
	// what is counted is removed next, is noted before.
	Note(ctx context.Context, workspace string, id uuid.UUID, step Step) error
	// Finish says that all is removed: removed is how many events of the analytics store, by source and
	// day, those that Record.Direct counts not included. The certificate is written to the ledger too.
	Finish(ctx context.Context, workspace string, id uuid.UUID, removed []Count, certificate json.RawMessage) error
}

// Suppressions says whose records are refused. state.Store is one; it answers from memory.
type Suppressions interface {
	// Suppresses says whether a workspace suppresses anybody at all.
	Suppresses(workspace string) bool
	// Suppressed says whether it suppresses an identifier now.
	Suppressed(workspace string, h IdentifierHash) bool
}

// Restriction is one observation that is kept and not used (GDPR, Article 18).
type Restriction struct {
	Observation identity.ObservationID `json:"observation"`
	By          string                 `json:"by,omitempty"`
	Reason      string                 `json:"reason,omitempty"`
	At          time.Time              `json:"at"`
}
