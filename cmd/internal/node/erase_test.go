package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/cmd/internal/config"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/privacy/erase"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// person is somebody whose marks are planted everywhere. Each mark begins with the same letters and is unlike any
// other text in the world.
type person struct {
	prefix string
	phone  string
	jots   jots // what an agent wrote of them
}

// anybody is how the marks of all begin.
const anybody = "zqperson"

func newPerson() *person {
	var raw [8]byte
	_, _ = rand.Read(raw[:])
	return &person{prefix: anybody + hex.EncodeToString(raw[:]), phone: fmt.Sprintf("+1212555%04d", 100+int(raw[0])%100)}
}

// mark is the person's mark of one kind.
func (m *person) mark(kind string) string { return m.prefix + kind }

func (m *person) email() string { return m.mark("mail") + "@example.com" }

// erasable starts a program on a folder, as those are configured whose people are erased in this test.
func erasable(t *testing.T, dir string) *program {
	t.Helper()
	return start(t, dir, func(c *config.Config) { c.Profiles.PublishAfter = config.Duration(time.Millisecond) })
}

// plant leaves the person's marks in every store there is, among other people.
func (p *program) plant(m *person) {
	p.t.Helper()
	for i := range 40 { // others
		p.accept("/v1/identify", fmt.Sprintf(`{"messageId":"o-%d","userId":"other-%d","traits":{"email":"other%d@example.com","firstName":"Other","plan":"p%d"}}`, i, i%10, i%10, i))
		p.accept("/v1/track", fmt.Sprintf(`{"messageId":"t-%d","userId":"other-%d","event":"survey.answered","context":{"channel":"chat"},
			"properties":{"survey":"csat","score":%d,"scale":"1-5","note":"n%d"}}`, i, i%10, 1+i%5, i))
	}
	p.accept("/v1/identify", fmt.Sprintf(`{"messageId":"%s","userId":"%s","anonymousId":"%s","traits":{"email":"%s","phone":"%s","firstName":"%s","motto":"%s"},"context":{"x":"%s"}}`,
		m.mark("id"), m.mark("user"), m.mark("anon"), m.email(), m.phone, m.mark("name"), m.mark("value"), m.mark("context")))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"%s","userId":"%s","event":"conversation.message","context":{"channel":"email"},
		"properties":{"conversation_id":"%s","direction":"inbound","text":"%s","topic":"%s","deep":{"er":["%s"]}}}`,
		m.mark("text"), m.mark("user"), m.mark("conversation"), m.mark("words"), m.mark("topic"), m.mark("property")))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"%s","userId":"%s","event":"survey.answered","timestamp":"2199-01-01T00:00:00Z","context":{"channel":"chat"},
		"properties":{"survey":"csat","score":4,"scale":"1-5","answer":"%s"}}`, m.mark("far"), m.mark("user"), m.mark("future")))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"%s","userId":"%s","event":"E","properties":{"again":"%s"}}`, m.mark("text"), m.mark("user"), m.mark("duplicate")))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"m-cc","userId":"other-1","event":"conversation.message","context":{"channel":"email",
		"participants":[{"role":"cc","identifier":{"type":"email","value":"%s"}},{"role":"agent","identifier":{"type":"email","value":"agent@example.com"}}]},
		"properties":{"conversation_id":"c-others","direction":"inbound","text":"to all"}}`, m.email()))
	p.accept("/v1/track", fmt.Sprintf(`{"messageId":"%s","userId":"%s","event":"consent.changed","context":{"channel":"email"},
		"properties":{"consent":"granted","purpose":"marketing","evidence":"%s"}}`, m.mark("consent"), m.mark("user"), m.mark("evidence")))
	p.accept("/v1/group", fmt.Sprintf(`{"messageId":"%s","userId":"%s","groupId":"acme-corp","traits":{"role":"%s"}}`, m.mark("group"), m.mark("user"), m.mark("role")))
	p.accept("/v1/batch", fmt.Sprintf(`{"batch":[{"type":"track","userId":"%s","properties":{"rejected":"%s"},"context":{"traits":{"email":"%s"}}},
		{"type":"track","event":"E","userId":"other-2","messageId":"b-1"}]}`, m.mark("user"), m.mark("rejected"), m.email()))
	p.settle()
	m.jots = p.jot(m.mark("user"), m.prefix)
	_, answer := p.get("user_id:"+m.mark("user"), "")
	_, other := p.get("user_id:other-3", "")
	a, b := uuid.MustParse(answer["profile"].(string)), uuid.MustParse(other["profile"].(string))
	for _, c := range []unify.Command{
		unify.IdentityLink{A: a, B: b, Verdict: unify.LinkNeverMerge, Note: m.mark("note")},
		unify.IdentityBlock{Type: "phone", Value: m.phone},
		unify.IdentityUnblock{Type: "phone", Value: m.phone},
	} {
		if _, err := p.commands.Do(p.t.Context(), "default", c); err != nil {
			p.t.Fatal(err)
		}
	}
	p.report(m)
	p.settle()
}

// report leaves the report of an import that shows a rejected row of the person.
func (p *program) report(m *person) {
	p.t.Helper()
	dir := filepath.Join(p.folder.path, "imports")
	text := fmt.Sprintf(`{"path":"people.csv","rows":2,"complete":true,"report":{"rows":2,"first_rejected":[{"row":1,"reason":"%s"}],"complete":true}}`, m.mark("report"))
	if err := os.MkdirAll(dir, 0o700); err == nil {
		err = os.WriteFile(filepath.Join(dir, "0123456789abcdef01234567.json"), []byte(text), 0o600)
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// erase erases the person at once, and returns the certificate.
func (p *program) erase(m *person) *erase.Certificate {
	p.t.Helper()
	return p.certified(p.request(m))
}

// request asks for an erasure that is not held.
func (p *program) request(m *person) uuid.UUID {
	p.t.Helper()
	now := time.Duration(0)
	preview, err := p.privacy.Request(p.t.Context(), desk.Request{
		Workspace: "default", Who: profiles.Address{{Type: "email", Value: m.email()}}, Hold: &now, Actor: "socket:0",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return preview.ID
}

// certified waits until an erasure is done.
func (p *program) certified(id uuid.UUID) *erase.Certificate {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Minute)
	defer cancel()
	for {
		e, err := p.privacy.Get(ctx, "default", id)
		if err != nil {
			p.t.Fatal(err)
		}
		if e.Status == privacy.StatusErased {
			c := new(erase.Certificate)
			if err := json.Unmarshal(e.Certificate, c); err != nil {
				p.t.Fatal(err)
			}
			return c
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			var steps []string
			for _, s := range e.Steps {
				steps = append(steps, s.Name)
			}
			p.t.Fatalf("the erasure is %s after %v; again gives: %v", e.Status, steps, p.eraser.Once(p.t.Context()))
		}
	}
}

// TestErasure is the promise: what was erased is nowhere, others are as they were, the accounts balance, and it
// stays so through a rebuild and an older copy.
func TestErasure(t *testing.T) {
	m := newPerson()
	dir := filepath.Join(t.TempDir(), "data")
	p := erasable(t, dir)
	p.plant(m)
	key := p.read
	p.stop()
	wantMarks(t, dir, m, "log", "state", "clickhouse", "imports")
	older := filepath.Join(t.TempDir(), "older")
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}

	p = erasable(t, dir)
	p.read = key
	p.settle()
	wantRows(t, p, m, "events", "facts", "profiles", "quarantine")
	others := othersOf(p, m)
	certificate := p.erase(m)
	checkCertificate(t, p, certificate)
	p.settle()
	checkErased(t, p, m, others)
	p.refused(m)
	p.stop()
	wantNoMarks(t, dir, m)

	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	p = erasable(t, dir)
	p.read = key
	p.settle()
	checkErased(t, p, m, others)
	p.stop()
	wantNoMarks(t, dir, m)

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(older)); err != nil {
		t.Fatal(err)
	}
	p = erasable(t, dir)
	p.read = key
	p.certified(certificate.Erasure)
	p.settle()
	checkErased(t, p, m, others)
	p.stop()
	wantNoMarks(t, dir, m)
}

// TestErasureGoesOnAfterACrash stops an erasure at each of its parts, starts the program again, and finds that
// it is brought to its end, and nobody else has lost anything.
func TestErasureGoesOnAfterACrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program anew at every step of an erasure")
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := erasable(t, dir)
	p.plant(newPerson())
	key := p.read
	var people []*person
	var parts []string
	others := othersOf(p, &person{prefix: anybody, phone: "+none-was-given"})
	for n := 0; ; n++ {
		m := newPerson()
		people = append(people, m)
		p.accept("/v1/identify", fmt.Sprintf(`{"messageId":"%s","userId":"%s","traits":{"email":"%s","firstName":"%s"}}`, m.mark("id"), m.mark("user"), m.email(), m.mark("name")))
		p.settle()
		stopped, count := make(chan string, 1), 0
		p.eraser.At = func(part string) error {
			if count++; count != n+1 {
				return nil
			}
			stopped <- part
			return errors.New("killed")
		}
		id := p.request(m)
		part, reached := p.stoppedOr(id, stopped)
		if !reached {
			break // this one came to its end without
		}
		parts = append(parts, part)
		p.stop()
		p = erasable(t, dir)
		p.read = key
		p.certified(id)
	}
	if len(parts) < 12 {
		t.Errorf("erasures were stopped at %v alone", parts)
	}
	p.settle()
	balanced(t, p)
	if now := othersOf(p, &person{prefix: anybody, phone: "+none-was-given"}); !slices.Equal(now["events"], others["events"]) {
		t.Errorf("events of others are not what they were: %s", unlike(others["events"], now["events"]))
	}
	p.stop()
	for _, m := range people {
		m.phone = "+none-was-given" // the numbers of one prefix are few
		wantNoMarks(t, dir, m)
	}
}

// stoppedOr waits until an erasure was stopped at a part, or came to its end.
func (p *program) stoppedOr(id uuid.UUID, stopped chan string) (part string, reached bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		e, err := p.privacy.Get(ctx, "default", id)
		if err != nil {
			p.t.Fatal(err)
		}
		select {
		case part := <-stopped:
			return part, true
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			p.t.Fatalf("the erasure is %s", e.Status)
		}
		if e.Status == privacy.StatusErased {
			select {
			case part := <-stopped:
				return part, true
			default:
				return "", false
			}
		}
	}
}

// checkErased looks for the person by every way in, and at everybody else.
func checkErased(t *testing.T, p *program, m *person, others map[string][]string) {
	t.Helper()
	for _, address := range []string{"email:" + m.email(), "user_id:" + m.mark("user"), "phone:" + m.phone} {
		if status, answer := p.get(address, ""); status != http.StatusNotFound {
			t.Errorf("%s is answered with %d: %v", address[:5], status, answer)
		}
	}
	p.noJots(m)
	wantRows(t, p, m)
	now := othersOf(p, m)
	for table := range others {
		if !slices.Equal(now[table], others[table]) {
			t.Errorf("%s: rows of others are not what they were: %s", table, unlike(others[table], now[table]))
		}
	}
	balanced(t, p)
}

// balanced: every source's account adds up, and the store holds what the state says.
func balanced(t *testing.T, p *program) {
	t.Helper()
	accounts := p.sourceAccounts()
	if at := accounts.Unbalanced(); at != "" {
		t.Errorf("the account of %s does not add up", at)
	}
	for i := range accounts.Sources {
		s := &accounts.Sources[i]
		for j := range s.Days {
			if d := &s.Days[j]; d.StoredClickHouse == nil || *d.StoredClickHouse != d.Stored {
				t.Errorf("%s on %s: the state counts %d as stored, the analytics store holds %v", s.Source, d.Day, d.Stored, d.StoredClickHouse)
			}
		}
	}
}

func (p *program) sourceAccounts() *reconcile.Report {
	p.t.Helper()
	accounts, err := p.accounts.Sources(p.t.Context(), unify.Selection{})
	if err != nil {
		p.t.Fatal(err)
	}
	return accounts
}

// refused: the person's next event is taken by the gateway, refused, and counted.
func (p *program) refused(m *person) {
	p.t.Helper()
	before := p.suppressed()
	p.accept("/v1/track", fmt.Sprintf(`{"userId":"someone-new","event":"E","context":{"traits":{"email":"%s"},"identifiers":[{"type":"email","value":"%s"}]},"properties":{"a":"%s"}}`,
		m.email(), m.email(), m.mark("late")))
	p.settle()
	if now := p.suppressed(); now != before+1 {
		p.t.Errorf("%d events are suppressed, want %d", now, before+1)
	}
}

func (p *program) suppressed() (n uint64) {
	p.t.Helper()
	accounts := p.sourceAccounts()
	for i := range accounts.Sources {
		for j := range accounts.Sources[i].Days {
			n += accounts.Sources[i].Days[j].Suppressed
		}
	}
	return n
}

func checkCertificate(t *testing.T, p *program, c *erase.Certificate) {
	t.Helper()
	stores := map[string]uint64{}
	for _, l := range c.Stores {
		stores[l.Store] += l.Removed
		if l.Result != "nothing left" || l.Proof == "" || l.At.IsZero() {
			t.Errorf("%s: %+v proves nothing", l.Store, l)
		}
	}
	for _, store := range []string{"analytics store, events", "state and outbox", "log", "reports of imports"} {
		if stores[store] == 0 {
			t.Errorf("the certificate tells of nothing removed from the %s: it has %v", store, slices.Sorted(maps.Keys(stores)))
		}
	}
	if len(c.Waiting) != 0 || len(c.Backups) == 0 || len(c.Kept) == 0 || c.Events == 0 {
		t.Errorf("the certificate is %+v", c)
	}
	sign, err := certificateSum(p.folder.key)
	if err != nil {
		t.Fatal(err)
	}
	if !erase.Verify(*c, sign) {
		t.Error("the sum of the certificate is not its own")
	}
	changed := *c
	changed.Events++
	if erase.Verify(changed, sign) {
		t.Error("a certificate that was changed has the same sum")
	}
	if text := c.Markdown(); !strings.Contains(text, c.Sum) || !strings.Contains(text, "| log |") {
		t.Errorf("as text it is\n%s", text)
	}
}
