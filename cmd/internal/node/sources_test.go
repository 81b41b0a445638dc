package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tributary/cmd/internal/config"
	"tributary/cmd/internal/connectors"
	"tributary/ingest/connector/kit"
	"tributary/ingest/stream"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// configured is a source of a kit's subject, with its secrets in the environment.
func configured(t *testing.T, s kit.Subject, name string) config.Source {
	t.Helper()
	source := config.Source{Name: name, Connector: s.Connector.Name, Settings: map[string]string{}, Every: config.Duration(time.Second)}
	for _, setting := range s.Connector.Settings {
		value, given := s.Settings[setting.Name]
		if given && setting.Kind == "secret" {
			variable := strings.ToUpper("TEST_" + name + "_" + setting.Name)
			t.Setenv(variable, value)
			value = "env:" + variable
		}
		if given {
			source.Settings[setting.Name] = value
		}
	}
	return source
}

func subject(t *testing.T, name string) kit.Subject {
	t.Helper()
	s, err := connectors.Subject(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDeliveryBecomesAProfile sends a vendor's delivery as the vendor would, and reads the customer back;
// what is not proven to be the vendor's is refused, and what comes twice counts once.
func TestDeliveryBecomesAProfile(t *testing.T) {
	stripe := subject(t, "stripe")
	p := start(t, t.TempDir(), func(c *config.Config) { c.Sources = []config.Source{configured(t, stripe, "billing")} })
	body, err := fs.ReadFile(stripe.Fixtures, "testdata/webhook/customer-updated.json")
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(tamper bool) int {
		t.Helper()
		signed := stripe.Deliver("customer-updated.json", body, time.Now())
		request, err := http.NewRequestWithContext(t.Context(), signed.Method, p.url+"/v1/webhooks/billing", bytes.NewReader(signed.Body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = signed.Header.Clone()
		if tamper {
			request.Header.Set("Stripe-Signature", strings.Replace(request.Header.Get("Stripe-Signature"), "v1=", "v1=0", 1))
		}
		status, _ := p.do(request)
		return status
	}
	for i, want := range []int{http.StatusUnauthorized, http.StatusOK, http.StatusOK} {
		if status := deliver(i == 0); status != want {
			t.Fatalf("delivery %d is answered with %d, want %d", i, status, want)
		}
	}
	p.settle()
	var golden struct {
		Events []struct {
			Identifiers []struct{ Type, Value string }
		}
	}
	text, err := fs.ReadFile(stripe.Fixtures, "testdata/webhook/customer-updated.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Events) == 0 || len(golden.Events[0].Identifiers) == 0 {
		t.Fatalf("golden file: %v, %+v", err, golden)
	}
	for _, id := range golden.Events[0].Identifiers {
		if kind, own := strings.CutPrefix(id.Type, stripe.Connector.Name+"."); own {
			id.Type = "billing." + kind // a source's own ids carry the source's name
		}
		if status, profile := p.get(id.Type+":"+id.Value, ""); status != http.StatusOK || profile["events"] != 1.0 {
			t.Errorf("%s: %d, %v", id.Type, status, profile)
		}
	}
	if a := p.account("billing"); a.Stored != 1 || a.Duplicate != 1 || a.Received != 2 {
		t.Errorf("account %+v", a)
	}
}

// TestPullGoesOn pulls a vendor's history, stops the server in the middle and starts it again: all of it
// is there once, and what was kept before is not asked for again.
func TestPullGoesOn(t *testing.T) {
	hubspot := subject(t, "hubspot")
	records := map[string][]json.RawMessage{}
	files, err := fs.Glob(hubspot.Fixtures, "testdata/pull/*.json")
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, name := range files {
		text, err := fs.ReadFile(hubspot.Fixtures, name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".golden.json") {
			var golden struct{ Events, Rejected []json.RawMessage }
			if err := json.Unmarshal(text, &golden); err != nil {
				t.Fatal(err)
			}
			want += len(golden.Events)
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		records[strings.TrimSuffix(path.Base(name), ".json")] = list
	}
	var asked atomic.Int64
	api := hubspot.API(records, 2)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		api.ServeHTTP(w, r)
	}))
	defer vendor.Close()
	hubspot.Settings[hubspot.BaseURL] = vendor.URL
	source := configured(t, hubspot, "crm")
	dir := t.TempDir()
	p := start(t, dir, func(c *config.Config) { c.Sources = []config.Source{source} })
	p.until("something is pulled", func() bool { return p.account("crm").Received > 0 })
	p.stop()
	p = start(t, dir, func(c *config.Config) { c.Sources = []config.Source{source} })
	p.until("everything is pulled", func() bool { return p.account("crm").Stored >= uint64(want) })
	p.settle()
	received := p.account("crm").Received
	if a := p.account("crm"); a.Stored != uint64(want) {
		t.Errorf("%d events of %d, account %+v", a.Stored, want, a)
	}
	if asked.Load() == 0 {
		t.Error("the vendor was never asked")
	}
	p.stop()
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	p = start(t, dir, func(c *config.Config) { c.Sources = []config.Source{source} })
	p.until("the vendor is asked again", func() bool { return asked.Load() >= before+4 })
	p.settle()
	if a := p.account("crm"); a.Stored != uint64(want) || a.Received != received {
		t.Errorf("a state that was made again from the log asks for history again: account %+v, before %d received", a, received)
	}
}

// lost is a lease that another process takes.
type lost struct {
	stream.Lease
	over chan struct{}
}

func (l lost) Lost() <-chan struct{} { return l.over }

// TestFencedServerEnds: a server that another has taken over from ends, though its sources go on asking.
func TestFencedServerEnds(t *testing.T) {
	hubspot := subject(t, "hubspot")
	asked := make(chan struct{}, 1)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer vendor.Close()
	hubspot.Settings[hubspot.BaseURL] = vendor.URL
	c := config.Default()
	c.DataDir, c.HTTP.Listen = t.TempDir(), freeAddress(t)
	c.Sources = []config.Source{configured(t, hubspot, "crm")}
	n, err := Open(t.Context(), c, Options{Version: "test", Logger: slog.New(slog.DiscardHandler), InProcessEngine: true})
	if err != nil {
		t.Fatal(err)
	}
	l := lost{over: make(chan struct{})}
	n.lease = l
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	<-asked
	close(l.over)
	select {
	case err = <-ended:
	case <-time.After(time.Minute):
		t.Error("the server goes on")
		cancel()
		err = <-ended
	}
	cancel()
	if !errors.Is(err, stream.ErrFenced) {
		t.Errorf("run ended with %v, want ErrFenced", err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// until polls what the program says of itself.
func (p *program) until(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited 3 minutes until %s", what)
		}
	}
}

// account is that of a source; zero if nothing came from it.
func (p *program) account(name string) reconcile.Source {
	p.t.Helper()
	accounts, err := p.accounts.Sources(p.t.Context(), unify.Selection{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, a := range accounts.Sources {
		if a.Source == name {
			return a
		}
	}
	return reconcile.Source{}
}
