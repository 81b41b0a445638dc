package export

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/sql/store"
)

// archive holds the queries; their files say what each answers.
type archive struct {
	events         store.Query[store.EventRow]
	facts          store.Query[factRow]
	commands       store.Query[commandRow]
	decisions      store.Query[decisionRow]
	consent        store.Query[consentRow]
	disclosures    store.Query[disclosureRow]
	participations store.Query[participationRow]
}

type (
	factRow struct {
		Kind          string    `ch:"kind"`
		Observation   uuid.UUID `ch:"observation"`
		Source        string    `ch:"source"`
		MessageID     string    `ch:"message_id"`
		RecordID      string    `ch:"record_id"`
		RecordVersion string    `ch:"record_version"`
		RecordDeleted bool      `ch:"record_deleted"`
		Session       string    `ch:"session"`
		Body          string    `ch:"body"`
		At            time.Time `ch:"at"`
		ReceivedAt    time.Time `ch:"received_at"`
	}
	commandRow struct {
		Source       string    `ch:"source"`
		MessageID    string    `ch:"message_id"`
		Body         string    `ch:"body"`
		ReceivedAt   time.Time `ch:"received_at"`
		LogPartition uint32    `ch:"log_partition"`
		LogOffset    uint64    `ch:"log_offset"`
		Ordinal      uint32    `ch:"ordinal"`
	}
	decisionRow struct {
		Version         uint64      `ch:"version"`
		Kind            string      `ch:"kind"`
		Observation     uuid.UUID   `ch:"observation"`
		Profile         uuid.UUID   `ch:"profile"`
		PreviousProfile uuid.UUID   `ch:"previous_profile"`
		Standing        string      `ch:"standing"`
		Candidates      []uuid.UUID `ch:"candidates"`
		Rule            string      `ch:"rule"`
		IdentifierType  string      `ch:"identifier_type"`
		Peer            uuid.UUID   `ch:"peer"`
		RefusedBy       string      `ch:"refused_by"`
		Score           float32     `ch:"score"`
		Model           uint32      `ch:"model"`
		Actor           string      `ch:"actor"`
		DecidedAt       time.Time   `ch:"decided_at"`
	}
	consentRow struct {
		ContactType       string    `ch:"contact_type"`
		Contact           string    `ch:"contact"`
		Observation       uuid.UUID `ch:"observation"`
		Channel           string    `ch:"channel"`
		Purpose           string    `ch:"purpose"`
		Status            string    `ch:"status"`
		LegalBasis        string    `ch:"legal_basis"`
		Evidence          string    `ch:"evidence"`
		ValidUntil        time.Time `ch:"valid_until"`
		Carried           bool      `ch:"carried"`
		OriginContactType string    `ch:"origin_contact_type"`
		OriginContact     string    `ch:"origin_contact"`
		OriginObservation uuid.UUID `ch:"origin_observation"`
		Source            string    `ch:"source"`
		MessageID         string    `ch:"message_id"`
		At                time.Time `ch:"at"`
		ReceivedAt        time.Time `ch:"received_at"`
	}
	disclosureRow struct {
		Kind        string    `ch:"kind"`
		Purpose     string    `ch:"purpose"`
		Reader      string    `ch:"reader"`
		Level       string    `ch:"level"`
		Classes     []string  `ch:"classes"`
		Shown       []string  `ch:"shown"`
		Masked      []string  `ch:"masked"`
		DisclosedAt time.Time `ch:"disclosed_at"`
	}
	participationRow struct {
		Observation    uuid.UUID `ch:"observation"`
		Source         string    `ch:"source"`
		MessageID      string    `ch:"message_id"`
		Type           string    `ch:"type"`
		Name           string    `ch:"name"`
		Channel        string    `ch:"channel"`
		At             time.Time `ch:"at"`
		ReceivedAt     time.Time `ch:"received_at"`
		ConversationID string    `ch:"conversation_id"`
		Participants   string    `ch:"participants"`
	}
)

func newArchive(s *store.Store) (*archive, error) {
	a := &archive{}
	return a, errors.Join(
		prepare(s, "export/subject_events", &a.events),
		prepare(s, "export/subject_facts", &a.facts),
		prepare(s, "export/subject_commands", &a.commands),
		prepare(s, "export/subject_decisions", &a.decisions),
		prepare(s, "export/subject_consent", &a.consent),
		prepare(s, "export/subject_disclosures", &a.disclosures),
		prepare(s, "export/participations", &a.participations),
	)
}

func prepare[R any](s *store.Store, name string, into *store.Query[R]) (err error) {
	*into, err = store.Prepare[R](s, name)
	return err
}

// about are the parameters of a query about some observations.
func (g *gathering) about(ids []identity.ObservationID) store.Params {
	return store.Params{"workspace": g.record.Workspace, "at": g.at.UnixMilli(), "observations": ids, "observation_keys": keysOf(ids)}
}

func keysOf(ids []identity.ObservationID) []uint64 {
	keys := make([]uint64, len(ids))
	for i, id := range ids {
		keys[i] = identity.ObservationKey(id)
	}
	return keys
}
