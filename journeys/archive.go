package journeys

import (
	"context"
	"fmt"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/sql/store"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// Events is the Archive on ClickHouse. It is safe for concurrent use.
type Events struct{ page store.Query[eventRow] }

var _ Archive = (*Events)(nil)

// NewEvents returns the archive over an open store.
func NewEvents(s *store.Store) (*Events, error) {
	page, err := store.Prepare[eventRow](s, "timeline/page")
	if err != nil {
		return nil, err
	}
	return &Events{page}, nil
}

// eventRow is a row of the query timeline/page.
type eventRow struct {
	Source         string           `ch:"source"`
	MessageID      string           `ch:"message_id"`
	Type           string           `ch:"type"`
	Name           string           `ch:"name"`
	Channel        string           `ch:"channel"`
	At             time.Time        `ch:"at"`
	ReceivedAt     time.Time        `ch:"received_at"`
	Observation    uuid.UUID        `ch:"observation"`
	ConversationID string           `ch:"conversation_id"`
	Direction      string           `ch:"direction"`
	AuthorRole     string           `ch:"author_role"`
	AgentID        string           `ch:"agent_id"`
	CaseID         string           `ch:"case_id"`
	Topic          string           `ch:"topic"`
	Survey         string           `ch:"survey"`
	Score          *float64         `ch:"score"`
	Scale          string           `ch:"scale"`
	Amount         *decimal.Decimal `ch:"amount"`
	Currency       string           `ch:"currency"`
	Resolution     string           `ch:"resolution"`
	Text           string           `ch:"text"`
	Properties     string           `ch:"properties"`
	LogPartition   uint32           `ch:"log_partition"`
	LogOffset      uint64           `ch:"log_offset"`
}

func (r *eventRow) interaction() profiles.Interaction {
	x := profiles.Interaction{
		At: r.At.UTC(), MessageID: r.MessageID, Source: r.Source,
		Position: stream.Position{Partition: stream.Partition(r.LogPartition), Offset: r.LogOffset},
		Type:     event.Type(r.Type), Name: r.Name, Channel: event.Channel(r.Channel),
		ConversationID: r.ConversationID, CaseID: r.CaseID,
		AuthorRole: event.AuthorRole(r.AuthorRole), Direction: event.Direction(r.Direction),
		AgentID: r.AgentID, Topic: r.Topic, Resolution: event.Resolution(r.Resolution),
		Survey: event.Survey(r.Survey), Scale: r.Scale, Score: r.Score, Currency: r.Currency,
	}
	x.Text, x.TextCut = profiles.Snippet(r.Text)
	if r.Amount != nil {
		x.Amount = r.Amount.String()
	}
	return x
}

// Before implements Archive.
func (a *Events) Before(ctx context.Context, workspace string, observations []identity.ObservationID, key *Key, limit int) ([]profiles.Interaction, error) {
	if len(observations) == 0 {
		return nil, nil
	}
	if key == nil {
		key = &Key{At: store.MaxTime.Add(time.Millisecond)}
	}
	keys := make([]uint64, len(observations))
	for i, id := range observations {
		keys[i] = identity.ObservationKey(id)
	}
	rows, err := a.page.All(ctx, store.Params{
		"workspace": workspace, "observations": observations, "observation_keys": keys,
		"before_at": key.At.UnixMilli(), "before_message_id": key.MessageID, "limit": uint32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := make([]profiles.Interaction, len(rows))
	for i := range rows {
		events[i] = rows[i].interaction()
	}
	return events, nil
}
