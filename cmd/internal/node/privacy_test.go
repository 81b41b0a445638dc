package node

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// counted is what became of what a source sent.
func (p *program) counted(source string) (stored, suppressed uint64) {
	p.t.Helper()
	if err := p.Settle(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	days, err := p.state.Counts("default")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range days {
		if d.Source == source {
			stored, suppressed = stored+d.Stored, suppressed+d.Suppressed
		}
	}
	return stored, suppressed
}

// TestErasedPersonStaysAway: an erasure is previewed, held, cancelled, held again and carried out; the profile is
// shown to nobody from the first moment; the next event is answered as if it were taken, and refused, whatever
// way it comes; and a copy of the data folder from before does not bring the person back.
func TestErasedPersonStaysAway(t *testing.T) {
	root := t.TempDir()
	dir, ledger := filepath.Join(root, "data"), filepath.Join(root, "ledger")
	here := func(c *config.Config) { c.Privacy.Ledger = ledger }
	p := start(t, dir, here)
	event1 := `{"userId":"anna","event":"Order Placed","context":{"traits":{"email":"anna@example.com"}}}`
	if code, answer := p.post("/v1/track", p.write, event1); code != 200 {
		t.Fatalf("%d %v", code, answer)
	}
	p.counted("web")
	p.stop()
	before := filepath.Join(root, "before")
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}

	p = start(t, dir, here)
	who := profiles.Address{{Type: event.IDUser, Value: "anna"}}
	now := time.Duration(0)
	request := desk.Request{Workspace: "default", Who: who, Actor: "test"}
	preview, err := p.privacy.Preview(t.Context(), request)
	if err != nil || preview.Observations != 1 || preview.Identifiers["user_id"] != 1 {
		t.Fatalf("preview %+v, %v", preview, err)
	}
	if code, _ := p.get("user_id:anna", ""); code != 200 {
		t.Errorf("after a preview the profile is answered with %d", code)
	}
	held, err := p.privacy.Request(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if code, answer := p.get("user_id:anna", ""); code != 403 || answer["type"] != "urn:tributary:problem:restricted" {
		t.Errorf("a held profile is answered with %d %v", code, answer)
	}
	then := "?as_of=" + url.QueryEscape(time.Now().UTC().Add(-time.Millisecond).Format(time.RFC3339Nano))
	if code := p.past("user_id:anna", then); code != 403 {
		t.Errorf("who was a held profile is answered with %d", code)
	}
	if _, err := p.privacy.Erase(t.Context(), "default", held.ID); err != privacy.ErrHeld { //nolint:errorlint // returned bare
		t.Errorf("carried out while it is held: %v", err)
	}
	if err := p.privacy.Cancel(t.Context(), "default", held.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if code, _ := p.get("user_id:anna", ""); code != 200 {
		t.Errorf("after it was cancelled the profile is answered with %d", code)
	}
	request.Hold = &now
	if held, err = p.privacy.Request(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if _, err := p.privacy.Erase(t.Context(), "default", held.ID); err != nil {
		t.Fatal(err)
	}
	p.refuses(event1)
	if code := p.past("user_id:anna", then); code != 404 { // whether the archive holds her still or not
		t.Errorf("who was an erased profile is answered with %d", code)
	}
	p.stop()

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(before, dir); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir, here)
	p.refuses(event1)
	p.stop()
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.DataDir, c.Privacy.Ledger = dir, ledger
	if n, err := Open(t.Context(), c, Options{Logger: p.logger, InProcessEngine: true}); err == nil {
		_ = n.Close()
		t.Error("a node whose ledger is missing opens")
	}
}

// past is how a question about the past is answered, once the analytics store has time for it.
func (p *program) past(address, query string) (code int) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		if code, _ = p.get(address, query); code < 500 || time.Now().After(deadline) {
			return code
		}
	}
}

// refuses checks that nobody is known, and that nothing of an event is kept.
func (p *program) refuses(body string) {
	p.t.Helper()
	if code, _ := p.get("user_id:anna", ""); code != 404 {
		p.t.Errorf("the erased profile is answered with %d", code)
	}
	_, before := p.counted("web")
	if code, answer := p.post("/v1/track", p.write, body); code != 200 {
		p.t.Errorf("a refused event is answered with %d %v", code, answer)
	}
	if _, err := p.commands.Log.Append(p.t.Context(), []stream.Record{p.ofAnna("imported")}); err != nil { // as imports do
		p.t.Fatal(err)
	}
	if _, err := p.log.Append(p.t.Context(), []stream.Record{p.ofAnna("behind the gate")}); err != nil {
		p.t.Fatal(err)
	}
	if _, suppressed := p.counted("web"); suppressed != before+3 {
		p.t.Errorf("%d are refused and counted, want 3 more than %d", suppressed, before)
	}
	if !p.state.Suppressed("default", p.hasher.Identifier("default", identity.Identifier{Type: event.IDUser, Value: "anna"})) {
		p.t.Error("is not suppressed")
	}
}

func (p *program) ofAnna(id string) stream.Record {
	p.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	e := &event.Event{Workspace: "default", Source: "web", MessageID: id, Type: event.TypeTrack, Name: "order.placed",
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: "anna"}}}
	e.Stamp(at, time.Time{}, at)
	value, err := event.Encode(e)
	if err != nil {
		p.t.Fatal(err)
	}
	return stream.Record{Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "default", Source: "web", MessageID: id, ReceivedAt: at, Value: value}
}
