package event

import "github.com/cespare/xxhash/v2"

// clientTypes are the identifiers that tell a source's clients apart, best first. An app or a browser
// has an anonymous id of its own, and keeps it when its user logs in; a server that has none speaks for
// one user at a time. Others, such as an e-mail address, name a person and no client.
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
// and of the anonymous id, else the device id, else the user id, as received. It is 0 when the event has
// none of them.
func (e *Event) ClientID() uint64 {
	for _, typ := range clientTypes {
		for i := range e.Identifiers {
			if e.Identifiers[i].Type == typ {
				return hashClient(e.Source, &e.Identifiers[i])
			}
		}
	}
	return 0
}

func hashClient(source string, id *Identifier) uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, s := range [...]string{source, "\x00", id.Type, "\x00", id.Value} {
		_, _ = d.WriteString(s)
	}
	return max(d.Sum64(), 1)
}
