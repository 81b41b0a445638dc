package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

const (
	// overlap is what is asked for again in the next round: a record becomes visible when its
	// transaction ends, under the time at which it was written.
	overlap = 5 * time.Minute
	// mostRecords is how many a query may bring at once.
	mostRecords = 2000
)

// objects are pulled in this order; the fields of each are a setting of its name in lower case.
var objects = []string{"Account", "Contact", "Lead", "Opportunity"}

// checkpoint is where the puller stands in a round: object after object it reads what changed from From
// on, in the order of change and id, behind the last record.
type checkpoint struct {
	Object int       `json:"object,omitempty"`
	From   time.Time `json:"from,omitzero"`
	Began  time.Time `json:"began,omitzero"` // zero: between two rounds
	At     time.Time `json:"at,omitzero"`    // of the last record
	ID     string    `json:"id,omitempty"`
}

type puller struct {
	webhook
	api    *connector.API
	id     string
	client string // the client secret
	path   string
	fields [][]string // by object
	token  string     // "": to be asked for
}

func newPuller(c connector.Config) (connector.Puller, error) {
	w, err := newMapper(c)
	if err != nil || !c.Has("client_secret") {
		return nil, err
	}
	p := &puller{webhook: *w, id: c.Text("client_id"), client: c.Text("client_secret"), path: "/services/data/v" + c.Text("api_version") + "/queryAll"}
	p.api, err = c.API(c.Text("base_url"), func(r *http.Request) {
		if p.token != "" {
			r.Header.Set("Authorization", "Bearer "+p.token)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("base_url: must be given with client_secret: %w", err)
	}
	for _, object := range objects {
		name := strings.ToLower(object) + "_fields"
		fields := append([]string{"Id", "IsDeleted", "SystemModstamp"}, c.List(name)...)
		if w.userField != "" && object == "Contact" {
			fields = append(fields, w.userField)
		}
		for _, one := range fields {
			if !isName(one) {
				return nil, fmt.Errorf("%s: must be names of fields between commas", name)
			}
		}
		slices.Sort(fields)
		p.fields = append(p.fields, slices.Compact(fields))
	}
	return p, nil
}

// isName says whether a field can stand in a query: a name, or one of a related object.
func isName(s string) bool {
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.'
		if !letter {
			return false
		}
	}
	return s != ""
}

// found is an answer of queryAll
// (https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html).
type found struct {
	Done    bool              `json:"done"`
	Records []json.RawMessage `json:"records"`
}

// Pull fetches a page of the records of one object.
func (p *puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	at := checkpoint{From: from.Since}
	if from.Checkpoint != nil {
		if err := json.Unmarshal(from.Checkpoint, &at); err != nil {
			return connector.Page{}, err
		}
		at.Object = min(max(at.Object, 0), len(objects)-1)
	}
	if at.Began.IsZero() {
		at.Began = p.config.Now().UTC()
	}
	var got found
	if err := p.query(ctx, p.soql(at), &got); err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	further := false
	for _, data := range got.Records {
		r := p.pulled(&page.Batch, objects[at.Object], data)
		if moved := r.Modstamp.Time(); !moved.IsZero() && r.ID != "" {
			at.At, at.ID, further = moved, string(r.ID), true
		}
	}
	if got.Done && len(got.Records) < mostRecords || !further {
		at = at.next()
	}
	page.Checkpoint, page.More = connector.JSON(at), !at.Began.IsZero()
	return page, nil
}

// next is the next object, or the pause before the next round.
func (c checkpoint) next() checkpoint {
	if c.Object+1 < len(objects) {
		return checkpoint{Object: c.Object + 1, From: c.From, Began: c.Began}
	}
	from := c.Began.Add(-overlap)
	if from.Before(c.From) {
		from = c.From
	}
	return checkpoint{From: from}
}

// soql asks for the records behind the last one. Paging by time and id needs no cursor of Salesforce's,
// which ends after some days, and misses nothing that changes meanwhile.
func (p *puller) soql(at checkpoint) string {
	const layout = "2006-01-02T15:04:05.000Z"
	text := "SELECT " + strings.Join(p.fields[at.Object], ", ") + " FROM " + objects[at.Object]
	switch {
	case at.ID != "":
		moment := at.At.UTC().Format(layout)
		text += " WHERE SystemModstamp > " + moment + " OR (SystemModstamp = " + moment + " AND Id > '" + quoted(at.ID) + "')"
	case !at.From.IsZero():
		text += " WHERE SystemModstamp >= " + at.From.UTC().Format(layout)
	}
	return fmt.Sprintf("%s ORDER BY SystemModstamp, Id LIMIT %d", text, mostRecords)
}

// quoted escapes a text of a query.
func quoted(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }

// query asks with a token, and once more with a new one if that has run out.
func (p *puller) query(ctx context.Context, soql string, v any) error {
	fresh := p.token == ""
	if fresh {
		if err := p.login(ctx); err != nil {
			return err
		}
	}
	err := p.api.Get(ctx, p.path, url.Values{"q": {soql}}, v)
	var status *connector.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusUnauthorized {
		return err
	}
	p.token = ""
	if fresh {
		return err
	}
	if err := p.login(ctx); err != nil {
		return err
	}
	return p.api.Get(ctx, p.path, url.Values{"q": {soql}}, v)
}

// login asks for a token by the client credentials flow
// (https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm).
func (p *puller) login(ctx context.Context) error {
	var answer struct {
		Token string `json:"access_token"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.id}, "client_secret": {p.client}}
	if err := p.api.Do(ctx, http.MethodPost, "/services/oauth2/token", nil, form, &answer); err != nil {
		return err
	}
	if answer.Token == "" {
		return errors.New("/services/oauth2/token: the answer has no access_token")
	}
	p.token = answer.Token
	return nil
}

// pulled makes the event of a record, which has a state and no change.
func (p *puller) pulled(b *connector.Batch, entity string, data json.RawMessage) record {
	var r record
	_ = field.Read(data, &r) // it is JSON: the answer was
	if r.ID == "" || r.Modstamp.Time().IsZero() {
		b.Reject("", "SystemModstamp", "and Id must be given: states of a record cannot be told apart without them", data)
		return r
	}
	id := fmt.Sprintf("%s:%d", r.ID, r.Modstamp.Time().UnixMilli())
	c := change{id: id, entity: entity, kind: kindState, fields: data}
	var members map[string]field.Raw
	if field.Read(data, &members) == nil { // its attributes are the API's, not the record's
		c.header = field.Join(map[string]field.Raw{"attributes": members["attributes"]})
		delete(members, "attributes")
		c.fields = field.Join(members)
	}
	p.add(b, c)
	return r
}
