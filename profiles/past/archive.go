package past

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/sql/store"
)

// archive holds the queries; their files say what each answers.
type archive struct {
	assignments store.Query[assignmentRow]
	members     store.Query[observationRow]
	former      store.Query[formerRow]
	shared      store.Query[sharedRow]
	version     store.Query[versionRow]
	holders     store.Query[observationRow]
	facts       store.Query[factRow]
	seen        store.Query[seenRow]
	events      store.Query[store.EventRow]
	account     store.Query[store.EventRow]
	traits      store.Query[traitRow]
}

type (
	assignmentRow struct {
		Observation    uuid.UUID   `ch:"observation"`
		Profile        uuid.UUID   `ch:"profile"`
		Standing       string      `ch:"standing"`
		Candidates     []uuid.UUID `ch:"candidates"`
		Rule           string      `ch:"rule"`
		IdentifierType string      `ch:"identifier_type"`
		Peer           uuid.UUID   `ch:"peer"`
	}
	observationRow struct {
		Observation uuid.UUID `ch:"observation"`
	}
	formerRow struct {
		Observation uuid.UUID `ch:"observation"`
		LeftAt      uint64    `ch:"left_at"`
	}
	sharedRow struct {
		Key  uint64 `ch:"identifier_key"`
		Kind string `ch:"shared"`
	}
	versionRow struct {
		Version uint64 `ch:"version"`
	}
	factRow struct {
		Observation   uuid.UUID `ch:"observation"`
		Source        string    `ch:"source"`
		MessageID     string    `ch:"message_id"`
		RecordID      string    `ch:"record_id"`
		RecordVersion string    `ch:"record_version"`
		Session       string    `ch:"session"`
		Body          string    `ch:"body"`
		At            time.Time `ch:"at"`
	}
	seenRow struct {
		Observation   uuid.UUID `ch:"observation"`
		FirstReceived time.Time `ch:"first_received"`
		FirstSeen     time.Time `ch:"first_seen"`
		FirstSource   string    `ch:"first_source"`
	}
	traitRow struct {
		Observation   uuid.UUID `ch:"observation"`
		Source        string    `ch:"source"`
		MessageID     string    `ch:"message_id"`
		At            time.Time `ch:"at"`
		ReceivedAt    time.Time `ch:"received_at"`
		RecordID      string    `ch:"record_id"`
		RecordVersion string    `ch:"record_version"`
		RecordDeleted bool      `ch:"record_deleted"`
		IsGroup       uint8     `ch:"is_group"`
		Traits        string    `ch:"traits"`
		Subject       string    `ch:"subject"`
	}
)

func newArchive(s *store.Store) (*archive, error) {
	a := &archive{}
	return a, errors.Join(
		prepare(s, "past/assignments", &a.assignments),
		prepare(s, "past/members", &a.members),
		prepare(s, "past/former", &a.former),
		prepare(s, "past/shared", &a.shared),
		prepare(s, "past/version", &a.version),
		prepare(s, "past/holders", &a.holders),
		prepare(s, "past/facts", &a.facts),
		prepare(s, "past/seen", &a.seen),
		prepare(s, "past/events", &a.events),
		prepare(s, "past/account", &a.account),
		prepare(s, "past/traits", &a.traits),
	)
}

func prepare[R any](s *store.Store, name string, into *store.Query[R]) (err error) {
	*into, err = store.Prepare[R](s, name)
	return err
}

// about are the parameters of a query about some observations.
func about(workspace string, at int64, ids []identity.ObservationID) store.Params {
	keys := make([]uint64, len(ids))
	for i, id := range ids {
		keys[i] = identity.ObservationKey(id)
	}
	return store.Params{"workspace": workspace, "at": at, "observations": ids, "observation_keys": keys}
}
