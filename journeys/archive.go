package journeys

import (
	"context"
	"fmt"
	"slices"
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
		Position: stream.Position{Partition: stream.Partition(r.LogPartition), Offset: r.LogOffset},
		Type:     event.Type(r.Type), Name: r.Name, Channel: event.Channel(r.Channel),
		ConversationID: r.ConversationID, CaseID: r.CaseID,
		AuthorRole: event.AuthorRole(r.AuthorRole), Direction: event.Direction(r.Direction),
		AgentID: r.AgentID, Topic: r.Topic, Resolution: event.Resolution(r.Resolution),
		Survey: event.Survey(r.Survey), Scale: r.Scale, Score: r.Score, Currency: r.Currency,
	}
	x.Text, x.TextCut = profiles.Snippet(r.Text)
	if r.Amount != nil {
		x.Amount = *r.Amount
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
	// The query knows no source in its key. So it is asked for the rows of the key's own time and
	// message id once more, and those that are not older are dropped here.
	rows, err := a.page.All(ctx, store.Params{
		"workspace": workspace, "observations": observations, "observation_keys": keys,
		"before_at": key.At.UnixMilli(), "before_message_id": key.MessageID + " ", "limit": uint32(limit + maxTies),
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := make([]profiles.Interaction, 0, len(rows))
	for i := range rows {
		if x := interactionOf(&rows[i]); keyOf(&x).before(*key) {
			events = append(events, x)
		}
	}
	slices.SortFunc(events, func(a, b profiles.Interaction) int {
		if keyOf(&a).before(keyOf(&b)) {
			return 1
		}
		return -1
	})
	return events[:min(limit, len(events))], nil
}

// maxTies is how many events of one person may have one time and message id: as many sources as
// chose the same id in the same millisecond.
const maxTies = 16
