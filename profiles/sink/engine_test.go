package sink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"tributary/identity"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// engine is the test binary's own, not the shared one: a test of power loss stops it, damages its
// folder and starts it again.
var engine struct {
	*chdb.Engine
	dir string
}

type mainWithEngine struct{ *testing.M }

func (m mainWithEngine) Run() int {
	code := chdbtest.M{M: m.M}.Run() // it is the engine itself in a child process
	if engine.Engine != nil {
		if err := errors.Join(engine.Close(), os.RemoveAll(engine.dir)); err != nil {
			fmt.Fprintln(os.Stderr, "stop the engine:", err)
			return 1
		}
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(mainWithEngine{m}) }

func startEngine(t testing.TB) {
	t.Helper()
	if engine.Engine != nil {
		return
	}
	var err error
	if engine.dir == "" {
		if engine.dir, err = os.MkdirTemp("", "sink-"); err != nil {
			t.Fatal(err)
		}
	}
	if engine.Engine, err = chdb.Open(chdb.Config{Path: engine.dir}); err != nil {
		t.Fatal(err)
	}
}

func stopEngine(t testing.TB) {
	t.Helper()
	err := engine.Close()
	engine.Engine = nil
	if err != nil {
		t.Fatal(err)
	}
}

// host runs an engine: in this process or in a child.
type host interface {
	http.RoundTripper
	Transport(pool string) http.RoundTripper
	Kill(ctx context.Context, queryID string) error
}

// database is a database of an engine with our tables.
type database struct {
	t    testing.TB
	name string
	host func(testing.TB) host
	wire *wire // between driver and engine, of the store alone
	*store.Store
	conn driver.Conn
}

func thisProcess(t testing.TB) host {
	startEngine(t)
	return engine.Engine
}

func newDatabase(t testing.TB, on func(testing.TB) host) *database {
	t.Helper()
	d := &database{t: t, host: on, name: "test_" + strings.ToLower(rand.Text()), wire: &wire{rng: mathrand.New(mathrand.NewPCG(7, 7))}}
	d.open()
	if _, err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.exec("DROP DATABASE " + d.name + " SYNC")
		d.close()
	})
	return d
}

// open connects, and starts the engine if need be.
func (d *database) open() {
	d.t.Helper()
	host := d.host(d.t)
	d.wire.next = host.Transport(chdb.PoolWrite)
	var err error
	d.Store, err = store.New(chdb.Options(d.wire, d.name), store.Config{
		Database: d.name, Kill: host.Kill,
	})
	if err == nil {
		d.conn, err = clickhouse.Open(chdb.Options(host, d.name))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *database) close() {
	d.t.Helper()
	if err := errors.Join(d.Close(), d.conn.Close()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *database) exec(sql string) {
	d.t.Helper()
	if err := d.conn.Exec(context.Background(), sql); err != nil {
		d.t.Fatal(err)
	}
}

func (r *rig) profileOf(observation uuid.UUID) (profile uuid.UUID) {
	r.t.Helper()
	const sql = "SELECT dictGetOrDefault(currentDatabase() || '.identity_now', 'profile', {key:UInt64}, {observation:UUID})"
	row := r.ch.conn.QueryRow(context.Background(), sql,
		clickhouse.Named("key", identity.ObservationKey(observation)), clickhouse.Named("observation", observation.String()))
	r.check(row.Scan(&profile))
	return profile
}
