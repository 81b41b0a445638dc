package live

// Source keeps feeds; state.Store is one. It is safe for concurrent use.
type Source interface {
	// LiveHead says what a workspace's feed holds; the zero Head while there was none.
	LiveHead(workspace string) (Head, error)
	// LivePage returns up to limit entries of the numbers behind < n <= upTo.
	LivePage(workspace string, behind, upTo uint64, limit int) (*Page, error)
	// WatchLive has changed signalled after entries came, or the revision grew, until stop is called.
	WatchLive(workspace string) (changed <-chan struct{}, stop func())
	// LiveRevision grows when entries that were told may be told no more: somebody was erased or restricted.
	LiveRevision(workspace string) uint64
	// Sync makes durable what was read before.
	Sync() error
}
