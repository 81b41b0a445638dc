package node

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/export"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/unify"
)

// exporterKey is a key that may export.
func (p *program) exporterKey(workspace string) string {
	p.t.Helper()
	return p.key(auth.New{Kind: auth.KindAdmin, Workspace: workspace, Scopes: []auth.Scope{auth.ScopePrivacyExport}})
}

// call sends a request to the API.
func (p *program) call(method, path, key, body string) (int, []byte) {
	p.t.Helper()
	return (&world{program: p}).ask(method, path, key, body)
}

// exported has somebody exported, waits until that is ready, and returns its id.
func (p *program) exported(key, user string) string {
	p.t.Helper()
	status, answer := p.call(http.MethodPost, "/v1/privacy/exports", key, fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":%q}],"reason":"asked"}`, user))
	var v export.View
	if err := json.Unmarshal(answer, &v); err != nil || status != http.StatusAccepted {
		p.t.Fatalf("export: %d %s", status, answer)
	}
	for deadline := time.Now().Add(5 * time.Minute); v.Status == export.StatusRunning; time.Sleep(20 * time.Millisecond) {
		_, answer = p.call(http.MethodGet, "/v1/privacy/exports/"+v.ID.String(), key, "")
		if err := json.Unmarshal(answer, &v); err != nil || time.Now().After(deadline) {
			p.t.Fatalf("export: %s", answer)
		}
	}
	if v.Status != export.StatusReady {
		p.t.Fatalf("export: %s", answer)
	}
	return v.ID.String()
}

// files downloads an export and returns its files.
func (p *program) files(key, id string) map[string]string {
	p.t.Helper()
	status, body := p.call(http.MethodGet, "/v1/privacy/exports/"+id+"/content", key, "")
	if status != http.StatusOK {
		p.t.Fatalf("content: %d %s", status, body)
	}
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			p.t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			p.t.Fatal(err)
		}
		files[f.Name] = string(text)
		for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			if strings.HasSuffix(f.Name, ".jsonl") && line != "" && !json.Valid([]byte(line)) {
				p.t.Errorf("%s: line %d is no JSON: %.200s", f.Name, i, line)
			}
		}
	}
	return files
}

// TestExport plants a person among others, and wants everything of them in the export, once and byte for byte, and
// nothing of the others.
func TestExport(t *testing.T) {
	m := newPerson()
	p := start(t, t.TempDir())
	p.plant(m)
	const odd = `{"b" : 1e2,"a":[1.0,  "<&>"],"u":"\u00e9"}`
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"odd","userId":"%s","event":"Odd","properties":%s}`, m.mark("user"), odd))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"with-others","userId":"%s","event":"conversation.message","context":{"channel":"email",
		"participants":[{"role":"cc","identifier":{"type":"email","value":"other3@example.com"}}]},"properties":{"conversation_id":"c-9","text":"hello"}}`, m.mark("user")))
	if _, err := p.commands.Do(t.Context(), "default", unify.PrivacyRestrict{Actor: "test", Reason: "asked", Observations: p.observationsOf(m)}); err != nil {
		t.Fatal(err)
	}
	p.settle()
	key := p.exporterKey("default")
	id := p.exported(key, m.mark("user")) // of somebody who is restricted
	files := p.files(key, id)

	for mark, where := range map[string]string{
		"id": "events.jsonl", "text": "events.jsonl", "far": "events.jsonl", "words": "events.jsonl", "property": "events.jsonl",
		"future": "events.jsonl", "consent": "events.jsonl", "group": "events.jsonl", "context": "events.jsonl", "value": "traits.jsonl",
		"rejected": "quarantine.jsonl", "evidence": "consent.jsonl", "note": "commands.jsonl", "anon": "identifiers.jsonl",
		"actor": "events.jsonl", "jot": "events.jsonl", "promise": "events.jsonl", "quote": "events.jsonl", "tag": "events.jsonl", "queue": "events.jsonl",
		"wants": "events.jsonl", "tried": "events.jsonl", "extension": "events.jsonl", "summary": "events.jsonl", "next": "events.jsonl",
	} {
		if !strings.Contains(files[where], m.mark(mark)) {
			t.Errorf("%s of the person is not in %s:\n%.2000s", mark, where, files[where])
		}
	}
	for _, message := range []string{m.mark("id"), m.mark("text"), m.mark("far"), m.mark("consent"), m.mark("group"), "odd", "with-others"} {
		if n := strings.Count(files["events.jsonl"], fmt.Sprintf(`"message_id":%q`, message)); n != 1 {
			t.Errorf("event %s stands %d times", strings.TrimPrefix(message, m.prefix), n)
		}
	}
	for _, name := range jotted { // what an agent wrote of the person, and of nobody else
		if n := strings.Count(files["events.jsonl"], fmt.Sprintf(`"name":%q`, name)); n != 1 {
			t.Errorf("%s stands %d times", name, n)
		}
	}
	if !strings.Contains(files["events.jsonl"], `"properties":`+odd) {
		t.Errorf("properties are not as they were sent:\n%.3000s", files["events.jsonl"])
	}
	if n := strings.Count(files["participations.jsonl"], "\n"); n != 1 || !strings.Contains(files["participations.jsonl"], m.email()) {
		t.Errorf("took part in %s", files["participations.jsonl"])
	}
	if !strings.Contains(files["accounts.jsonl"], "acme-corp") || !strings.Contains(files["requests.jsonl"], "restriction") {
		t.Errorf("accounts %s, requests %s", files["accounts.jsonl"], files["requests.jsonl"])
	}
	for name, text := range files {
		for _, other := range []string{"other-", "other3@", "agent@", "to all", "m-cc", "c-others"} {
			if strings.Contains(text, other) {
				t.Errorf("%s has something of others, %s:\n%.2000s", name, other, text)
			}
		}
		if name != "index.html" && !strings.Contains(files["index.html"], fmt.Sprintf("<td>%s</td><td class=\"n\">%d</td>", name, strings.Count(text, "\n"))) {
			t.Errorf("the index does not say that %s has %d lines", name, strings.Count(text, "\n"))
		}
	}
	if strings.Contains(files["index.html"], "<script") {
		t.Error("the index has a script")
	}
	p.exportIsOnRecord(m, key, id)
	p.exportsAreTheWorkspaces(id)
	p.unzip(id)
	p.savesExport(m)
}

func (p *program) observationsOf(m *person) (ids []uuid.UUID) {
	p.t.Helper()
	s, err := p.privacy.Subject(p.t.Context(), "default", profiles.Address{{Type: event.IDUser, Value: m.mark("user")}})
	if err != nil {
		p.t.Fatal(err)
	}
	return s.Observations
}

// exportIsOnRecord: that it was made and read is in the audit trail, and the reading in the next export.
func (p *program) exportIsOnRecord(m *person, key, id string) {
	p.t.Helper()
	p.settle()
	for _, action := range []string{"privacy.export", "privacy.export.read"} {
		page, err := p.trail.Page(p.t.Context(), audit.Request{Workspace: "default", Action: action})
		if err != nil || len(page.Lines) != 1 || page.Lines[0].Subject != id || page.Lines[0].Actor != "key:"+auth.Hash(key)[:16] {
			p.t.Errorf("%s is on record as %+v, %v", action, page, err)
		}
	}
	again := p.files(key, p.exported(key, m.mark("user")))
	if n := strings.Count(again["disclosures.jsonl"], `"shown":["*"]`); n != 1 {
		p.t.Errorf("the download is a disclosure %d times: %s", n, again["disclosures.jsonl"])
	}
}

// exportsAreTheWorkspaces: nobody else sees that there is one.
func (p *program) exportsAreTheWorkspaces(id string) {
	p.t.Helper()
	other := p.exporterKey("other")
	for _, rest := range []string{"/" + id, "/" + id + "/content"} {
		if status, answer := p.call(http.MethodGet, "/v1/privacy/exports"+rest, other, ""); status != http.StatusNotFound {
			p.t.Errorf("another workspace is answered %d %s", status, answer)
		}
	}
	if _, answer := p.call(http.MethodGet, "/v1/privacy/exports", other, ""); strings.TrimSpace(string(answer)) != `{"exports":[]}` {
		p.t.Errorf("another workspace has %s", answer)
	}
	if status, answer := p.call(http.MethodPost, "/v1/privacy/exports", other, `{"identifiers":[{"type":"user_id","value":"other-1"}]}`); status != http.StatusNotFound {
		p.t.Errorf("another workspace may export: %d %s", status, answer)
	}
}

// unzip has the system's own program test the archive, where there is one, and looks at who may read it.
func (p *program) unzip(id string) {
	p.t.Helper()
	path := p.config.Path("exports")
	for _, file := range []string{id + ".zip", id + ".json", ""} {
		info, err := os.Stat(filepath.Join(path, file))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			p.t.Errorf("%q: %v, %v", file, info, err)
		}
	}
	if program, err := exec.LookPath("unzip"); err == nil {
		if out, err := exec.CommandContext(p.t.Context(), program, "-t", filepath.Join(path, id+".zip")).CombinedOutput(); err != nil {
			p.t.Errorf("unzip -t: %v: %s", err, out)
		}
	}
}

// savesExport: the operator reads the same by the socket.
func (p *program) savesExport(m *person) {
	p.t.Helper()
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	v, err := client.RequestExport(p.t.Context(), "default", admin.ExportRequest{Address: "user_id:" + m.mark("user")})
	if err != nil {
		p.t.Fatal(err)
	}
	for v.Status == export.StatusRunning {
		if v, err = client.Export(p.t.Context(), "default", v.ID); err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	var archive bytes.Buffer
	if err := client.ExportContent(p.t.Context(), "default", v.ID, &archive); err != nil || int64(archive.Len()) != v.Bytes {
		p.t.Errorf("%d bytes of %d: %v", archive.Len(), v.Bytes, err)
	}
	if _, err := client.RequestExport(p.t.Context(), "default", admin.ExportRequest{Address: "user_id:nobody"}); err == nil {
		p.t.Error("nobody is exported")
	}
}

// TestExportOfASharedPhone: what may be one of two people's is in neither's export, and nobody is chosen for it.
func TestExportOfASharedPhone(t *testing.T) {
	p := start(t, t.TempDir())
	for i, name := range []string{"Ada", "Ben"} {
		p.accept("/v1/identify", fmt.Sprintf(`{"userId":"u-%d","traits":{"phone":"+12125550123","firstName":%q,"lastName":"Marsh"}}`, i, name))
	}
	voice := p.key(auth.New{Kind: auth.KindWrite, Workspace: "default", Source: "voice"})
	if status, answer := p.post("/v1/track", voice, `{"event":"conversation.started","messageId":"the-call","context":{"channel":"voice",
		"identifiers":[{"type":"phone","value":"+12125550123"}]},"properties":{"conversation_id":"call-1"}}`); status != http.StatusOK {
		t.Fatal(answer)
	}
	p.settle()
	key := p.exporterKey("default")
	status, answer := p.call(http.MethodPost, "/v1/privacy/exports", key, `{"identifiers":[{"type":"phone","value":"+12125550123"}]}`)
	if status != http.StatusConflict || !strings.Contains(string(answer), `"candidates":[`) {
		t.Errorf("a shared phone is answered with %d %s", status, answer)
	}
	for name, text := range p.files(key, p.exported(key, "u-0")) {
		if strings.Contains(text, "Ben") || strings.Contains(text, "the-call") || strings.Contains(text, "u-1") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestExportEnds: it expires, is erased with its subject, also while it is made, and a crash leaves nothing.
func TestExportEnds(t *testing.T) {
	dir := t.TempDir()
	p := erasable(t, dir)
	m := newPerson()
	p.plant(m)
	p.settle()
	key := p.exporterKey("default")
	id := p.exported(key, "other-1")
	path := p.config.Path("exports")

	// The subject is erased while one is ready, one is held up in the middle, and one waits.
	ready := p.exported(key, m.mark("user"))
	if _, err := os.Stat(filepath.Join(path, ready+".zip")); err != nil {
		t.Fatal(err)
	}
	held := make(chan struct{}, 1)
	p.exporter.Arrived = func(ctx context.Context, _ time.Time) error {
		held <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	all := []string{ready, p.asked(m), p.asked(m)}
	<-held
	certificate := p.erase(m)
	if n := removed(certificate, "exports"); n != 3 {
		t.Errorf("%d exports were removed, want 3: %+v", n, certificate.Stores)
	}
	for _, id := range all {
		if status, answer := p.call(http.MethodGet, "/v1/privacy/exports/"+id, key, ""); status != http.StatusOK || !strings.Contains(string(answer), `"erased"`) {
			t.Errorf("an erased export is %d %s", status, answer)
		}
		if status, _ := p.call(http.MethodGet, "/v1/privacy/exports/"+id+"/content", key, ""); status != http.StatusGone {
			t.Errorf("an erased export is answered with %d", status)
		}
		if text, err := os.ReadFile(filepath.Join(path, id+".json")); err != nil || strings.Contains(string(text), "observations") {
			t.Errorf("its sidecar is %s, %v", text, err)
		}
	}
	p.stop()
	if files := marked(t, path, m); files != nil {
		t.Errorf("marks are left in %v", files)
	}

	// It has expired, and another was under way when the program crashed.
	crashed := uuid.New()
	sidecar := expireSidecar(t, filepath.Join(path, id+".json"))
	for name, text := range map[string]string{
		id + ".json":                   sidecar,
		crashed.String() + ".json":     fmt.Sprintf(`{"id":%q,"workspace":"default","status":"running","created":%q}`, crashed, time.Now().UTC().Format(time.RFC3339)),
		crashed.String() + ".zip.part": "half", crashed.String() + ".zip": "whole, and not told of", uuid.NewString() + ".zip": "nobody's", "x.json.part": "x",
	} {
		if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p = start(t, dir)
	p.read = key
	if r, err := p.exporter.Get(t.Context(), "default", crashed); err != nil || r.Status != export.StatusFailed {
		t.Errorf("what was under way is %+v, %v", r, err)
	}
	if status, _ := p.call(http.MethodGet, "/v1/privacy/exports/"+crashed.String()+"/content", key, ""); status != http.StatusConflict {
		t.Errorf("what was under way is answered with %d", status)
	}
	if status, _ := p.call(http.MethodGet, "/v1/privacy/exports/"+id+"/content", key, ""); status != http.StatusGone {
		t.Errorf("what expired is answered with %d", status)
	}
	left := func() (names []string) {
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".json") {
				names = append(names, e.Name())
			}
		}
		return names
	}
	for deadline := time.Now().Add(2 * time.Minute); len(left()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v are left", left())
		}
	}
}

// asked asks for an export of a person, which is made when it is.
func (p *program) asked(m *person) string {
	p.t.Helper()
	r, err := p.exporter.Request(p.t.Context(), export.Request{
		Workspace: "default", Who: profiles.Address{{Type: event.IDUser, Value: m.mark("user")}}, Actor: "test", Reason: m.mark("reason"),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return r.ID.String()
}

// removed is how many a certificate says were removed of a store.
func removed(c *erase.Certificate, of string) (n uint64) {
	for _, l := range c.Stores {
		if l.Store == of {
			n += l.Removed
		}
	}
	return n
}

// expireSidecar is the text of a sidecar of an export that has expired.
func expireSidecar(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r export.Record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	r.ExpiresAt = time.Now().Add(-time.Hour)
	if text, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExportIsBounded: the events of a busy person are not held in memory.
func TestExportIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200,000 events")
	}
	p := start(t, t.TempDir())
	const events, batch = 200_000, 2_000
	text := strings.Repeat("a long word ", 60)
	for i := 0; i < events; i += batch {
		records := make([]stream.Record, batch)
		for j := range records {
			records[j] = p.eventOf("busy", fmt.Sprint("m-", i+j), text)
		}
		if _, err := p.log.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	p.settle()
	key := p.exporterKey("default")
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	done := make(chan struct{})
	go func() {
		for {
			var m runtime.MemStats
			runtime.GC() // what is held is meant, not what nobody needs any more
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	id := p.exported(key, "busy")
	close(done)
	r, err := p.exporter.Get(t.Context(), "default", uuid.MustParse(id))
	if err != nil {
		t.Fatal(err)
	}
	grown := int64(most.Load()) - int64(before.HeapAlloc)
	t.Logf("%d events, archive of %d MB, heap of %d MB grew by %d MB at most", events, r.Bytes>>20, before.HeapAlloc>>20, grown>>20)
	for _, f := range r.Files {
		if f.Name == "events.jsonl" && f.Lines != events {
			t.Errorf("%d events, want %d", f.Lines, events)
		}
	}
	if grown > 128<<20 { // the events are 200 MB and more; other parts of the program take some meanwhile
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

func (p *program) eventOf(user, id, text string) stream.Record {
	p.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	e := &event.Event{Workspace: "default", Source: "web", MessageID: id, Type: event.TypeTrack, Name: "order.placed",
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: user}}, Properties: json.RawMessage(fmt.Sprintf(`{"text":%q}`, id+text))}
	e.Stamp(at, time.Time{}, at)
	value, err := event.Encode(e)
	if err != nil {
		p.t.Fatal(err)
	}
	return stream.Record{Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "default", Source: "web", MessageID: id, ReceivedAt: at, Value: value}
}
