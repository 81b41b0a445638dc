package surveymonkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

const (
	pageSize = 100 // the API's largest
	// boundary is how far before the last response the next page begins: times have whole seconds, and
	// start_modified_at is exclusive or not, which is not documented.
	boundary = time.Second
	// maxSeen bounds how many responses of the boundary a checkpoint remembers.
	maxSeen = 200
)

// puller asks for the responses of one survey after another, ordered by their last change.
type puller struct {
	cfg       connector.Config
	api       *connector.API
	surveys   []string
	questions map[string]question
	userID    string
}

func newPuller(cfg connector.Config) (connector.Puller, error) {
	if !cfg.Has("access_token") {
		return nil, nil // it only listens
	}
	token := cfg.Text("access_token")
	api, err := cfg.API(cfg.Text("base_url"), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	asks, questionsErr := questions(cfg.List("questions"))
	p := &puller{cfg: cfg, api: api, surveys: cfg.List("survey_ids"), questions: asks, userID: cfg.Text("user_id_variable")}
	if len(p.surveys) == 0 {
		err = errors.Join(err, errors.New("survey_ids: name at least one survey to pull"))
	}
	return p, errors.Join(err, questionsErr)
}

// checkpoint is where the puller stands: in which survey, and of each how far.
type checkpoint struct {
	Survey  string            `json:"survey"`
	Surveys map[string]cursor `json:"surveys"`
}

// cursor is a place in a survey. Paging by number over a list that changes meanwhile skips what moves, so
// the time moves on where it can, and the page's number only where a whole page is of one second.
type cursor struct {
	Since time.Time `json:"since,omitzero"`
	Page  int       `json:"page,omitempty"` // beyond the first, of this Since
	Seen  []string  `json:"seen,omitempty"` // responses at or after Since that were kept
}

type bulk struct {
	Data  []json.RawMessage `json:"data"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
}

// Pull fetches a page of the survey that is next.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	c, err := p.position(from)
	if err != nil {
		return connector.Page{}, err
	}
	at := c.Surveys[c.Survey]
	var answer bulk
	query := url.Values{
		"simple": {"true"}, "per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(at.Page + 1)},
		"sort_by": {"date_modified"}, "sort_order": {"ASC"},
	}
	if !at.Since.IsZero() {
		query.Set("start_modified_at", at.Since.UTC().Format("2006-01-02T15:04:05"))
	}
	if err := p.api.Get(ctx, "/v3/surveys/"+url.PathEscape(c.Survey)+"/responses/bulk", query, &answer); err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	at = p.keep(&page.Batch, answer.Data, at)
	if page.More = answer.Links.Next != ""; !page.More {
		at.Page = 0
	}
	c.Surveys[c.Survey] = at
	if !page.More {
		page.More = c.next(p.surveys)
	}
	page.Checkpoint = connector.JSON(c)
	return page, nil
}

// position reads the checkpoint; surveys that are new begin at Since.
func (p *puller) position(from connector.Position) (*checkpoint, error) {
	c := &checkpoint{Surveys: map[string]cursor{}}
	if from.Checkpoint != nil {
		if err := json.Unmarshal(from.Checkpoint, c); err != nil {
			return nil, fmt.Errorf("read the checkpoint: %w", err)
		}
		if c.Surveys == nil {
			c.Surveys = map[string]cursor{}
		}
	}
	if !slices.Contains(p.surveys, c.Survey) {
		c.Survey = p.surveys[0]
	}
	if _, begun := c.Surveys[c.Survey]; !begun {
		c.Surveys[c.Survey] = cursor{Since: from.Since}
		if !from.Since.IsZero() {
			c.Surveys[c.Survey] = cursor{Since: from.Since.Add(-boundary)}
		}
	}
	return c, nil
}

// next goes on to the survey after this one, and says whether there was one in this round.
func (c *checkpoint) next(surveys []string) bool {
	i := slices.Index(surveys, c.Survey) + 1
	c.Survey = surveys[i%len(surveys)]
	return i < len(surveys)
}

// keep makes events of what was not kept before, and returns where to go on.
func (p *puller) keep(b *connector.Batch, data []json.RawMessage, at cursor) cursor {
	next := cursor{Since: at.Since, Page: at.Page + 1, Seen: slices.Clone(at.Seen)}
	var latest time.Time
	for _, raw := range data {
		var r response
		if err := field.Decode(raw, &r); err != nil || r.ID == "" || r.DateModified.Time().IsZero() {
			b.Reject("", "id", "or date_modified is missing, or a field has another type than documented", raw)
			continue
		}
		key := r.ID.String() + " " + r.DateModified.String()
		if modified := r.DateModified.Time(); modified.After(latest) {
			latest = modified
		}
		if slices.Contains(next.Seen, key) {
			continue
		}
		p.response(b, raw, &r)
		next.Seen = append(next.Seen, key)
	}
	if since := latest.Add(-boundary); !latest.IsZero() && since.After(at.Since) {
		next.Since, next.Page = since, 0
	}
	next.Seen = recent(next.Seen, next.Since)
	return next
}

// recent is those of the keys that a page from since on may have again, at most maxSeen of the latest.
func recent(keys []string, since time.Time) []string {
	keys = slices.DeleteFunc(keys, func(key string) bool {
		for i := range key {
			if key[i] == ' ' {
				return field.Time(key[i+1:]).Before(since)
			}
		}
		return true
	})
	return keys[max(0, len(keys)-maxSeen):]
}
