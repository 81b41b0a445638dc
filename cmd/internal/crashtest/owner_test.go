//go:build kafka

package crashtest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/ingest/stream/kafka/kafkatest"
	"tributary/sql/chdb"
)

// sharedEngine is ClickHouse for several servers: the engine in the test's own process, over HTTP.
func sharedEngine(t *testing.T) (dsn, inspect string) {
	t.Helper()
	engine, err := chdb.Open(chdb.Config{Path: t.TempDir(), Library: os.Getenv("TRIBUTARY_CHDB_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	via := engine.Transport(chdb.PoolWrite)
	writing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response, err := via.RoundTrip(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, r.Body) // a sender of refused rows reads the answer when it has sent them all
		maps.Copy(w.Header(), response.Header)
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	reading := httptest.NewServer(chdb.Inspect(engine))
	t.Cleanup(func() {
		writing.Close()
		reading.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return writing.URL + "/tributary", strings.TrimPrefix(reading.URL, "http://")
}

// TestKafkaOwners lets two servers share a log on Kafka and a ClickHouse. The one that owns is killed,
// stopped for a while and woken after the other has taken over, and loses its disk, all while events come
// in: in the end everything is as if nothing had happened.
func TestKafkaOwners(t *testing.T) {
	r := newRand(t)
	c := kafkatest.Start(t, kafkatest.Options{Settings: []string{"group.min.session.timeout.ms=1000", "group.initial.rebalance.delay.ms=0"}})
	dsn, inspect := sharedEngine(t)
	var servers [2]*program
	for i := range servers {
		servers[i] = onKafka(t, c)
		servers[i].env = append(servers[i].env, "TRIBUTARY_CLICKHOUSE_DSN="+dsn, "TRIBUTARY_LOG_KAFKA_SESSION_TIMEOUT=2s")
		servers[i].inspect = inspect
	}
	owner, other := servers[0], servers[1]
	owner.start()
	owner.awaitReady()
	copyKey(t, owner.data, other.data)
	other.start()
	tr := newTraffic(owner)
	stop := tr.start(t)
	for round := range max(3, *kills/4) {
		owner.awaitMore(tr)
		time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond)
		if r := other.readiness(); r != nil && r.ok("log") { // a standby answers, and has no log
			t.Fatal("two servers own the log")
		}
		switch round % 3 {
		case 0:
			owner.kill()
		case 1:
			owner.signal(syscall.SIGSTOP)
		case 2:
			owner.kill()
			owner.loseDisk()
		}
		other.awaitReady()
		tr.turnTo(other)
		other.awaitMore(tr)
		if round%3 == 1 {
			owner.signal(syscall.SIGCONT)
			owner.isFenced()
		}
		owner.start()
		owner, other = other, owner
	}
	stop()
	other.kill()
	checkAll(t, owner, tr)
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// isFenced waits until the server ends because another owns the log.
func (p *program) isFenced() {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("a server that was taken over from goes on\n%s", p.logTail())
	}
	if p.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(p.log(), "another process owns the log now") {
		p.t.Errorf("ended with %s\n%s", p.cmd.ProcessState, p.logTail())
	}
}

// loseDisk removes all that the server kept, but for its key.
func (p *program) loseDisk() {
	p.t.Helper()
	key, err := os.ReadFile(filepath.Join(p.data, "identity.key"))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.RemoveAll(p.data); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Mkdir(p.data, 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.data, "identity.key"), key, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
