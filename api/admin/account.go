package admin

import (
	"tributary/profiles/unify"
)

// Account says of one source what was received and what became of it:
//
//	received = pending + stored + duplicate + quarantined + suppressed + erased
type Account struct {
	Workspace   string            `json:"workspace"`
	Source      string            `json:"source"`
	Received    uint64            `json:"received"`
	Pending     uint64            `json:"pending"` // in the log, not applied yet
	Stored      uint64            `json:"stored"`
	Duplicate   uint64            `json:"duplicate"`
	Conflict    uint64            `json:"conflict"` // of the duplicates: with another payload
	Quarantined uint64            `json:"quarantined"`
	Reasons     map[string]uint64 `json:"reasons,omitempty"` // of the quarantined
	Suppressed  uint64            `json:"suppressed"`
	Erased      uint64            `json:"erased"`
	// StoredClickHouse is how many of the stored ones ClickHouse holds. It converges to Stored.
	StoredClickHouse uint64 `json:"stored_clickhouse"`
	Balanced         bool   `json:"balanced"` // the sum above holds
}

// Accounts are those of all sources at one moment.
type Accounts struct {
	Sources []Account `json:"sources"`
	// Counted: the log has a figure of received records of its own, independent of the rest.
	Counted bool `json:"counted"`
	// Exact: nothing was received while the log was asked.
	Exact bool `json:"exact"`
}

// NewAccounts puts the figures of the log and the state beside those of ClickHouse.
func NewAccounts(r *unify.Reconciliation, inClickHouse func(workspace, source string) uint64) *Accounts {
	a := &Accounts{Sources: []Account{}, Counted: r.Counted, Exact: r.Exact}
	for i := range r.Sources {
		b := &r.Sources[i]
		a.Sources = append(a.Sources, Account{
			Workspace: b.Workspace, Source: b.Source, Received: b.Received, Pending: b.Pending,
			Stored: b.Counts.Stored, Duplicate: b.Counts.Duplicate, Conflict: b.Counts.Conflict,
			Quarantined: b.Counts.Quarantined, Reasons: b.Counts.Reasons,
			Suppressed: b.Counts.Suppressed, Erased: b.Counts.Erased,
			StoredClickHouse: inClickHouse(b.Workspace, b.Source), Balanced: b.Balanced(),
		})
	}
	return a
}
