package define

import (
	"fmt"
	"sync"

	"tributary/profiles"
)

// Source keeps the documents of workspaces; state.Store is one.
type Source interface {
	// Definitions returns the document of a workspace; nil when there is none.
	Definitions(workspace string) ([]byte, error)
	// DefinitionsRevision grows with every change of any of them.
	DefinitionsRevision() uint64
}

// Book has the programs of all workspaces at hand, as of now. It is safe for concurrent use, and tells the
// rules of survivorship (profiles.RuleBook).
type Book struct {
	source Source
	base   profiles.Rules // where a document says nothing

	mu       sync.Mutex
	revision uint64
	programs map[string]*Program
}

// NewBook returns a book over a source. base are the rules of survivorship where a document has none.
func NewBook(source Source, base profiles.Rules) *Book {
	return &Book{source: source, base: base, programs: map[string]*Program{}}
}

// Program returns that of a workspace; it declares nothing if there is no document. Nobody changes it.
func (b *Book) Program(workspace string) (*Program, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.source.DefinitionsRevision(); now != b.revision {
		clear(b.programs)
		b.revision = now
	}
	if p := b.programs[workspace]; p != nil {
		return p, nil
	}
	text, err := b.source.Definitions(workspace)
	if err != nil {
		return nil, err
	}
	p, err := b.Draft(text)
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	b.programs[workspace] = p
	return p, nil
}

// Draft returns the program of a document that is not in force, with the same base as those that are. The error is that
// of Compile.
func (b *Book) Draft(text []byte) (*Program, error) {
	p, err := Compile(text)
	if err != nil {
		return nil, err
	}
	p.Survivorship = p.Survivorship.Over(b.base)
	return p, nil
}

// Rules implements profiles.RuleBook.
func (b *Book) Rules(workspace string) (profiles.Rules, error) {
	p, err := b.Program(workspace)
	if err != nil {
		return profiles.Rules{}, err
	}
	return p.Survivorship, nil
}

var _ profiles.RuleBook = (*Book)(nil)
