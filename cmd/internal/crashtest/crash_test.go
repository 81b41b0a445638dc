package crashtest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 4, "how often the program or its engine is killed")
	seed  = flag.Uint64("seed", 0, "seed of the moments; 0 takes one from the clock")
)

const clients = 4

var binary string

// TestMain builds the program as it is shipped.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tributary")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "tributary")
		build := exec.Command("go", "build", "-o", binary, "tributary/cmd/tributary")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
			return 1
		}
		library, err := engineLibrary()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv("TRIBUTARY_CHDB_LIB", library)
		return m.Run()
	}())
}

// engineLibrary finds what `make engine` fetched; the built binary lies outside the module.
func engineLibrary() (string, error) {
	found, err := filepath.Glob("../../../node_modules/@chdb/lib-*/libchdb.so")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("the engine's library is not there: run `make engine` (%w)", err)
	}
	return filepath.Abs(found[0])
}

// TestCrashAtRandomMoments kills the server, or the engine's process alone, again and again while
// four clients send and try again.
func TestCrashAtRandomMoments(t *testing.T) {
	r := newRand(t)
	p := newProgram(t, binary)
	p.start()
	p.awaitReady()
	tr := newTraffic(p.api, writeKeys(p))
	readKey := p.key("--kind", "read")

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tr.run(ctx, nil) }()
	engineKills := 0
	for range *kills {
		time.Sleep(time.Duration(100+r.IntN(1500)) * time.Millisecond)
		if r.IntN(2) == 0 && p.killEngine() {
			engineKills++
			continue
		}
		p.kill()
		p.start()
		if r.IntN(4) != 0 { // else it is killed again while it still starts
			p.awaitReady()
		}
	}
	p.awaitReady()
	time.Sleep(time.Second) // some undisturbed traffic at the end
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills, %d of them of the engine alone; %d events acknowledged", *kills, engineKills, total(tr.counts()))
	check(t, p, tr, readKey)
}

// check looks at everything after a disturbed run, and beside it runs the same messages undisturbed.
func check(t *testing.T, p *program, tr *traffic, readKey string) {
	t.Helper()
	awaitDrained(p)
	eachOnce(t, p, tr)
	addUp(t, p)

	calm := newProgram(t, binary)
	copyKey(t, p.data, calm.data)
	calm.start()
	calm.awaitReady()
	calmTraffic := newTraffic(calm.api, writeKeys(calm))
	calmKey := calm.key("--kind", "read")
	if err := calmTraffic.run(t.Context(), tr.counts()); err != nil {
		t.Fatal(err)
	}
	awaitDrained(calm)
	eachOnce(t, calm, calmTraffic)
	for person := range people {
		address := fmt.Sprintf("user_id:user-%d", person)
		got, want := steady(p.profile(readKey, address)), steady(calm.profile(calmKey, address))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s differs from the undisturbed run:\n got %s\nwant %s", address, text(got), text(want))
		}
	}
	calm.stop()
	p.stop()
}

// eachOnce compares the acknowledged message ids with the rows of ClickHouse, both ways.
func eachOnce(t *testing.T, p *program, tr *traffic) {
	t.Helper()
	rows := map[string]int{}
	for _, row := range p.query("SELECT source, message_id, count() FROM events GROUP BY source, message_id") {
		n, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		rows[row[0]+"/"+row[1]] = n
	}
	missing, doubled := 0, 0
	for client, acked := range tr.counts() {
		for n := range acked {
			key := sourceName(client) + "/" + messageID(client, n)
			switch rows[key] {
			case 1:
			case 0:
				missing++
			default:
				doubled++
			}
			delete(rows, key)
		}
	}
	if missing > 0 || doubled > 0 || len(rows) > 0 {
		t.Errorf("of %d acknowledged events %d are missing and %d there more than once; %d are there that nobody sent",
			total(tr.counts()), missing, doubled, len(rows))
	}
}

// reconciliation is what `tributary reconcile --json` prints of a source.
type reconciliation struct {
	Source      string `json:"source"`
	Received    int64  `json:"received"`
	Pending     int64  `json:"pending"`
	Stored      int64  `json:"stored"`
	Duplicate   int64  `json:"duplicate"`
	Quarantined int64  `json:"quarantined"`
	Suppressed  int64  `json:"suppressed"`
	Erased      int64  `json:"erased"`
	ClickHouse  int64  `json:"stored_clickhouse"`
}

func reconcile(p *program) []reconciliation {
	p.t.Helper()
	var answer struct {
		Sources []reconciliation `json:"sources"`
	}
	if err := json.Unmarshal([]byte(p.run("reconcile", "--json")), &answer); err != nil {
		p.t.Fatal(err)
	}
	return answer.Sources
}

// awaitDrained waits until nothing is pending and ClickHouse holds what is stored.
func awaitDrained(p *program) {
	p.t.Helper()
	p.await("everything to be in ClickHouse", 2*time.Minute, func() bool {
		sources := reconcile(p)
		for _, s := range sources {
			if s.Pending != 0 || s.Stored != s.ClickHouse {
				return false
			}
		}
		return len(sources) > 0
	})
}

func addUp(t *testing.T, p *program) {
	t.Helper()
	for _, s := range reconcile(p) {
		if sum := s.Pending + s.Stored + s.Duplicate + s.Quarantined + s.Suppressed + s.Erased; sum != s.Received {
			t.Errorf("source %s: received %d, but its parts add up to %d: %+v", s.Source, s.Received, sum, s)
		}
	}
}

func writeKeys(p *program) []string {
	keys := make([]string, clients)
	for client := range keys {
		keys[client] = p.key("--kind", "write", "--source", sourceName(client))
	}
	return keys
}

// copyKey gives the undisturbed run the same identity key, and so the same observation ids.
func copyKey(t *testing.T, from, to string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, "identity.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "identity.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// volatile are the fields in which two runs rightly differ: when things were received, and what
// follows from that (which of the observations founded the profile, where in the log events are).
var volatile = map[string]bool{
	"received_at": true, "identity_version": true, "id": true, "profile": true, "position": true, "as_of": true,
	"observation": true, "founder": true, "standing": true, "reason": true,
}

func steady(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if !volatile[key] {
				out[key] = steady(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = steady(v[i])
		}
		return out
	}
	return v
}

func text(v any) string {
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}
