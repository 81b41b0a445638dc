package policy

import (
	"encoding/json"
	"fmt"
	"sync"
)

// Bucket is where workspaces' documents are in the run-time configuration, by the workspace's name: the YAML as
// a JSON string.
const Bucket = "policy"

// Docs reads the run-time configuration; state.Store is one.
type Docs interface {
	Doc(bucket, key string) (json.RawMessage, bool, error)
	// DocsRevision grows with every change.
	DocsRevision() uint64
}

// Book finds the policy of a workspace. It is safe for concurrent use.
type Book struct {
	docs Docs

	mu       sync.RWMutex
	revision uint64
	known    map[string]*Policy
}

// NewBook returns the policies of an installation.
func NewBook(docs Docs) *Book { return &Book{docs: docs, known: map[string]*Policy{}} }

// Document returns a workspace's own document; false: the built-in one is in force.
func (b *Book) Document(workspace string) ([]byte, bool, error) {
	value, ok, err := b.docs.Doc(Bucket, workspace)
	if !ok || err != nil {
		return defaultYAML, false, err
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, false, fmt.Errorf("read policy: %w", err)
	}
	return []byte(text), true, nil
}

// For returns the policy in force. A document that does not parse is an error: nothing is shown by a policy
// that is not understood.
func (b *Book) For(workspace string) (*Policy, error) {
	// The revision is read before the document: a change in between is then seen next time.
	revision := b.docs.DocsRevision()
	b.mu.RLock()
	p, fresh := b.known[workspace], b.revision == revision
	b.mu.RUnlock()
	if fresh && p != nil {
		return p, nil
	}
	text, own, err := b.Document(workspace)
	if err != nil {
		return nil, err
	}
	p = Default()
	if own {
		if p, err = Parse(text); err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revision != revision {
		b.revision = revision
		clear(b.known)
	}
	b.known[workspace] = p
	return p, nil
}
