package node

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/ingest/connector/kit"
)

// goldenIDs are the identifiers of the events that a subject's fixture makes, as the named source's.
func goldenIDs(t *testing.T, s kit.Subject, file, source string) (ids []identity.Identifier, events int) {
	t.Helper()
	var golden struct {
		Events []struct {
			Identifiers []identity.Identifier
		}
	}
	text, err := fs.ReadFile(s.Fixtures, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, e := range golden.Events {
		for _, id := range e.Identifiers {
			if kind, own := strings.CutPrefix(id.Type, s.Connector.Name+"."); own {
				id.Type = source + "." + kind
			}
			ids = append(ids, id)
		}
	}
	return ids, len(golden.Events)
}

func (p *program) suppress(ids []identity.Identifier) {
	p.t.Helper()
	if err := p.privacy.Suppress(p.t.Context(), "default", ids, "test", ""); err != nil {
		p.t.Fatal(err)
	}
}

// TestWebhooksOfTheSuppressedAreRefused: the vendor is answered as ever, nothing is kept, and it is counted.
func TestWebhooksOfTheSuppressedAreRefused(t *testing.T) {
	stripe := subject(t, "stripe")
	p := start(t, t.TempDir(), func(c *config.Config) { c.Sources = []config.Source{configured(t, stripe, "billing")} })
	ids, events := goldenIDs(t, stripe, "testdata/webhook/customer-updated.golden.json", "billing")
	p.suppress(ids)
	body, err := fs.ReadFile(stripe.Fixtures, "testdata/webhook/customer-updated.json")
	if err != nil {
		t.Fatal(err)
	}
	signed := stripe.Deliver("customer-updated.json", body, time.Now())
	request, err := http.NewRequestWithContext(t.Context(), signed.Method, p.url+"/v1/webhooks/billing", bytes.NewReader(signed.Body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = signed.Header.Clone()
	if status, answer := p.do(request); status != http.StatusOK {
		t.Fatalf("is answered with %d %v", status, answer)
	}
	if stored, suppressed := p.counted("billing"); stored != 0 || suppressed != uint64(events) {
		t.Errorf("%d stored, %d suppressed, want %d", stored, suppressed, events)
	}
	for _, id := range ids {
		if status, _ := p.get(id.Type+":"+id.Value, ""); status != http.StatusNotFound {
			t.Errorf("%s is answered with %d", id.Type, status)
		}
	}
}

// TestPullsOfTheSuppressedAreRefused: of what a vendor's interface tells of them nothing is kept; it is counted.
func TestPullsOfTheSuppressedAreRefused(t *testing.T) {
	hubspot := subject(t, "hubspot")
	records := map[string][]json.RawMessage{}
	files, err := fs.Glob(hubspot.Fixtures, "testdata/pull/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var ids []identity.Identifier
	want := 0
	for _, name := range files {
		if strings.HasSuffix(name, ".golden.json") {
			more, events := goldenIDs(t, hubspot, name, "crm")
			ids, want = append(ids, more...), want+events
			continue
		}
		text, err := fs.ReadFile(hubspot.Fixtures, name)
		if err != nil {
			t.Fatal(err)
		}
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		records[strings.TrimSuffix(path.Base(name), ".json")] = list
	}
	vendor := httptest.NewServer(hubspot.API(records, 2))
	defer vendor.Close()
	hubspot.Settings[hubspot.BaseURL] = vendor.URL
	source := configured(t, hubspot, "crm")
	dir := t.TempDir()
	p := start(t, dir)
	p.suppress(ids[:1])
	p.stop()
	p = start(t, dir, func(c *config.Config) { c.Sources = []config.Source{source} })
	p.until("everything is pulled", func() bool {
		a := p.account("crm")
		return a.Pending == 0 && a.Stored+a.Suppressed >= uint64(want)
	})
	stored, suppressed := p.counted("crm")
	if suppressed == 0 || stored+suppressed != uint64(want) {
		t.Errorf("%d stored, %d suppressed of %d", stored, suppressed, want)
	}
	if status, _ := p.get(ids[0].Type+":"+ids[0].Value, ""); status != http.StatusNotFound {
		t.Errorf("the suppressed one is answered with %d", status)
	}
}

// TestALostLedgerIsFilledFromTheState: suppressions too, so that an older copy of the folder learns of them.
func TestALostLedgerIsFilledFromTheState(t *testing.T) {
	root := t.TempDir()
	dir, ledger := filepath.Join(root, "data"), filepath.Join(root, "ledger")
	here := func(c *config.Config) { c.Privacy.Ledger = ledger }
	ids := []identity.Identifier{{Type: "user_id", Value: "anna"}}
	p := start(t, dir, here)
	p.stop()
	before := filepath.Join(root, "before")
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir, here)
	p.suppress(ids)
	p.stop()
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	start(t, dir, here).stop()
	p = start(t, before, here)
	if err := p.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !p.state.Suppressed("default", p.hasher.Identifier("default", ids[0])) {
		t.Error("the older copy does not know of the suppression")
	}
}
