package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

// made is what a decoder makes of one body, and what the runtime keeps of it.
type made struct {
	batch connector.Batch
	kept
}

// make decodes a body that Deliver signs, as received at Now.
func (s *suite) make(w connector.Webhook, name string, body []byte) (made, error) {
	r := s.request(name, body, Now)
	b, err := decode(w, r)
	if err != nil {
		return made{}, err
	}
	k, err := s.prepare(b, r.Received)
	return made{b, k}, err
}

// baseline is what a fixture makes, to compare with. Without it nothing can be said about variants.
func (s *suite) baseline(w connector.Webhook, d delivery, f *findings) (made, bool) {
	m, err := s.make(w, d.name, d.body)
	if err != nil {
		f.add(d.file, "", "it is not decoded: %v", err)
		return made{}, false
	}
	return m, true
}

// text is an event for comparison, without what the runtime adds, and without its raw objects if so said.
func text(e event.Event, raw bool) string {
	e.Workspace, e.Source = "", ""
	e.ReceivedAt, e.At = e.ReceivedAt.Truncate(0), e.At.Truncate(0)
	if !raw {
		e.Traits, e.Properties, e.Context = nil, nil, nil
	}
	written, err := json.Marshal(goldenEvent{Event: e, OriginalAt: e.OriginalAt, Traits: rawText(e.Traits), Properties: rawText(e.Properties), Context: rawText(e.Context)})
	if err != nil {
		return fmt.Sprintf("%+v", e)
	}
	return string(written)
}

func rawText(raw []byte) any {
	if raw == nil {
		return nil
	}
	return string(raw)
}

// texts is a batch's events and rejected parts for comparison.
func texts(b connector.Batch, raw bool) []string {
	var all []string
	for _, e := range b.Events {
		all = append(all, text(e, raw))
	}
	for _, r := range b.Rejected {
		line := fmt.Sprintf("rejected %s %s: %s", r.ID, r.Field, r.Reason)
		if raw {
			line += " " + string(r.Payload)
		}
		all = append(all, line)
	}
	return all
}

// difference says where two batches differ, "" if nowhere.
func difference(a, b connector.Batch, raw bool) string {
	one, other := texts(a, raw), texts(b, raw)
	if len(one) != len(other) {
		return fmt.Sprintf("%d events and parts, then %d", len(one), len(other))
	}
	for i := range one {
		if one[i] != other[i] {
			return apart(one[i], other[i])
		}
	}
	return ""
}

// apart shows two texts from where they begin to differ.
func apart(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	at = max(0, at-24)
	show := func(s string) string {
		end := min(len(s), at+72)
		return strings.ToValidUTF8(s[min(at, len(s)):end], "")
	}
	return fmt.Sprintf("…%s… and then …%s…", show(a), show(b))
}

// digests are runs that look like a hash of the payload, which is another one for another payload.
var digests = regexp.MustCompile(`[0-9a-fA-F]{16,}|[0-9A-Za-z_-]{27,}={0,2}`)

// withoutDigests puts # for hashes in message ids.
func withoutDigests(b connector.Batch) connector.Batch {
	b.Events = slices.Clone(b.Events)
	for i := range b.Events {
		b.Events[i].MessageID = digests.ReplaceAllString(b.Events[i].MessageID, "#")
	}
	b.Rejected = slices.Clone(b.Rejected)
	for i := range b.Rejected {
		b.Rejected[i].ID = digests.ReplaceAllString(b.Rejected[i].ID, "#")
	}
	return b
}

// holds says whether a text stands anywhere in what was made.
func (m made) holds(marker string) bool {
	for _, line := range texts(m.batch, true) {
		if strings.Contains(line, marker) {
			return true
		}
	}
	return slices.ContainsFunc(m.batch.Rejected, func(r connector.Rejected) bool { return bytes.Contains(r.Payload, []byte(marker)) })
}
