package unify

import (
	"tributary/ingest/event"
	"tributary/profiles/state"
)

// newer says whether version a of a source record supersedes b. It is the order in which
// profiles.State keeps a record's traits.
func newer(a, b state.Version) bool {
	if c := event.CompareVersions(a.Version, b.Version); c != 0 {
		return c > 0
	}
	if a.At != b.At {
		return a.At > b.At
	}
	return a.MessageID > b.MessageID
}
