package live

import "tributary/identity"

// Source keeps feeds; state.Store is one. It is safe for concurrent use.
type Source interface {
	// LiveHead says what a workspace's feed holds; the zero Head while there was none.
	LiveHead(workspace string) (Head, error)
	// LivePage returns up to limit entries of the numbers behind < n <= upTo that are wanted. It looks at LookedAt
	// times limit at most.
	LivePage(workspace string, behind, upTo uint64, limit int, want Want) (*Page, error)
	// WatchLive has changed signalled after entries came, or the revision grew, until stop is called.
	WatchLive(workspace string) (changed <-chan struct{}, stop func())
	// LiveRevision grows when entries that were told may be told no more: somebody was erased or restricted.
	LiveRevision(workspace string) uint64
	// Sync makes durable what was read before.
	Sync() error
}

// LookedAt is how many entries a page looks at for each that it may return, so that it comes to an end where few
// are wanted.
const LookedAt = 16

// Want says which entries of a page need not be looked up. The zero Want wants all.
type Want struct {
	// Entry says whether an entry is wanted, by itself; nil: each is.
	Entry func(*Entry) bool
	// Of is an observation: only what concerns the profile that it belongs to is wanted. Zero: of anybody.
	Of identity.ObservationID
}
