package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// suite is a subject that is made ready for the checks.
type suite struct {
	Subject
	root       fs.FS
	deliveries []delivery // by name
	streams    []string   // sorted
	records    map[string][]json.RawMessage
	pulls      map[string]*run     // see pulled
	ids        map[string][]string // see idsOf
	written    map[string][]byte   // golden files that were just written, by path
	faults     []Finding           // why the subject cannot be put to any check
}

// delivery is a fixture of the webhook.
type delivery struct {
	name string // without folder and extension
	file string // in Fixtures
	body []byte
}

// unit is a record of the vendor's API.
type unit struct {
	stream string
	index  int
	record json.RawMessage
}

func (u unit) String() string { return fmt.Sprintf("pull/%s.json[%d]", u.stream, u.index) }

const goldenEnd = ".golden.json"

func newSuite(s Subject) *suite {
	all := &suite{Subject: s, records: map[string][]json.RawMessage{}, pulls: map[string]*run{}, ids: map[string][]string{}, written: map[string][]byte{}}
	fault := func(fixture, do, what string, args ...any) {
		all.faults = append(all.faults, Finding{Fixture: fixture, What: fmt.Sprintf(what, args...), Do: do})
	}
	if s.Fixtures == nil {
		fault("", "Embed the folder testdata and set Subject.Fixtures.", "there are no fixtures")
		return all
	}
	all.root = s.Fixtures
	if below, err := fs.Sub(s.Fixtures, "testdata"); err == nil {
		if _, err := fs.Stat(below, "."); err == nil {
			all.root = below
		}
	}
	all.load(fault)
	c := &all.Connector
	for _, side := range []struct {
		has, told bool
		what, do  string
	}{
		{c.NewWebhook != nil, s.Deliver != nil, "webhook", "Set Subject.Deliver, which makes a signed request."},
		{c.NewPuller != nil, s.API != nil, "puller", "Set Subject.API, which acts the vendor's API out."},
	} {
		if side.has != side.told {
			fault("", side.do, "the connector and the subject disagree about whether there is a %s", side.what)
		}
	}
	if c.NewWebhook != nil && len(all.deliveries) == 0 {
		fault("webhook/", "Add a delivery as the vendor documents it.", "there is no fixture")
	}
	if c.NewPuller != nil && len(all.units()) == 0 {
		fault("pull/", "Add a list of records as the vendor documents them.", "there is no fixture")
	}
	if c.NewWebhook == nil && c.NewPuller == nil {
		fault("", "Set NewWebhook, NewPuller, or both.", "the connector has neither a webhook nor a puller")
	}
	return all
}

// load reads the fixtures.
func (s *suite) load(fault func(fixture, do, what string, args ...any)) {
	names := map[string]string{}
	for _, file := range s.list("webhook") {
		body, err := fs.ReadFile(s.root, file)
		if err != nil {
			fault(file, "", "%v", err)
			continue
		}
		name := strings.TrimSuffix(path.Base(file), path.Ext(file))
		if other := names[name]; other != "" {
			fault(file, "Give it another name.", "has the name of %s", other)
		}
		names[name] = file
		s.deliveries = append(s.deliveries, delivery{name: name, file: file, body: body})
	}
	for _, file := range s.list("pull") {
		body, err := fs.ReadFile(s.root, file)
		var records []json.RawMessage
		if err == nil {
			err = json.Unmarshal(body, &records)
		}
		if err != nil {
			fault(file, "A stream's fixture is a JSON list of records.", "%v", err)
			continue
		}
		stream := strings.TrimSuffix(path.Base(file), path.Ext(file))
		s.streams = append(s.streams, stream)
		s.records[stream] = records
	}
}

// list is the fixtures in a folder, without golden files.
func (s *suite) list(folder string) []string {
	entries, err := fs.ReadDir(s.root, folder)
	if err != nil {
		return nil
	}
	var files []string
	for _, entry := range entries {
		if name := entry.Name(); !entry.IsDir() && !strings.HasSuffix(name, goldenEnd) && !strings.HasPrefix(name, ".") {
			files = append(files, folder+"/"+name)
		}
	}
	return files
}

// units is every record, in the order of streams and records.
func (s *suite) units() []unit {
	var all []unit
	for _, stream := range s.streams {
		for i, record := range s.records[stream] {
			all = append(all, unit{stream, i, record})
		}
	}
	return all
}

// only is the records that keep says to, in their streams; streams left without any are empty.
func (s *suite) only(keep func(unit) bool) map[string][]json.RawMessage {
	kept := map[string][]json.RawMessage{}
	for _, stream := range s.streams {
		kept[stream] = []json.RawMessage{}
	}
	for _, u := range s.units() {
		if keep(u) {
			kept[u.stream] = append(kept[u.stream], u.record)
		}
	}
	return kept
}

// itself is the suite's look-up of secrets: their values stand in the settings.
func itself(value string) (string, error) { return value, nil }

// configure configures the connector with the subject's settings, changed as said; "" leaves one out.
func (s *suite) configure(name string, changes map[string]string) (connector.Config, error) {
	values := map[string]string{}
	if s.BaseURL != "" {
		values[s.BaseURL] = "https://api.vendor.example.com"
	}
	for _, from := range []map[string]string{s.Settings, changes} {
		for setting, value := range from {
			if value == "" {
				delete(values, setting)
			} else {
				values[setting] = value
			}
		}
	}
	config, err := s.Connector.Configure(name, values, itself)
	config.Now = func() time.Time { return Now }
	return config, err
}

// sourceName is what the suite calls the source.
func (s *suite) sourceName() string { return s.Connector.Name }

// webhook makes a decoder with the subject's settings, changed as said.
func (s *suite) webhook(changes map[string]string) (w connector.Webhook, err error) {
	return s.webhookOf(s.sourceName(), changes)
}

func (s *suite) webhookOf(name string, changes map[string]string) (w connector.Webhook, err error) {
	config, err := s.configure(name, changes)
	if err != nil {
		return nil, err
	}
	err = guard(func() error {
		w, err = s.Connector.NewWebhook(config)
		return err
	})
	return w, err
}

// request is the vendor's signed request for a body.
func (s *suite) request(name string, body []byte, at time.Time) *connector.Request {
	r := s.Deliver(name, bytes.Clone(body), at)
	if r.URL == nil {
		r.URL = &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/" + s.sourceName()}
	}
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Received.IsZero() {
		r.Received = at
	}
	return r
}

// clone is a copy that shares nothing.
func clone(r *connector.Request) *connector.Request {
	c := *r
	address := *r.URL
	c.URL, c.Header, c.Body = &address, r.Header.Clone(), bytes.Clone(r.Body)
	return &c
}

// panicked is a panic of the connector's.
type panicked struct {
	value any
	where string
}

func (p *panicked) Error() string { return fmt.Sprintf("it panics: %v (%s)", p.value, p.where) }

// guard turns a panic into an error that says where it began.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, where: origin()}
		}
	}()
	return f()
}

// origin is the first line below the runtime's own on a panicking stack.
func origin() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", path.Base(frame.File), frame.Line)
		}
	}
}

// verify and decode guard the connector's methods.
func verify(w connector.Webhook, r *connector.Request) error {
	return guard(func() error { return w.Verify(r) })
}

func decode(w connector.Webhook, r *connector.Request) (b connector.Batch, err error) {
	err = guard(func() error {
		b, err = w.Decode(r)
		return err
	})
	return b, err
}

// kept is what the runtime makes of a batch.
type kept struct {
	events   []event.Event
	rejected []part
}

// part is a rejected part as it is kept.
type part struct {
	ID      string          `json:"-"`
	Field   string          `json:"field"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

func (k kept) len() int { return len(k.events) + len(k.rejected) }

// prepare does with a batch what the runtime does before the log, which turns invalid events into
// rejected parts, and reads it back.
func (s *suite) prepare(b connector.Batch, received time.Time) (kept, error) {
	b.Events = slices.Clone(b.Events)
	records, err := source.Prepare(&b, source.Stamp{Workspace: "kit", Source: s.sourceName(), Received: received})
	if err != nil {
		return kept{}, fmt.Errorf("the runtime cannot keep it: %w", err)
	}
	var k kept
	for _, record := range records {
		if record.Kind == stream.KindEvent {
			e, err := event.Decode(record.Value)
			if err != nil {
				return kept{}, fmt.Errorf("the log does not give it back: %w", err)
			}
			k.events = append(k.events, *e)
			continue
		}
		p := part{ID: record.MessageID}
		if err := json.Unmarshal(record.Value, &p); err != nil {
			return kept{}, fmt.Errorf("the log does not give it back: %w", err)
		}
		k.rejected = append(k.rejected, p)
	}
	return k, nil
}
