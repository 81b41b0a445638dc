package declarative

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/mapping"
	"tributary/ingest/event"
)

// SubjectOf loads a connector's file with the samples in the folder samples beside it.
func SubjectOf(path string) (kit.Subject, error) {
	f, err := Load(path)
	if err != nil {
		return kit.Subject{}, err
	}
	if f.Webhook == nil && f.Pull == nil {
		return kit.Subject{}, fmt.Errorf("%s: tables and topics cannot be acted out for a check; try it with a sample", path)
	}
	return f.Subject(os.DirFS(samplesOf(path))), nil
}

func samplesOf(path string) string { return filepath.Join(filepath.Dir(path), "samples") }

// UpdateGolden writes the golden files of the samples beside a connector's file: what they make now, to be
// read by a person.
func UpdateGolden(ctx context.Context, path string) error {
	subject, err := SubjectOf(path)
	if err != nil {
		return err
	}
	files, err := kit.Golden(ctx, subject)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(samplesOf(path), filepath.FromSlash(name)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Subject is what the conformance kit needs to know: the samples beside the file (webhook/, pull/, as in
// kit.Subject), deliveries that are signed as the file says, and an API that does what the file expects.
//
// That API is made from the file, so it proves the mapping, the checkpoint and what happens under faults;
// whether the vendor's API is what the file says, only the vendor's API tells. Tables and topics are not
// acted out: of them the subject has no puller.
func (f *File) Subject(samples fs.FS) kit.Subject {
	settings := f.sampleSettings()
	s := kit.Subject{
		Connector: f.Connector(), Settings: settings, Fixtures: samples,
		Optional: f.Samples.Optional, Deletes: f.Samples.Deletes,
	}
	if at, err := event.ParseTime(f.Samples.Since); err == nil {
		s.Since = at
	}
	if f.Webhook != nil {
		y := &f.Webhook.Signature
		s.TokenOnly = y.HMAC == nil
		if y.HMAC != nil && y.HMAC.Timestamp != nil {
			s.Tolerance = y.HMAC.Timestamp.Tolerance
		}
		s.Deliver = func(_ string, body []byte, at time.Time) *connector.Request { return f.deliver(settings, body, at) }
	}
	if f.Pull == nil {
		s.Connector.NewPuller = nil
	} else {
		s.BaseURL = f.Pull.Base
		s.Changed = f.changed
		s.API = func(records map[string][]json.RawMessage, pageSize int) http.Handler {
			return &vendor{File: f, settings: settings, records: records, size: pageSize}
		}
	}
	return s
}

// sampleSettings are values for the check, invented where the file has none.
func (f *File) sampleSettings() map[string]string {
	settings := make([]connector.Setting, len(f.Settings))
	for i, s := range f.Settings {
		settings[i] = connector.Setting(s)
	}
	values := connector.Invented(settings, f.Samples.Settings)
	if f.Pull != nil { // the kit sets the address
		delete(values, f.Pull.Base)
	}
	return values
}

func (f *File) deliver(settings map[string]string, body []byte, at time.Time) *connector.Request {
	kind := "application/json"
	if f.Webhook.Format == "form" {
		kind = "application/x-www-form-urlencoded"
	}
	r := &connector.Request{Method: http.MethodPost, Body: body, Received: at, Header: http.Header{"Content-Type": {kind}}}
	switch y := &f.Webhook.Signature; {
	case y.HMAC != nil:
		stamp := ""
		if t := y.HMAC.Timestamp; t != nil {
			stamp = strconv.FormatInt(at.Unix(), 10)
			r.Header.Set(t.Header, stamp)
		}
		r.Header.Set(y.HMAC.Header, y.HMAC.sign([]byte(settings[y.HMAC.Secret]), stamp, body))
	case y.Bearer != "":
		r.Header.Set("Authorization", "Bearer "+settings[y.Bearer])
	case y.Header != nil:
		r.Header.Set(y.Header.Name, y.Header.Prefix+settings[y.Header.Secret])
	case y.Basic != nil:
		authorized := http.Request{Header: r.Header}
		authorized.SetBasicAuth(settings[y.Basic.User], settings[y.Basic.Password])
	}
	return r
}

// changed is when a record was changed, by the stream's own expression; zero without one.
func (f *File) changed(stream string, record json.RawMessage) time.Time {
	p := f.pages[stream]
	if p == nil || p.changed == nil {
		return time.Time{}
	}
	in, err := mapping.Decode(record)
	if err != nil {
		return time.Time{}
	}
	vars := mapping.Vars{}
	v, err := p.changed.First(contextOfSamples, in, vars.List())
	if err != nil {
		return time.Time{}
	}
	at, _ := mapping.Time(v) // nothing said
	return at
}
