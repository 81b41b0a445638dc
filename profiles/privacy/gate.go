package privacy

import (
	"context"
	"encoding/json"
	"slices"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Appender takes records; stream.Log is one.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Gate stands before the log, on every way in: of an event of somebody who is suppressed nothing is kept
// but that it came, from which source, and when. Who sent it is answered as if it had been taken: a key in
// a browser must not tell who is suppressed. A workspace that suppresses nobody pays a look into a map.
//
// What passes the gate before it hears of a suppression is refused behind it (unify). Safe for concurrent
// use.
type Gate struct {
	log          Appender
	hasher       *Hasher
	normalise    Normaliser
	suppressions Suppressions
}

// NewGate returns the gate before a log.
func NewGate(log Appender, h *Hasher, n Normaliser, s Suppressions) *Gate {
	return &Gate{log: log, hasher: h, normalise: n, suppressions: s}
}

// Append implements stream.Log's, without the suppressed. The caller's records stay as they are.
func (g *Gate) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	return g.log.Append(ctx, g.Filter(records))
}

// Filter returns the records with those of the suppressed replaced by what is kept of them: records of
// stream.KindSuppressed, without a value.
func (g *Gate) Filter(records []stream.Record) []stream.Record {
	filtered := records
	for i := range records {
		r := &records[i]
		if !g.refuses(r) {
			continue
		}
		if &filtered[0] == &records[0] {
			filtered = slices.Clone(records)
		}
		bare := *r
		bare.Kind, bare.Value = stream.KindSuppressed, nil
		bare.MessageID = g.hasher.Message(r.Workspace, r.Source, r.MessageID)
		filtered[i] = bare
	}
	return filtered
}

func (g *Gate) refuses(r *stream.Record) bool {
	if r.Kind != stream.KindEvent && r.Kind != stream.KindRejected || !g.suppressions.Suppresses(r.Workspace) {
		return false
	}
	suppressed := func(h IdentifierHash) bool { return g.suppressions.Suppressed(r.Workspace, h) }
	if r.Kind == stream.KindEvent {
		var e event.Event
		if event.DecodeInto(&e, r.Value) == nil {
			// As unify will see it: a record of one workspace cannot name another's people.
			e.Workspace, e.Source = r.Workspace, r.Source
			return slices.ContainsFunc(g.hasher.Event(g.normalise, &e), suppressed)
		}
	}
	return g.hasher.Mentions(g.normalise, identity.Place{Workspace: r.Workspace, Source: r.Source}, payloadOf(r), suppressed)
}

// Refuses says whether nothing may be kept of who has one of some normalised identifiers.
func (g *Gate) Refuses(workspace string, all []identity.Identifier) bool {
	return g.suppressions.Suppresses(workspace) && slices.ContainsFunc(all, func(id identity.Identifier) bool {
		return g.suppressions.Suppressed(workspace, g.hasher.Identifier(workspace, id))
	})
}

// payloadOf is what a rejected item was, without the reason that we gave.
func payloadOf(r *stream.Record) []byte {
	var v struct {
		Payload json.RawMessage `json:"payload"`
	}
	if r.Kind == stream.KindRejected && json.Unmarshal(r.Value, &v) == nil && len(v.Payload) > 0 {
		return v.Payload
	}
	return r.Value
}
