package node

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"tributary/api/auth"
	"tributary/cmd/internal/config"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// program is a node that runs, with keys to it.
type program struct {
	*Node
	t     *testing.T
	url   string
	write string
	read  string
	stop  func()

	measured sync.Once
	measure  *agreement // see documented
}

// start runs a node on a data folder, all roles, the embedded engine in this process.
func start(t *testing.T, dir string, changes ...func(*config.Config)) *program {
	t.Helper()
	return startLogging(t, dir, slog.New(slog.DiscardHandler), changes...)
}

// startLogging is start with a logger.
func startLogging(t *testing.T, dir string, logger *slog.Logger, changes ...func(*config.Config)) *program {
	t.Helper()
	c := config.Default()
	c.DataDir, c.HTTP.Listen = dir, freeAddress(t)
	little := config.Mark{Free: 32 << 20, Percent: 1} // whatever space this machine has left
	c.Log.Bulk, c.Log.Live = little, little
	for _, change := range changes {
		change(&c)
	}
	n, err := Open(t.Context(), c, Options{Version: "test", Logger: logger, InProcessEngine: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	p := &program{Node: n, t: t, url: "http://" + c.HTTP.Listen}
	stopped := false
	p.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(p.stop)
	for !n.caughtUp.Load() { // nobody is answered before
		select {
		case err := <-done:
			t.Fatalf("run: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	p.write = p.key(auth.New{Kind: auth.KindWrite, Workspace: "default", Source: "web"})
	p.read = p.key(auth.New{Kind: auth.KindRead, Workspace: "default"})
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *program) key(n auth.New) string {
	p.t.Helper()
	if _, err := p.Keys().Workspaces.Create(p.t.Context(), n.Workspace, ""); err != nil {
		p.t.Fatal(err)
	}
	secret, _, err := p.Keys().Create(p.t.Context(), n)
	if err != nil {
		p.t.Fatal(err)
	}
	return secret
}

// post sends a body to the gateway and returns the answer.
func (p *program) post(path, key, body string) (int, map[string]any) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(key, "")
	request.Header.Set("Content-Type", "application/json")
	return p.do(request)
}

// get asks for a profile, or something below it.
func (p *program) get(address, rest string) (int, map[string]any) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/v1/profiles/"+url.PathEscape(address)+rest, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.read)
	return p.do(request)
}

func (p *program) do(request *http.Request) (int, map[string]any) {
	p.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		p.t.Fatalf("%s %s: %s: %.300s", request.Method, request.URL, response.Status, text)
	}
	return response.StatusCode, answer
}

// accept sends a body that must be taken.
func (p *program) accept(path, body string) map[string]any {
	p.t.Helper()
	status, answer := p.post(path, p.write, body)
	if status != http.StatusOK {
		p.t.Fatalf("%s is answered with %d: %v", path, status, answer)
	}
	return answer
}

// settle waits until everything accepted is in ClickHouse.
func (p *program) settle() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Minute)
	defer cancel()
	if err := p.Settle(ctx); err != nil {
		p.t.Fatal(err)
	}
}

func query[R any](p *program, name string, params store.Params) []R {
	p.t.Helper()
	q, err := store.Prepare[R](p.stores.read, name)
	if err != nil {
		p.t.Fatal(err)
	}
	rows, err := q.All(p.t.Context(), params)
	if err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// TestFirstFiveMinutes is the README's walk.
func TestFirstFiveMinutes(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com","firstName":"Ada","lastName":"Marsh"}}`)
	p.accept("/v1/track", `{"userId":"u-1","event":"conversation.started","context":{"channel":"chat"},
		"properties":{"conversation_id":"c-1","direction":"inbound","topic":"billing.question"}}`)
	p.settle()
	check := func(p *program) {
		t.Helper()
		for _, rest := range []string{"", "/context", "/timeline"} {
			status, answer := p.get("user_id:u-1", rest)
			if status != http.StatusOK {
				t.Errorf("profile%s is answered with %d: %v", rest, status, answer)
			}
		}
		if _, answer := p.get("email:ada@example.com", ""); answer["events"] != 2.0 {
			t.Errorf("the profile has %v events, want 2", answer["events"])
		}
		if _, answer := p.get("user_id:u-1", "/timeline"); len(answer["events"].([]any)) != 2 {
			t.Errorf("the timeline has %v", answer["events"])
		}
	}
	check(p)
	before := p.read
	p.stop()

	again := start(t, dir) // from the data that is there, with the keys that are there
	again.read = before
	check(again)
	if status, answer := again.get("user_id:nobody", ""); status != http.StatusNotFound {
		t.Errorf("nobody is answered with %d: %v", status, answer)
	}
}

// TestOnKafka runs the whole path over a log on Kafka (an in-process one, of the same protocol), and
// goes on with it after a restart.
func TestOnKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	onKafka := func(c *config.Config) {
		c.Log.Driver = config.DriverKafka
		c.Log.Kafka.Brokers, c.Log.Kafka.ReplicationFactor, c.Log.Kafka.Partitions = cluster.ListenAddrs(), 1, 2
	}
	dir := t.TempDir()
	p := start(t, dir, onKafka)
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com"}}`)
	p.accept("/v1/track", `{"userId":"u-1","event":"E","messageId":"once"}`)
	p.accept("/v1/track", `{"userId":"u-1","event":"E","messageId":"once"}`)
	p.settle()
	p.stop()

	again := start(t, dir, onKafka)
	again.accept("/v1/track", `{"userId":"u-1","event":"E","messageId":"once"}`)
	again.settle()
	if _, answer := again.get("email:ada@example.com", ""); answer["events"] != 2.0 {
		t.Errorf("the profile has %v events, want 2", answer["events"])
	}
	if rows := query[heldRow](again, "counts/stored", nil); len(rows) != 1 || rows[0].Stored != 2 {
		t.Errorf("ClickHouse holds %v, want 2 events", rows)
	}
}

// heldRow is a row of counts/stored.
type heldRow struct {
	Workspace    string `ch:"workspace"`
	Source       string `ch:"source"`
	Stored       uint64 `ch:"stored"`
	QueryLeftOut uint64 `ch:"query_left_out"`
}

// TestStateIsMadeAgain: the hot state is lost, and comes back from the log, with the keys, the same
// profiles and the same accounts; ClickHouse still holds every event once.
func TestStateIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	for i := range 40 {
		user := i % 8
		p.accept("/v1/identify", fmt.Sprintf(`{"messageId":"i-%d","userId":"u-%d","anonymousId":"a-%d","traits":{"email":"u%d@example.com","n":%d}}`, i, user, i%10, user, i))
		p.accept("/v1/page", fmt.Sprintf(`{"messageId":"p-%d","anonymousId":"a-%d","name":"Home"}`, i, i%10))
	}
	p.accept("/v1/batch", `{"batch":[{"type":"track","event":"E"},{"type":"track","event":"E","userId":"u-1","messageId":"i-1"}]}`)
	p.settle()
	look := func(p *program) (string, any) {
		t.Helper()
		accounts, err := p.accounts.Sources(t.Context(), unify.Selection{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(accounts)
		if err != nil {
			t.Fatal(err)
		}
		people := []any{}
		for user := range 8 {
			status, answer := p.get(fmt.Sprintf("user_id:u-%d", user), "")
			if status != http.StatusOK {
				t.Fatalf("u-%d is answered with %d: %v", user, status, answer)
			}
			delete(answer, "identity_version") // counts steps, which a rebuild takes otherwise
			people = append(people, answer)
		}
		people = append(people, query[store.ProfileCount](p, "counts/by_profile", store.Params{"workspace": "default", "limit": 100}))
		return string(text), people
	}
	key := p.read
	accounts, people := look(p)
	p.stop()
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir)
	again.read = key
	again.settle()
	accountsAfter, peopleAfter := look(again)
	if accountsAfter != accounts {
		t.Errorf("accounts were\n%s\nand are\n%s", accounts, accountsAfter)
	}
	before, after := people.([]any), peopleAfter.([]any)
	for i := range before {
		if !reflect.DeepEqual(before[i], after[i]) {
			t.Errorf("%d was\n%v\nand is\n%v", i, before[i], after[i])
		}
	}
}

// TestSharedPhone: two people have one number. A call that is known by the number alone belongs to
// neither until its conversation is identified.
func TestSharedPhone(t *testing.T) {
	p := start(t, t.TempDir())
	voice := p.key(auth.New{Kind: auth.KindWrite, Workspace: "default", Source: "voice"})
	for i, name := range []string{"Ada", "Ben"} {
		p.accept("/v1/identify", fmt.Sprintf(`{"userId":"u-%d","traits":{"phone":"+12125550123","firstName":%q,"lastName":"Marsh"}}`, i, name))
	}
	call := func(body string) {
		t.Helper()
		if status, answer := p.post("/v1/track", voice, body); status != http.StatusOK {
			t.Fatalf("a call is answered with %d: %v", status, answer)
		}
	}
	const about = `"context":{"channel":"voice","identifiers":[{"type":"phone","value":"+12125550123"}]},"properties":{"conversation_id":"call-1"}`
	call(`{"event":"conversation.started",` + about + `}`)
	p.settle()
	events := func(user string) float64 {
		t.Helper()
		status, answer := p.get("user_id:"+user, "")
		if status != http.StatusOK {
			t.Fatalf("%s is answered with %d: %v", user, status, answer)
		}
		return answer["events"].(float64)
	}
	if events("u-0") != 1 || events("u-1") != 1 {
		t.Errorf("the call was given to somebody: %v and %v events", events("u-0"), events("u-1"))
	}
	if status, answer := p.get("phone:+12125550123", ""); status != http.StatusConflict {
		t.Errorf("the shared number is answered with %d: %v", status, answer)
	}
	call(`{"event":"conversation.identified","userId":"u-1",` + about + `}`)
	p.settle()
	if events("u-0") != 1 || events("u-1") != 3 {
		t.Errorf("after it was identified: %v and %v events, want 1 and 3", events("u-0"), events("u-1"))
	}
	rows := query[store.ProfileCount](p, "counts/by_profile", store.Params{"workspace": "default", "limit": 10})
	if len(rows) != 2 || rows[0].Events != 3 || rows[1].Events != 1 {
		t.Errorf("ClickHouse says %v, want 3 and 1 events", rows)
	}
}

// TestWorkspacesAreApart: a key of one workspace neither reads nor changes another.
func TestWorkspacesAreApart(t *testing.T) {
	p := start(t, t.TempDir())
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com"}}`)
	other := p.key(auth.New{Kind: auth.KindWrite, Workspace: "other", Source: "web"})
	if status, answer := p.post("/v1/identify", other, `{"userId":"u-1","traits":{"email":"mallory@example.com"}}`); status != http.StatusOK {
		t.Fatalf("status %d: %v", status, answer)
	}
	p.settle()
	if _, answer := p.get("user_id:u-1", ""); answer["events"] != 1.0 {
		t.Errorf("the profile has %v events, want its own one", answer["events"])
	}
	p.read = p.key(auth.New{Kind: auth.KindRead, Workspace: "third"})
	if status, _ := p.get("user_id:u-1", ""); status != http.StatusNotFound {
		t.Errorf("a third workspace is answered with %d", status)
	}
}

// hostile are items that are strange but valid; each is to arrive whole.
var hostile = map[string]string{
	"nul":        `{"userId":"u-1","event":"E","properties":{"a":"x\u0000y"}}`,
	"surrogate":  `{"userId":"u-1","event":"E","properties":{"a":"\ud800"}}`,
	"digits":     `{"userId":"u-1","event":"E","properties":{"a":12345678901234567890123}}`,
	"huge":       `{"userId":"u-1","event":"E","properties":{"a":1e400}}`,
	"dotted":     `{"userId":"u-1","event":"E","properties":{"a":{"b":1},"a.b":2}}`,
	"duplicate":  `{"userId":"u-1","event":"E","properties":{"a":1,"a":2}}`,
	"deep":       `{"userId":"u-1","event":"E","properties":{"a":` + strings.Repeat("[", 1200) + strings.Repeat("]", 1200) + `}}`,
	"keys":       `{"userId":"u-1","event":"E","properties":{` + manyKeys(2000) + `}}`,
	"ten years":  `{"userId":"u-1","event":"E","timestamp":"2016-01-01T00:00:00Z"}`,
	"future":     `{"userId":"u-1","event":"E","timestamp":"2096-01-01T00:00:00Z"}`,
	"empty":      `{"userId":"u-1","event":"E","properties":{}}`,
	"null":       `{"userId":"u-1","event":"E","properties":null}`,
	"other keys": `{"userId":"u-1","event":"E","constructor":{"__proto__":1}}`,
}

func manyKeys(n int) string {
	var out strings.Builder
	for i := range n {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `"k%d":%d`, i, i)
	}
	return out.String()
}

// TestHostileEventsArrive sends each strange event in one batch with plain ones and expects all of
// them in ClickHouse, properties byte for byte.
func TestHostileEventsArrive(t *testing.T) {
	p := start(t, t.TempDir())
	var items []string
	sent := map[string]string{}
	for name, body := range hostile {
		id := "hostile-" + strings.ReplaceAll(name, " ", "-")
		items = append(items, `{"type":"track","messageId":"`+id+`",`+body[1:])
		var parts struct{ Properties json.RawMessage }
		if err := json.Unmarshal([]byte(body), &parts); err != nil {
			t.Fatal(err)
		}
		sent[id] = string(parts.Properties)
	}
	for i := range 200 { // and one of each of 200 months
		at := time.Date(2008, time.Month(1+i), 5, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
		items = append(items, fmt.Sprintf(`{"type":"track","messageId":"month-%d","userId":"u-1","event":"E","timestamp":%q}`, i, at))
	}
	answer := p.accept("/v1/batch", `{"batch":[`+strings.Join(items, ",")+`]}`)
	if failed, ok := answer["failed"].([]any); ok && len(failed) > 0 {
		t.Fatalf("failed: %v", failed)
	}
	p.settle()
	stored := query[heldRow](p, "counts/stored", nil)
	if len(stored) != 1 || stored[0].Stored != uint64(len(items)) {
		t.Fatalf("ClickHouse holds %v, want %d events", stored, len(items))
	}
	if stored[0].QueryLeftOut == 0 {
		t.Error("no value was left out of the query column, though some cannot be in it")
	}
	rows := query[struct {
		MessageID  string `ch:"message_id"`
		Properties string `ch:"properties"`
	}](p, "export/properties", store.Params{"workspace": "default"})
	for _, row := range rows {
		want, ok := sent[row.MessageID]
		if want == "null" {
			want = ""
		}
		if ok && row.Properties != want {
			t.Errorf("%s: properties are %.80q, were sent as %.80q", row.MessageID, row.Properties, want)
		}
	}
}

// TestBadItemsAreQuarantined: what is wrong in a batch is listed, kept with its reason, counted, and
// harms nothing beside it.
func TestBadItemsAreQuarantined(t *testing.T) {
	p := start(t, t.TempDir())
	answer := p.accept("/v1/batch", `{"batch":[
		{"type":"track","messageId":"good","userId":"u-1","event":"E"},
		{"type":"track","messageId":"no-subject","event":"E"},
		{"type":"track","messageId":"bad-type","userId":"u-1","event":7}]}`)
	if failed, ok := answer["failed"].([]any); !ok || len(failed) != 2 {
		t.Errorf("the answer lists %v, want two", answer["failed"])
	}
	p.settle()
	accounts, err := p.accounts.Sources(t.Context(), unify.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts.Sources {
		if a.Source == "web" && (a.Received != 3 || a.Stored != 1 || a.Quarantined != 2 || held(a) != 1 || !a.Balanced) {
			t.Errorf("account %+v", a)
		}
	}
}

// held is how many events the analytics store says that it holds of a source.
func held(a reconcile.Source) int64 {
	if a.StoredClickHouse == nil {
		return -1
	}
	return int64(*a.StoredClickHouse)
}

func TestMain(m *testing.M) {
	http.DefaultClient.Timeout = time.Minute
	os.Exit(m.Run())
}
