package kit_test

import (
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

var settingMutants = []mutant{
	{"no fixtures", "subject", func(a *acme) {
		a.subject = func(s *kit.Subject) { s.Fixtures = fstest.MapFS{} }
	}},
	{"no summary", "description", func(a *acme) {
		a.describe = func(c *connector.Connector) { c.Summary = "" }
	}},
	{"no summary of a setting", "description", func(a *acme) {
		a.settings = func(all []connector.Setting) { all[2].Summary = "" }
	}},
	{"secret in plain text", "settings", func(a *acme) {
		a.settings = func(all []connector.Setting) { all[1].Kind = connector.KindText }
	}},
	{"default that is not valid", "settings", func(a *acme) {
		a.settings = func(all []connector.Setting) { all[3].Default = "de" }
	}},
	{"secret with a default", "settings", func(a *acme) {
		a.settings = func(all []connector.Setting) { all[1].Default = "key_default" }
	}},
	{"panics without an optional setting", "settings/left_out", func(a *acme) {
		a.begin = func(cfg connector.Config) error { _ = cfg.Text("api_key")[0]; return nil }
	}},
	{"repeats a secret in an error", "settings/left_out", func(a *acme) {
		a.begin = func(cfg connector.Config) error {
			if key := cfg.Text("api_key"); !strings.HasPrefix(key, "key_") {
				return fmt.Errorf("api_key: %s is none", key)
			}
			return nil
		}
	}},
}

var signatureMutants = []mutant{
	{"refuses all", "webhook/signature", func(a *acme) {
		a.verify = func(*webhook, *connector.Request) error { return connector.ErrSignature }
	}},
	{"changes the body", "webhook/signature", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			defer func() { r.Body = bytes.TrimSpace(r.Body) }()
			return w.Verify(r)
		}
	}},
	{"ignores the signature", "webhook/signature_missing", func(a *acme) {
		a.verify = func(*webhook, *connector.Request) error { return nil }
	}},
	{"accepts what is not signed", "webhook/signature_missing", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			if r.Header.Get(header) == "" {
				return nil
			}
			return w.Verify(r)
		}
	}},
	{"calls the missing wrong", "webhook/signature_missing", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			if w.Verify(r) != nil {
				return connector.ErrSignature
			}
			return nil
		}
	}},
	{"runs without a secret", "webhook/signature_missing", func(a *acme) {
		a.settings = func(all []connector.Setting) { all[0].Required = false }
	}},
	{"knows one secret only", "webhook/signature_wrong", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			return (&webhook{cfg: w.cfg, secret: []byte(settings["webhook_secret"])}).Verify(r)
		}
	}},
	{"compares a prefix", "webhook/signature_wrong", loosely(strings.HasPrefix)},
	{"compares without the last character", "webhook/signature_wrong", loosely(func(want, got string) bool {
		return len(got) == len(want) && got[:len(got)-1] == want[:len(want)-1]
	})},
	{"signs the head of the body", "webhook/signature_body", func(a *acme) {
		head := func(body []byte) []byte { return body[:min(len(body), 64)] }
		a.verify = func(w *webhook, r *connector.Request) error {
			short := *r
			short.Body = head(r.Body)
			return w.Verify(&short)
		}
		a.subject = func(s *kit.Subject) {
			s.Deliver = func(name string, body []byte, at time.Time) *connector.Request {
				r := deliver(name, head(body), at)
				r.Body = body
				return r
			}
		}
	}},
	{"takes any age", "webhook/signature_stale", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error { return w.Verify(atSigning(r)) }
	}},
	{"takes the future", "webhook/signature_stale", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			if signed := atSigning(r); signed.Received.After(r.Received) {
				return w.Verify(signed)
			}
			return w.Verify(r)
		}
	}},
	{"looks at the time first", "webhook/signature_stale", func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			if at := atSigning(r).Received; !at.IsZero() && r.Received.Sub(at).Abs() > tolerance {
				return connector.ErrStale
			}
			return w.Verify(r)
		}
	}},
}

// loosely compares signatures in a wrong way.
func loosely(equal func(want, got string) bool) func(a *acme) {
	return func(a *acme) {
		a.verify = func(w *webhook, r *connector.Request) error {
			at, got, found := strings.Cut(r.Header.Get(header), ",")
			want := sign(w.secret, r.Body, at)
			if found && len(got) > 0 && equal(want, got) {
				got = want
			}
			again := *r
			again.Header = r.Header.Clone()
			if found && hmac.Equal([]byte(got), []byte(want)) {
				again.Header.Set(header, at+","+got)
			}
			return w.Verify(&again)
		}
	}
}

// atSigning is a request received when it was signed.
func atSigning(r *connector.Request) *connector.Request {
	again := *r
	at, _, _ := strings.Cut(r.Header.Get(header), ",")
	if seconds, err := strconv.ParseInt(at, 10, 64); err == nil {
		again.Received = time.Unix(seconds, 0)
	}
	return &again
}

// each changes every event that a delivery makes.
func each(change func(w *webhook, d *delivery, e *event.Event)) func(a *acme) {
	return func(a *acme) {
		a.events = func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time) {
			w.events(b, d, t, at)
			for i := range b.Events {
				change(w, d, &b.Events[i])
			}
		}
	}
}

var counter atomic.Int64

var decodingMutants = []mutant{
	{"ids from a counter", "webhook/repetition", each(func(_ *webhook, d *delivery, e *event.Event) {
		e.MessageID = fmt.Sprint(d.ID, counter.Add(1))
	})},
	{"drops a delivery", "webhook/repetition", func(a *acme) {
		a.events = func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time) {
			if names[d.Type] != "" {
				w.events(b, d, t, at)
			}
		}
	}},
	{"remembers the last delivery", "webhook/order", func(a *acme) {
		var mu sync.Mutex
		last := map[*webhook]string{}
		a.events = func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time) {
			mu.Lock()
			if t.Requester.Email == "" {
				t.Requester.Email = last[w]
			}
			last[w] = t.Requester.Email
			mu.Unlock()
			w.events(b, d, t, at)
		}
	}},
	{"two events with one id", "webhook/message_ids", each(func(_ *webhook, d *delivery, e *event.Event) { e.MessageID = d.ID })},
	{"ids of what may be lost", "webhook/message_ids", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			b, err := w.Decode(r)
			var d delivery
			if err == nil && len(b.Events) == 0 && json.Unmarshal(r.Body, &d) == nil && d.ID == "" && d.At != "" {
				var t ticket
				_ = json.Unmarshal(d.Ticket, &t) // it was read before
				b.Rejected = nil
				w.events(&b, &d, &t, r.Received.Add(-time.Duration(len(r.Body))*time.Second))
			}
			for i := range b.Events {
				b.Events[i].MessageID = "evt:" + b.Events[i].MessageID
			}
			return b, err
		}
	}},
	{"happens when it is received", "webhook/clock_skew", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			b, err := w.Decode(r)
			for i := range b.Events {
				b.Events[i].OriginalAt = r.Received
			}
			return b, err
		}
	}},
	{"stamps events itself", "webhook/clock_skew", each(func(_ *webhook, _ *delivery, e *event.Event) { e.At = e.OriginalAt })},
	{"amount without currency", "webhook/valid", each(func(_ *webhook, _ *delivery, e *event.Event) { e.CX.Amount = "5.00" })},
	{"keeps no properties", "webhook/valid", each(func(_ *webhook, _ *delivery, e *event.Event) { e.Properties = nil })},
	{"maps otherwise", "webhook/golden", each(func(_ *webhook, _ *delivery, e *event.Event) { e.CX.Topic = e.CX.Priority })},
	{"refuses new fields", "webhook/fields_gained", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (b connector.Batch, err error) {
			if strings.Contains(string(r.Body), "kit_gained") {
				b.Reject("", "ticket", "has a field that nobody knows", r.Body)
				return b, nil
			}
			return w.Decode(r)
		}
	}},
	{"panics without a ticket", "webhook/fields_lost", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			var d struct{ Ticket *struct{ ID any } }
			if json.Unmarshal(r.Body, &d) == nil && strings.Contains(string(r.Body), "evt_") {
				_ = d.Ticket.ID
			}
			return w.Decode(r)
		}
	}},
	{"drops what has no ticket id", "webhook/fields_lost", func(a *acme) {
		a.events = func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time) {
			if t.ID != "" {
				w.events(b, d, t, at)
			}
		}
	}},
	{"refuses other types whole", "webhook/fields_retyped", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			b, err := w.Decode(r)
			if err == nil && len(b.Rejected) == 1 && b.Rejected[0].Reason == notDocumented && !missing(r.Body) {
				return connector.Batch{}, fmt.Errorf("%s is not as documented", b.Rejected[0].Field)
			}
			return b, err
		}
	}},
	{"drops unknown types", "webhook/unknown_values", func(a *acme) {
		a.events = func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time) {
			if names[d.Type] != "" {
				w.events(b, d, t, at)
			}
		}
		a.subject = func(s *kit.Subject) { s.Fixtures = except(s.Fixtures, "ticket_merged") }
	}},
	{"repeats values in reasons", "webhook/reasons", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			b, err := w.Decode(r)
			var d delivery
			if len(b.Rejected) > 0 && json.Unmarshal(r.Body, &d) == nil {
				b.Rejected[0].Reason += " in " + d.At
			}
			return b, err
		}
	}},
	{"repeats the body in an error", "webhook/reasons", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			b, err := w.Decode(r)
			if err != nil {
				err = fmt.Errorf("%w: %s", err, r.Body)
			}
			return b, err
		}
	}},
	{"panics at an empty body", "webhook/hostile", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			_ = r.Body[0]
			return w.Decode(r)
		}
	}},
	{"takes anything", "webhook/hostile", func(a *acme) {
		a.decode = func(w *webhook, r *connector.Request) (connector.Batch, error) {
			if !json.Valid(r.Body) {
				return connector.Batch{}, nil
			}
			return w.Decode(r)
		}
	}},
	{"names of its own", "names", each(func(_ *webhook, _ *delivery, e *event.Event) {
		e.Name = strings.Replace(e.Name, "acme.", "desk.", 1)
	})},
	{"declares what it never makes", "names", func(a *acme) {
		a.describe = func(c *connector.Connector) { c.Makes = append(c.Makes, event.NameCaseReopened) }
	}},
	{"ids of another source", "identifiers", each(func(_ *webhook, _ *delivery, e *event.Event) {
		e.Identifiers = slices.Clone(e.Identifiers)
		for i, id := range e.Identifiers {
			if !event.KnownIdentifierType(id.Type) {
				e.Identifiers[i].Type = "acme.customer_id"
			}
		}
	})},
	{"keeps a secret", "secrets", each(func(w *webhook, _ *delivery, e *event.Event) {
		e.Context = connector.JSON(http.Header{"Key": {w.cfg.Text("api_key")}})
	})},
}

// missing says whether a body lacks its ticket, which is no matter of types.
func missing(body []byte) bool {
	var d delivery
	return json.Unmarshal(body, &d) == nil && (d.Ticket == nil || string(d.Ticket) == "null")
}

// except is fixtures without those of a name.
func except(from fs.FS, name string) fs.FS {
	files := fstest.MapFS{}
	_ = fs.WalkDir(from, ".", func(file string, _ fs.DirEntry, _ error) error {
		if text, err := fs.ReadFile(from, file); err == nil && !strings.Contains(file, name) {
			files[file] = &fstest.MapFile{Data: text}
		}
		return nil
	})
	return files
}
