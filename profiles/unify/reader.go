package unify

import (
	"tributary/identity"
	"tributary/identity/match"
)

// LinkerOver returns a linker over what is kept of a workspace under a model, for a reader: it compares
// of observations what the worker does under the engine's rules. fault returns what went wrong where the
// linker could return nothing: it is to be asked when all is done.
func LinkerOver(m *match.Model, s match.Store, e Engine, facts identity.Facts) (l *match.Linker, fault func() error) {
	see := &sight{schema: &m.Schema, engine: e, blocked: facts.Blocked}
	l = match.NewLinker(m, s, OptionsOf(e.Matching()))
	l.Prepare = see.prepare
	return l, func() error { return see.fault }
}
