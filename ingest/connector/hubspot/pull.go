package hubspot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

const (
	// lag is what is left for the next round, overlap what is asked for again: search shows a change
	// some moments after it.
	lag     = 10 * time.Second
	overlap = 5 * time.Minute
	// archiveEvery is how often the archive, which cannot be searched by date, is read through.
	archiveEvery = time.Hour

	searchSize  = 200 // HubSpot's largest of a search, and of a list
	archiveSize = 100
)

// stream is a kind of object that is pulled.
type stream struct {
	kind, plural string
	modified     string // the property that holds the time of its last change
}

var streams = []stream{
	{"contact", "contacts", "lastmodifieddate"},
	{"company", "companies", "hs_lastmodifieddate"},
	{"deal", "deals", "hs_lastmodifieddate"},
}

// checkpoint is where the puller stands in a round: stream after stream it reads what changed within
// [From, Until), by id, and then, if that is due, their archives. Times are in milliseconds.
type checkpoint struct {
	Stream  int   `json:"stream,omitempty"`
	Archive bool  `json:"archive,omitempty"` // it reads archives
	From    int64 `json:"from"`
	Until   int64 `json:"until,omitempty"` // 0: between two rounds
	// After is the last id that was read; in an archive, HubSpot's own cursor.
	After string `json:"after,omitempty"`
	// Archived is from when on deletions are wanted: when the archives were last begun to be read.
	Archived int64 `json:"archived,omitempty"`
	Due      bool  `json:"due,omitempty"` // archives are read in this round
}

type puller struct {
	mapper
	api        *connector.API
	properties [][]string // by stream
}

func newPuller(c connector.Config) (connector.Puller, error) {
	m, err := newMapper(c)
	if err != nil || !c.Has("access_token") {
		return nil, err
	}
	token := c.Text("access_token")
	api, err := c.API(c.Text("base_url"), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	if err != nil {
		return nil, err
	}
	p := &puller{mapper: m, api: api}
	for _, s := range streams {
		properties := append(c.List(s.kind+"_properties"), s.modified)
		if s.kind == "contact" && m.userProperty != "" {
			properties = append(properties, m.userProperty)
		}
		p.properties = append(p.properties, properties)
	}
	return p, nil
}

// answer is a page of a search or a list.
type answer struct {
	Results []json.RawMessage `json:"results"`
	Paging  struct {
		Next struct {
			After field.Text `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

// Pull fetches a page of what changed, or of an archive.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	at, err := start(from)
	if err != nil {
		return connector.Page{}, err
	}
	if at.Until == 0 {
		now := p.config.Now()
		at.Until = now.Add(-lag).UnixMilli()
		at.Due = now.UnixMilli()-at.Archived >= archiveEvery.Milliseconds()
	}
	var got answer
	if at.Archive {
		err = p.api.Get(ctx, "/crm/v3/objects/"+streams[at.Stream].plural, p.archiveQuery(at), &got)
	} else {
		err = p.api.Do(ctx, http.MethodPost, "/crm/v3/objects/"+streams[at.Stream].plural+"/search", nil, p.search(at), &got)
	}
	if err != nil {
		return connector.Page{}, err
	}
	return p.page(ctx, at, got)
}

func start(from connector.Position) (checkpoint, error) {
	var at checkpoint
	if from.Checkpoint != nil {
		err := json.Unmarshal(from.Checkpoint, &at)
		at.Stream = min(max(at.Stream, 0), len(streams)-1)
		return at, err
	}
	if !from.Since.IsZero() {
		at.From = from.Since.UnixMilli()
		at.Archived = at.From
	}
	return at, nil
}

// filter and search are a request of the search API
// (https://developers.hubspot.com/docs/api-reference/search/guide).
type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type search struct {
	Groups     []map[string][]filter `json:"filterGroups"`
	Sorts      []map[string]string   `json:"sorts"`
	Properties []string              `json:"properties"`
	Limit      int                   `json:"limit"`
}

// search asks for what comes by id behind the last: HubSpot gives no more than 10,000 results of one
// search, however they are paged.
func (p *puller) search(at checkpoint) search {
	modified := streams[at.Stream].modified
	filters := []filter{{modified, "LT", strconv.FormatInt(at.Until, 10)}}
	if at.From > 0 {
		filters = append(filters, filter{modified, "GTE", strconv.FormatInt(at.From, 10)})
	}
	if at.After != "" {
		filters = append(filters, filter{"hs_object_id", "GT", at.After})
	}
	return search{
		Groups:     []map[string][]filter{{"filters": filters}},
		Sorts:      []map[string]string{{"propertyName": "hs_object_id", "direction": "ASCENDING"}},
		Properties: p.properties[at.Stream],
		Limit:      searchSize,
	}
}

func (p *puller) archiveQuery(at checkpoint) url.Values {
	query := url.Values{
		"archived": {"true"}, "limit": {strconv.Itoa(archiveSize)}, "properties": {strings.Join(p.properties[at.Stream], ",")},
	}
	if at.After != "" {
		query.Set("after", at.After)
	}
	return query
}

// page makes events of an answer, and says where to go on.
func (p *puller) page(ctx context.Context, at checkpoint, got answer) (connector.Page, error) {
	records := make([]record, len(got.Results))
	for i, data := range got.Results {
		_ = field.Read(data, &records[i]) // it is JSON: the answer was
	}
	kind := streams[at.Stream].kind
	if kind == "deal" && !at.Archive && len(records) > 0 {
		if err := p.associate(ctx, records); err != nil {
			return connector.Page{}, err
		}
	}
	var page connector.Page
	for i := range records {
		if !at.Archive || records[i].changed().IsZero() || records[i].changed().UnixMilli() >= at.Archived {
			p.pulled(&page.Batch, kind, &records[i], got.Results[i])
		}
	}
	next := at
	switch after := string(got.Paging.Next.After); {
	case after == "" || len(records) == 0:
		next = p.next(at)
	case at.Archive:
		next.After = after
	default:
		next.After = string(records[len(records)-1].ID)
	}
	page.Checkpoint, page.More = connector.JSON(next), next.Until != 0
	return page, nil
}

// next is the stream behind one that was read to its end, then the archives, then the next round.
func (p *puller) next(at checkpoint) checkpoint {
	at.After = ""
	switch {
	case at.Stream+1 < len(streams):
		at.Stream++
	case !at.Archive && at.Due:
		at.Stream, at.Archive = 0, true
	default:
		next := checkpoint{From: max(at.From, at.Until-overlap.Milliseconds()), Archived: at.Archived}
		if at.Due {
			next.Archived = at.Until
		}
		return next
	}
	return at
}

// associate asks who deals are about, and whose they are
// (https://developers.hubspot.com/docs/api-reference/crm-associations-v3/guide).
func (p *puller) associate(ctx context.Context, deals []record) error {
	type object struct {
		ID field.Text `json:"id"`
	}
	request := struct {
		Inputs []object `json:"inputs"`
	}{}
	for i := range deals {
		if deals[i].ID != "" {
			request.Inputs = append(request.Inputs, object{deals[i].ID})
		}
	}
	for _, other := range []string{"contacts", "companies"} {
		var got struct {
			Results []struct {
				From object   `json:"from"`
				To   []object `json:"to"`
			} `json:"results"`
		}
		if err := p.api.Do(ctx, http.MethodPost, "/crm/v3/associations/deals/"+other+"/batch/read", nil, request, &got); err != nil {
			return err
		}
		for _, result := range got.Results {
			i := slices.IndexFunc(deals, func(d record) bool { return d.ID == result.From.ID })
			if i < 0 {
				continue
			}
			for _, to := range result.To {
				deals[i].relate(other, string(to.ID))
			}
		}
	}
	return nil
}

func (r *record) relate(other, id string) {
	list := &r.contacts
	if other == "companies" {
		list = &r.companies
	}
	if id != "" && !slices.Contains(*list, id) { // an id comes once for each label
		*list = append(*list, id)
	}
}
