package cx

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles"
	"tributary/sql/store"
)

// MaxItems bounds a page of items.
const MaxItems = 100

// ItemQuestion asks what a point was made of: From and Until of the scope are the point's.
type ItemQuestion struct {
	Question
	// Group and Series are the point's; nil: of all.
	Group, Series *string
	Limit         int // 1 to MaxItems; 0: MaxItems
	Cursor        string
}

// Items is a page of what a number was made of, the newest first.
type Items struct {
	report.About
	Metric Metric `json:"metric" policy:"-"`
	// Untrusted are the members that sources wrote.
	Untrusted []string `json:"untrusted" policy:"meta"`
	Items     []Item   `json:"items" policy:"-"`
	// NextCursor asks for the next page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// Item is what a number was made of: a conversation, leg, survey or case.
type Item struct {
	ID      string    `json:"id" policy:"self"`
	Source  string    `json:"source" policy:"provenance"`
	Profile uuid.UUID `json:"profile" policy:"meta"`
	At      time.Time `json:"at" policy:"self"`
	// Counts is what it adds to the numerator, in the unit of the metric.
	Counts float64 `json:"counts" policy:"self"`
	Events []Event `json:"events" policy:"-"`
	survey bool
}

// PolicyClass says the class of data that the item is of.
func (x Item) PolicyClass() string {
	name := event.NameConversationStarted
	if x.survey {
		name = event.NameSurveyAnswered
	}
	return profiles.EventClass(name, !x.survey)
}

// Event is one event of an item.
type Event struct {
	Source    string    `json:"source" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"self"`
	Name      string    `json:"name" policy:"self"`
	At        time.Time `json:"at" policy:"self"`
}

// PolicyClass says the class of data that the event is of.
func (e Event) PolicyClass() string { return profiles.EventClass(e.Name, true) }

// itemRow is a row of statement.items.
type itemRow struct {
	ID        string    `ch:"id"`
	Source    string    `ch:"source"`
	Profile   uuid.UUID `ch:"profile"`
	At        time.Time `ch:"at"`
	Numerator int64     `ch:"numerator"`
}

// eventRow is a row of cx/events.
type eventRow struct {
	ID        string    `ch:"id"`
	Source    string    `ch:"source"`
	MessageID string    `ch:"message_id"`
	Name      string    `ch:"name"`
	At        time.Time `ch:"at"`
}

// itemCursor is the place of the last item of a page.
type itemCursor struct {
	At     int64  `json:"a"`
	ID     string `json:"i"`
	Source string `json:"s"`
}

// Items answers with a page of what a number was made of. It fails as Ask does.
func (r *Reader) Items(ctx context.Context, q ItemQuestion) (*Items, error) {
	s, err := r.statement(&q.Question)
	if err != nil {
		return nil, err
	}
	m := s.metrics[0]
	s.grain, s.group, s.series = GrainNone, q.Group != nil && q.By != "", q.Series != nil
	before, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > MaxItems {
		q.Limit = MaxItems
	}
	page := &Items{Metric: *m, Untrusted: []string{"items[].id", "items[].events[].message_id", "items[].events[].name"}, Items: []Item{}}
	if page.About, err = r.reports.Resolve(ctx, &q.Scope, m.Formula); err != nil {
		return nil, err
	}
	params := s.params()
	params["before_at"], params["before_id"], params["before_source"], params["limit"] = before.At, before.ID, before.Source, uint32(q.Limit+1)
	if s.group {
		params["group"] = *q.Group
	}
	if s.series {
		params["series"] = *q.Series
	}
	list, err := store.Compose[itemRow](r.store, "cx/items", s.items()).All(ctx, params)
	if err != nil {
		return nil, err
	}
	if len(list) > q.Limit {
		list = list[:q.Limit]
		last := list[q.Limit-1]
		page.NextCursor = itemCursor{last.At.UnixMilli(), last.ID, last.Source}.String()
	}
	for _, row := range list {
		page.Items = append(page.Items, Item{row.ID, row.Source, row.Profile, row.At.UTC(), float64(row.Numerator) / m.of.scaled(), []Event{}, m.rows == ofSurveys})
	}
	return page, r.fillEvents(ctx, m.rows, params, page.Items)
}

// fillEvents finds the events of items.
func (r *Reader) fillEvents(ctx context.Context, of rows, params store.Params, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = eventsID(of, items[i].ID)
	}
	params["ids"], params["rows"] = ids, string(of)
	list, err := r.events.All(ctx, params)
	if err != nil {
		return err
	}
	byID := map[string][]Event{}
	for _, e := range list {
		byID[e.ID] = append(byID[e.ID], Event{e.Source, e.MessageID, e.Name, e.At.UTC()})
	}
	for i := range items {
		for _, e := range byID[ids[i]] {
			if of != ofSurveys || e.Source == items[i].Source { // sources number their surveys alike
				items[i].Events = append(items[i].Events, e)
			}
		}
	}
	return nil
}

// eventsID is what events name an item by: those of a leg are those of its conversation.
func eventsID(of rows, id string) string {
	if at := strings.LastIndexByte(id, '/'); of == ofLegs && at >= 0 {
		return id[:at]
	}
	return id
}

// String is the cursor as clients see it.
func (c itemCursor) String() string {
	text, _ := json.Marshal(c) // of two strings and a number
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(text string) (itemCursor, error) {
	if text == "" {
		return itemCursor{At: store.MaxTime.UnixMilli()}, nil
	}
	var c itemCursor
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &c)
	}
	if err != nil || c.At < store.MinTime.UnixMilli() || c.At > store.MaxTime.UnixMilli() {
		return c, event.Errors{{Field: "cursor", Reason: "is not one of this list; start again without it"}}
	}
	return c, nil
}
