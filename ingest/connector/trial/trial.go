// Package trial shows what a connector makes of a payload: the events that would come of it, the parts that would end
// in the quarantine, and what is wrong with mapping or payload, each with its place. Nothing is kept, nobody is asked,
// and no secret is looked up.
package trial

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Request says what is tried: a connector of the program by its name, or one that a YAML declares.
type Request struct {
	Connector string `json:"connector,omitempty"`
	Mapping   string `json:"mapping,omitempty"` // YAML; see package declarative
	// Stream is what the payload is a page or a record of; empty: a delivery of the webhook.
	Stream string `json:"stream,omitempty"`
	// Payload is as it was sent: JSON, or a form.
	Payload string `json:"payload"`
	// Headers are those of the delivery, where the vendor says something in them.
	Headers map[string]string `json:"headers,omitempty"`
	// Settings are values of the connector's settings; others are invented.
	Settings map[string]string `json:"settings,omitempty"`
	// Source is the name that the events get; default "trial".
	Source string `json:"source,omitempty"`
}

// Result is what would come of a payload.
type Result struct {
	// Connector is what was tried; nil if the mapping could not be read.
	Connector *connector.Description `json:"connector,omitempty"`
	// Events are as the log would get them.
	Events []json.RawMessage `json:"events"`
	// Rejected is what would end in the quarantine.
	Rejected []Rejected `json:"rejected"`
	// Faults are what is wrong with mapping, settings or payload.
	Faults []Fault `json:"faults"`
}

// Rejected is a part of a payload that would make no event.
type Rejected struct {
	Reason  string          `json:"reason"`
	Field   string          `json:"field"`
	Payload json.RawMessage `json:"payload"`
}

// Fault is something that is wrong. It repeats no value of the payload.
type Fault struct {
	In     string `json:"in"`               // request, mapping, settings or payload
	Path   string `json:"path,omitempty"`   // in it
	Line   int    `json:"line,omitempty"`   // in it, from 1
	Column int    `json:"column,omitempty"` // from 1
	Reason string `json:"reason"`
}

// What a fault is in.
const (
	inRequest  = "request"
	inMapping  = "mapping"
	inSettings = "settings"
	inPayload  = "payload"
)

// Run tries a payload. Its error is one of the program's own; what is wrong with the request stands in the result.
func Run(all connector.Registry, r *Request, workspace string, now time.Time) (*Result, error) {
	t := &trial{Request: r, result: Result{Events: []json.RawMessage{}, Rejected: []Rejected{}, Faults: []Fault{}}}
	r.Source = cmp.Or(r.Source, "trial")
	batch, ok := t.batch(all, now)
	if !ok || len(t.result.Faults) > 0 {
		return &t.result, nil
	}
	records, err := source.Prepare(&batch, source.Stamp{Workspace: workspace, Source: r.Source, Received: now})
	if err != nil {
		return nil, fmt.Errorf("try a connector: %w", err)
	}
	for i := range records {
		if records[i].Kind != stream.KindRejected {
			t.result.Events = append(t.result.Events, records[i].Value)
			continue
		}
		var part Rejected
		if err := json.Unmarshal(records[i].Value, &part); err != nil {
			return nil, fmt.Errorf("try a connector: %w", err)
		}
		t.result.Rejected = append(t.result.Rejected, part)
	}
	return &t.result, nil
}

type trial struct {
	*Request
	result Result
}

func (t *trial) fault(f Fault) { t.result.Faults = append(t.result.Faults, f) }

// batch is what the connector makes; false: faults say why it makes nothing.
func (t *trial) batch(all connector.Registry, now time.Time) (b connector.Batch, ok bool) {
	if !event.ValidSource(t.Source) {
		t.fault(Fault{In: inRequest, Path: "source", Reason: "must be lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64"})
	}
	if (t.Mapping == "") == (t.Connector == "") {
		t.fault(Fault{In: inRequest, Path: "mapping", Reason: "either a mapping is given, or the name of a connector"})
	}
	if strings.TrimSpace(t.Payload) == "" {
		t.fault(Fault{In: inPayload, Reason: "must be given"})
	}
	if len(t.result.Faults) > 0 {
		return b, false
	}
	defer func() {
		if recover() != nil { // what it says may be of the payload
			t.fault(Fault{In: inPayload, Reason: "the connector cannot cope with it at all: a fault of the connector"})
			ok = false
		}
	}()
	if t.Mapping != "" {
		return t.declared()
	}
	return t.known(all, now)
}

// declared tries the mapping of a YAML.
func (t *trial) declared() (connector.Batch, bool) {
	file, faults := parse(t.Mapping)
	if len(faults) > 0 {
		t.result.Faults = faults
		return connector.Batch{}, false
	}
	c := file.Connector()
	d := connector.Describe(&c, t.Source, file.Name+".yaml")
	t.result.Connector = &d
	if file.Samples.Settings == nil {
		file.Samples.Settings = map[string]string{}
	}
	maps.Copy(file.Samples.Settings, t.Settings)
	batch, err := file.TryRequest(t.Stream, t.request())
	return batch, t.made(err)
}

// known tries the webhook of a connector of the program. What a puller makes of an answer only its package knows.
func (t *trial) known(all connector.Registry, now time.Time) (connector.Batch, bool) {
	c, err := all.Find(t.Connector)
	if err != nil {
		t.fault(Fault{In: inRequest, Path: "connector", Reason: "there is no such connector"})
		return connector.Batch{}, false
	}
	d := connector.Describe(c, t.Source, "")
	t.result.Connector = &d
	if c.NewWebhook == nil {
		t.fault(Fault{In: inRequest, Path: "connector", Reason: "its vendor sends nothing; only deliveries of webhooks can be tried"})
		return connector.Batch{}, false
	}
	needed := slices.DeleteFunc(slices.Clone(c.Settings), func(s connector.Setting) bool { return !s.Required && s.Kind != connector.KindSecret })
	settings := connector.Invented(needed, nil)
	maps.Copy(settings, t.Settings)
	config, err := c.Configure(t.Source, settings, func(value string) (string, error) { return value, nil })
	config.Now = func() time.Time { return now }
	var hook connector.Webhook
	if err == nil {
		hook, err = c.NewWebhook(config)
	}
	if err != nil || hook == nil {
		t.settingsFaults(err)
		return connector.Batch{}, false
	}
	r := t.request()
	r.Received = now
	batch, err := hook.Decode(r)
	return batch, t.made(err)
}

func (t *trial) settingsFaults(err error) {
	if err == nil {
		err = errors.New("settings: say that this source takes no webhook")
	}
	for _, one := range flat(err) {
		path, reason := pathAnd(one)
		t.fault(Fault{In: inSettings, Path: path, Reason: reason})
	}
}

// request is the payload as a delivery.
func (t *trial) request() *connector.Request {
	r := &connector.Request{Method: http.MethodPost, URL: &url.URL{Path: "/v1/webhooks/" + t.Source}, Header: http.Header{}, Body: []byte(t.Payload)}
	kind := "application/x-www-form-urlencoded"
	if first := strings.TrimSpace(t.Payload)[0]; first == '{' || first == '[' {
		kind = "application/json"
	}
	r.Header.Set("Content-Type", kind)
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		r.Header.Set(name, t.Headers[name])
	}
	return r
}

// made notes why a payload made nothing.
func (t *trial) made(err error) bool {
	if err == nil {
		return true
	}
	f := Fault{In: inPayload, Reason: err.Error()}
	f.Line, f.Column = brokenAt(t.Payload)
	t.fault(f)
	return false
}
