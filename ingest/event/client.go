package event

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// clientTypes are the identifiers that tell a source's clients apart, best first. An app or a browser
// has an anonymous id of its own, and keeps it when its user logs in; a server that has none speaks for
// one user at a time.
var clientTypes = [...]string{IDAnonymous, IDDevice, IDUser}

// Client identifies the client (ClientID) by whose clock OriginalAt was read; 0 when that is not known,
// or the event says no time of its own.
//
// Events of one client stand in the order of that clock, then of Order, then of MessageID: how long
// each of its requests was under way makes no difference to that. See profiles.Arrange.
func (e *Event) Client() uint64 {
	if e.SentAt.IsZero() && e.OriginalAt.Equal(e.ReceivedAt) {
		return 0
	}
	return e.ClientID()
}

// ClientID identifies, within the workspace, the client that an event comes from: a hash of the source
// and the one of the identifiers, as received, that is least likely to be another's. It is 0 when the
// event names nobody.
func (e *Event) ClientID() uint64 {
	if len(e.Identifiers) == 0 {
		return 0
	}
	id := e.clientIdentifier()
	var d xxhash.Digest
	d.Reset()
	for _, s := range [...]string{e.Source, "\x00", id.Type, "\x00", id.Value} {
		_, _ = d.WriteString(s)
	}
	return max(d.Sum64(), 1)
}

func (e *Event) clientIdentifier() Identifier {
	for _, typ := range clientTypes {
		for _, id := range e.Identifiers {
			if id.Type == typ {
				return id
			}
		}
	}
	return slices.MinFunc(e.Identifiers, func(a, b Identifier) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
}
