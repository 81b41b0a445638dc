package bench

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/cmd/internal/node"
	"tributary/sql/chdb"
)

//go:embed read_file.sql
var readFileSQL string

// tableFile is a file that is imported, and how ClickHouse calls its format.
type tableFile struct {
	command, format string // of `tributary import`, of ClickHouse
	write           func(path, source string, rows int) error
	path            string
}

// importOutcome is what came of one import.
type importOutcome struct {
	durable   time.Duration // until the command ended: all rows are in the log
	queryable time.Duration // until all are in ClickHouse
	command   time.Duration // CPU of the command
	used      cpu           // of the server, until all are in ClickHouse
	peak      int64         // most memory of the command
}

// readOutcome is what ClickHouse takes to read the same file.
type readOutcome struct{ rate, cpu float64 }

// imports measures files on their way in, beside what ClickHouse takes to read the same files.
func (b *bench) imports(ctx context.Context) error {
	files := []*tableFile{
		{command: "csv", format: "CSVWithNames", write: writeTableCSV},
		{command: "parquet", format: "Parquet", write: writeTableParquet},
	}
	mapping := filepath.Join(b.dir, "mapping.yaml")
	if err := os.WriteFile(mapping, []byte(tableMapping), 0o600); err != nil {
		return err
	}
	reads := map[string]readOutcome{}
	for _, f := range files {
		f.path = filepath.Join(b.dir, "orders."+f.command)
		if err := f.write(f.path, f.command, b.cfg.Events); err != nil {
			return fmt.Errorf("write %s: %w", f.path, err)
		}
		b.say("ClickHouse reads a file, " + f.command)
		var err error
		if reads[f.command], err = b.readBare(ctx, f); err != nil {
			return fmt.Errorf("read %s: %w", f.command, err)
		}
	}
	defer b.discard("imports")
	s, err := b.serve(ctx, b.folder("imports"), rolesAll)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	for _, f := range files {
		b.say("import, " + f.command)
		outcome, err := b.importFile(ctx, s, f, mapping)
		if err != nil {
			return fmt.Errorf("import %s: %w", f.command, err)
		}
		b.reportImport(f, outcome, reads[f.command])
	}
	b.report.note("import: %d rows of 8 columns, about 200 bytes as CSV, one event a row, ten rows a person, into a server with all roles. The command's CPU is its own; reading is every value of the same file in an engine of its own, one thread, the better of two times.", b.cfg.Events)
	return s.shut()
}

// importFile runs the command as its users do, and waits until every row can be queried.
func (b *bench) importFile(ctx context.Context, s *server, f *tableFile, mapping string) (o importOutcome, err error) {
	had, err := s.queryable(ctx)
	if err != nil {
		return o, err
	}
	before, err := s.cpu()
	if err != nil {
		return o, err
	}
	err = b.profile(ctx, s, "import "+f.command, time.Duration(b.cfg.Events)*time.Second/15_000, func() error {
		began := time.Now()
		p, err := b.start("import-"+f.command, nil, "import", f.command, "--source", f.command, "--mapping", mapping, "--data-dir", s.data, f.path)
		if err != nil {
			return err
		}
		if o.peak, err = p.ends(ctx); err != nil {
			return err
		}
		o.durable = time.Since(began)
		o.command = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
		err = s.await(ctx, "to have all rows in ClickHouse", func() (uint64, bool) {
			n, err := s.queryable(ctx)
			return n, err == nil && n >= had+uint64(b.cfg.Events)
		})
		o.queryable = time.Since(began)
		return err
	})
	if err != nil {
		return o, err
	}
	if err := s.settle(ctx); err != nil {
		return o, err
	}
	after, err := s.cpu()
	o.used = cpu{server: after.server - before.server, engine: after.engine - before.engine}
	return o, err
}

// ends waits until a process ends by itself, and returns the most memory that it was seen to have.
func (p *process) ends(ctx context.Context) (peak int64, err error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.exited:
			if !p.cmd.ProcessState.Success() {
				return peak, p.fault("ended with " + p.cmd.ProcessState.String())
			}
			return peak, nil
		case <-ctx.Done():
			p.kill()
			return peak, ctx.Err()
		case <-ticker.C:
			if now, err := resident(p.pid()); err == nil { // it may just have ended
				peak = max(peak, now)
			}
		}
	}
}

// readBare has an engine of its own read a file.
func (b *bench) readBare(ctx context.Context, f *tableFile) (o readOutcome, err error) {
	engine, err := chdb.Supervise(ctx, chdb.Config{Path: b.folder("reader"), Logger: slog.New(slog.DiscardHandler)},
		chdb.Child{Path: b.cfg.Binary, Args: []string{node.EngineCommand}})
	if err != nil {
		return o, err
	}
	defer func() { _ = engine.Close() }() // its data is of no use
	conn, err := clickhouse.Open(chdb.Options(engine.Transport(chdb.PoolWrite), ""))
	if err != nil {
		return o, err
	}
	defer func() { _ = conn.Close() }()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"path": f.path, "format": f.format}))
	for range 2 {
		before, err := cpuTime(engine.PID())
		if err != nil {
			return o, err
		}
		var rows, digest uint64
		began := time.Now()
		if err := conn.QueryRow(ctx, readFileSQL).Scan(&rows, &digest); err != nil {
			return o, err
		}
		took := time.Since(began)
		after, err := cpuTime(engine.PID())
		if err != nil {
			return o, err
		}
		if rows != uint64(b.cfg.Events) {
			return o, fmt.Errorf("ClickHouse finds %d rows of %d", rows, b.cfg.Events)
		}
		if rate := float64(rows) / took.Seconds(); rate > o.rate {
			o = readOutcome{rate: rate, cpu: perMillion(after-before, b.cfg.Events)}
		}
	}
	return o, nil
}

func (b *bench) reportImport(f *tableFile, o importOutcome, read readOutcome) {
	rate := func(d time.Duration) float64 { return float64(b.cfg.Events) / d.Seconds() }
	name := "import of " + f.command
	reads := "ClickHouse reads the file"
	b.report.add(name+": until durable", rate(o.durable), UnitRows, reads, read.rate)
	b.report.add(name+": until queryable", rate(o.queryable), UnitRows, "until durable", rate(o.durable))
	b.report.add(name+": CPU of the command", perMillion(o.command, b.cfg.Events), UnitCPURows, reads, read.cpu)
	b.report.add(name+": CPU of command, server and engine", perMillion(o.command+o.used.server+o.used.engine, b.cfg.Events), UnitCPURows, reads, read.cpu)
	if o.peak > 0 {
		size, _ := os.Stat(f.path) // it was just read
		b.report.add(name+": most memory of the command", float64(o.peak), UnitBytes, "the file", float64(size.Size()))
	}
}
