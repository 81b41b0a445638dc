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
)

// Events is the Archive on ClickHouse. It is safe for concurrent use.
type Events struct {
	page store.Query[store.TimelineRow]
}

var _ Archive = (*Events)(nil)

// NewEvents returns the archive over an open store.
func NewEvents(s *store.Store) (*Events, error) {
	page, err := store.Prepare[store.TimelineRow](s, "timeline/page")
	if err != nil {
		return nil, err
	}
	return &Events{page}, nil
}

func interactionOf(r *store.TimelineRow) profiles.Interaction {
	x := profiles.Interaction{
		At: r.At.UTC(), MessageID: r.MessageID, Source: r.Source,
		OriginalAt: r.OriginalAt.UTC(), Order: r.Order, Client: r.Client, OrderedAt: r.OrderedAt.UTC(),
		Position: stream.Position{Partition: stream.Partition(r.LogPartition), Offset: r.LogOffset},
		Type:     event.Type(r.Type), Name: r.Name, Channel: event.Channel(r.Channel),
		ConversationID: r.ConversationID, CaseID: r.CaseID,
		AuthorRole: event.AuthorRole(r.AuthorRole), Direction: event.Direction(r.Direction),
		AgentID: r.AgentID, Topic: r.Topic, Resolution: event.Resolution(r.Resolution),
		Survey: event.Survey(r.Survey), Scale: r.Scale, Score: r.Score, Currency: r.Currency,
	}
	x.Text, x.TextCut = profiles.Snippet(r.Text)
	if r.Amount != nil {
		x.Amount = event.CanonicalAmount(*r.Amount, r.Currency)
	}
	return x
}

// Before implements Archive.
func (a *Events) Before(ctx context.Context, workspace string, observations []identity.ObservationID, key *Key, channels []event.Channel, limit int) ([]profiles.Interaction, error) {
	if len(observations) == 0 {
		return nil, nil
	}
	if key == nil {
		key = &Key{OrderedAt: store.MaxTime.Add(time.Millisecond), OriginalAt: store.MaxTime}
	}
	rows, err := a.page.All(ctx, store.Params{
		"workspace": workspace, "observations": observations, "observation_keys": keysOf(observations),
		"before_ordered_at": key.OrderedAt.UnixMilli(), "before_client": key.Client,
		"before_original_at": key.OriginalAt.UnixMilli(), "before_order": key.Order,
		"before_message_id": key.MessageID, "before_source": key.Source, "channels": namesOf(channels), "limit": uint32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := make([]profiles.Interaction, len(rows))
	for i := range rows {
		events[i] = interactionOf(&rows[i])
	}
	return events, nil
}

func namesOf(channels []event.Channel) []string {
	names := make([]string, len(channels))
	for i, c := range channels {
		names[i] = string(c)
	}
	return names
}

func keysOf(observations []identity.ObservationID) []uint64 {
	keys := make([]uint64, len(observations))
	for i, id := range observations {
		keys[i] = identity.ObservationKey(id)
	}
	return keys
}
