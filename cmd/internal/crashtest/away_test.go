package crashtest

import (
	"bytes"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// TestEngineHangs stops the engine's process for a while, as a machine out of memory would:
// everything but analytics goes on, readiness tells of it, and afterwards the sink catches up.
func TestEngineHangs(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	readKey := p.key("--kind", "read")
	stop := tr.start(t)
	p.awaitParts()

	engine := p.children()[0]
	if err := syscall.Kill(engine, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(engine, syscall.SIGCONT) }) // it may be gone
	p.goesOnWithoutEngine(t, tr, readKey, 8*time.Second)
	if err := syscall.Kill(engine, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	stop()
	checkCounts(t, p, tr)
	p.stop()
}

// TestEngineAwayAtStart starts the program on a ClickHouse server that does not answer.
func TestEngineAwayAtStart(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "TRIBUTARY_CLICKHOUSE_DSN=clickhouse://"+freeAddress(t)+"/tributary")
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	readKey := p.key("--kind", "read")
	stop := tr.start(t)
	p.goesOnWithoutEngine(t, tr, readKey, 3*time.Second)
	stop()
	p.stop()

	p.env = p.env[:len(p.env)-1] // now the embedded one gets what waits in the outbox
	p.start()
	p.awaitReady()
	checkCounts(t, p, tr)
	p.stop()
}

// goesOnWithoutEngine sees for a while that events are taken in, that contexts are up to date, and
// that readiness says what is wrong.
func (p *program) goesOnWithoutEngine(t *testing.T, tr *traffic, readKey string, span time.Duration) {
	t.Helper()
	before := tr.total()
	told, lag := false, 0.0
	for begun := time.Now(); time.Since(begun) < span || !told; time.Sleep(100 * time.Millisecond) {
		r := p.readiness()
		if r == nil || !r.Ready {
			t.Fatalf("not ready without the engine: %+v", r)
		}
		told = told || !r.ok("analytics_store")
		lag = max(lag, r.figure("sink", "lag_rows"))
		if time.Since(begun) > 4*time.Minute {
			t.Fatal("readiness did not tell within four minutes that the analytics store is away")
		}
	}
	if tr.total() == before || lag == 0 {
		t.Errorf("%d events taken in meanwhile, the sink is behind by %v rows", tr.total()-before, lag)
	}
	p.await("an event to be in its context, with no part late", 10*time.Second, func() bool {
		status, body, err := p.request(http.MethodGet, "http://"+p.api+"/v1/profiles/user_id:"+tr.latestUser()+"/context?budget_ms=2000", readKey, nil)
		return err == nil && status == http.StatusOK && bytes.Contains(body, []byte(`"late":[]`))
	})
}

// latestUser is whom the last acknowledged message that names somebody was about.
func (tr *traffic) latestUser() string {
	n := tr.counts()[0] - 1
	for message(0, n)["userId"] == nil {
		n--
	}
	return userOf(0, n)
}
