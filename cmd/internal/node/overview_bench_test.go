package node

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tributary/api/auth"
	"tributary/api/web"
	"tributary/cmd/internal/config"
	"tributary/sql/chdb"
	"tributary/sql/storetest"
)

// BenchmarkOverview measures the dashboards' first page in Chromium, over ROWS events (environment variable; 100,000) of the
// year until now: when something is seen, when every number of the last 28 days is there, when those of the 28 before and
// the chart are, and what came over the wire. It needs the dashboards (make web), Node.js and Chromium.
func BenchmarkOverview(b *testing.B) {
	if !web.Built() {
		b.Fatal("the dashboards are not built: make web")
	}
	c := config.Default()
	c.DataDir, c.HTTP.Listen = filepath.Join(b.TempDir(), "data"), freeAddress(b)
	n, err := Open(b.Context(), c, Options{Version: "test", Logger: slog.New(slog.DiscardHandler), InProcessEngine: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := n.Close(); err != nil {
			b.Error(err)
		}
	}()
	for !n.caughtUp.Load() || n.stores.ready(b.Context()) != nil {
		time.Sleep(10 * time.Millisecond)
	}
	conn, err := clickhouse.Open(chdb.Options(n.stores.engine.Transport(chdb.PoolWrite), c.ClickHouse.Database))
	if err != nil {
		b.Fatal(err)
	}
	storetest.GenerateContacts(b, conn, "default", time.Now().UTC().AddDate(-1, 0, 0), storetest.BenchRows(b))
	if err := n.stores.write.ReloadIdentity(b.Context()); err != nil {
		b.Fatal(err)
	}
	merged(b, conn)
	key, _, err := n.Keys().Create(b.Context(), auth.New{Kind: auth.KindRead, Workspace: "default"})
	if err != nil {
		b.Fatal(err)
	}
	var got struct {
		FCP      float64 `json:"fcp_ms"`
		Numbers  float64 `json:"numbers_ms"`
		Complete float64 `json:"complete_ms"`
		Bytes    float64 `json:"bytes"`
		Requests float64 `json:"requests"`
	}
	for b.Loop() {
		script := exec.CommandContext(b.Context(), "node", "api/web/tests/measure.mjs", "http://"+c.HTTP.Listen, key, "3")
		script.Dir = filepath.Join("..", "..", "..")
		out, err := script.Output()
		if err != nil {
			b.Fatalf("measure.mjs: %v: %s", err, stderr(err))
		}
		if err := json.Unmarshal(out, &got); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(got.FCP, "fcp_ms")
	b.ReportMetric(got.Numbers, "numbers_ms")
	b.ReportMetric(got.Complete, "complete_ms")
	b.ReportMetric(got.Bytes/1000, "kB")
	b.ReportMetric(got.Requests, "requests")
	b.ReportMetric(0, "ns/op")
}

// merged waits until what was inserted at once, as no source does, is merged: until then the engine works at that as well.
func merged(b *testing.B, conn driver.Conn) {
	for quiet := 0; quiet < 20; quiet++ {
		var running uint64
		if err := conn.QueryRow(b.Context(), "SELECT count() FROM system.merges").Scan(&running); err != nil {
			b.Fatal(err)
		}
		if running > 0 {
			quiet = 0
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func stderr(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}
