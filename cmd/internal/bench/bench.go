// Package bench measures the true program: servers started as their users start them, on loopback
// and a data folder of their own, with the load generator in this process. Each figure stands beside
// what it is compared to in the same run, for absolute figures do not carry from one machine to
// another. Nothing is asserted.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config says what to measure with.
type Config struct {
	// Binary is the program. Its commands serve, engine and BareCommand are used.
	Binary  string
	Version string
	// Parts are what to measure, of Parts(); empty for all.
	Parts []string
	// Events is how many events go the whole way. At least 100.
	Events int
	// People is how many customers the events are about; 0: one for each 20 events. At most Events, and then
	// everybody is heard of.
	People int
	// Duration is how long each of the other measurements lasts.
	Duration time.Duration
	// Rest is how long a server is left alone before its memory at rest is read.
	Rest time.Duration
	// Dir, if not empty, keeps the data that readers are measured on: a run that finds some there measures on it
	// and makes none. Only with parts of KeptParts.
	Dir string
	// Ingest is how many events per second come in beside readers. At least 100.
	Ingest float64
	// ProfileDir, if not empty, gets a CPU profile of the server for each measurement.
	ProfileDir string
	// Kafka is host:port of a broker on which the part kafka keeps topics of its own; empty leaves that
	// part out.
	Kafka string
	// Progress is told what is being measured; nil for nobody.
	Progress io.Writer
}

// FeedCommand are the arguments of the program that end in Feed.
var FeedCommand = []string{"bench", "--feed"}

// BareCommand are the arguments of the program that end in Bare, before the address.
var BareCommand = []string{"bench", "--bare-listen"}

// Default measures in a few minutes. It does not know the program.
func Default() Config {
	return Config{Events: 200_000, Ingest: 10_000, Duration: 8 * time.Second, Rest: 5 * time.Second}
}

// Quick only shows that everything runs; its figures say little.
func Quick() Config {
	return Config{Events: 10_000, Ingest: 10_000, Duration: time.Second, Rest: time.Second}
}

// Validate reports every fault.
func (c Config) Validate() error {
	var faults []error
	if c.Binary == "" {
		faults = append(faults, errors.New("binary: must be given"))
	}
	for _, part := range c.Parts {
		if !slices.Contains(Parts(), part) {
			faults = append(faults, fmt.Errorf("parts: %q is none of %v", part, Parts()))
		}
	}
	if c.Kafka == "" && slices.Contains(c.Parts, "kafka") {
		faults = append(faults, errors.New("kafka: must be given to measure the part kafka"))
	}
	if c.Dir != "" && (len(c.Parts) == 0 || slices.ContainsFunc(c.Parts, func(part string) bool { return !slices.Contains(KeptParts(), part) })) {
		faults = append(faults, fmt.Errorf("dir: only with parts of %v, which leave what they find", KeptParts()))
	}
	if !(c.Ingest >= batchEvents) {
		faults = append(faults, fmt.Errorf("ingest: must be at least %d, is %g", batchEvents, c.Ingest))
	}
	if c.Events < batchEvents {
		faults = append(faults, fmt.Errorf("events: must be at least %d, is %d", batchEvents, c.Events))
	}
	if c.People < 0 || c.People > c.Events {
		faults = append(faults, fmt.Errorf("people: must be between 0 and events, %d, is %d", c.Events, c.People))
	}
	if c.Duration <= 0 {
		faults = append(faults, fmt.Errorf("duration: must be greater than 0, is %s", c.Duration))
	}
	if c.Rest < 0 {
		faults = append(faults, errors.New("rest: must not be negative"))
	}
	return errors.Join(faults...)
}

// What sources and readers do, as the first aims state it.
const (
	connections  = 32    // of sources in the gateway's measurement
	batchEvents  = 100   // events in a batch
	feeders      = 8     // connections that feed the whole path
	readers      = 64    // of contexts
	calmCallsPer = 10.0  // calls per second of a reader that is a person's desktop
	callsPerS    = 2_000 // of all readers, when they are voice agents
)

type bench struct {
	cfg    Config
	dir    string
	events *events
	report *Report
	ingest float64 // events per second of a feeder
	kept   bool    // cfg.Dir holds the data of an earlier run
}

// Run measures everything and returns the figures. Whatever it started has ended and whatever it
// wrote, profiles apart, is removed when it returns.
func Run(ctx context.Context, cfg Config) (report *Report, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bench config: %w", err)
	}
	if _, err := cpuTime(os.Getpid()); err != nil {
		return nil, fmt.Errorf("bench needs the /proc of Linux: %w", err)
	}
	dir, err := os.MkdirTemp("", "tributary-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if cfg.ProfileDir != "" {
		if err := os.MkdirAll(cfg.ProfileDir, 0o755); err != nil {
			return nil, err
		}
	}
	b := &bench{cfg: cfg, dir: dir, ingest: cfg.Ingest}
	if err := b.reuse(); err != nil {
		return nil, err
	}
	b.events, b.report = newEvents(b.cfg.Events, b.cfg.People), newReport(b.cfg)
	if b.kept {
		b.events.continued()
	}
	measure := map[string]func(context.Context) error{"gateway": b.gateway, "path": b.wholePath, "analysis": b.analysis, "agents": b.agents, "serving": b.serving, "stream": b.stream, "hot": b.hot, "erase": b.erase, "import": b.imports, "connectors": b.connectors, "kafka": b.kafka}
	for _, part := range Parts() {
		if len(cfg.Parts) > 0 && !slices.Contains(cfg.Parts, part) || part == "kafka" && cfg.Kafka == "" {
			continue
		}
		if err := measure[part](ctx); err != nil {
			return nil, err
		}
	}
	return b.report, nil
}

// Parts are the names of what can be measured by itself, in their order: the intake; the whole path
// with memory and disk, and what computed traits and segments add to it; contexts, and freshness and intake, of a server that holds data; changes told to listeners; freshness beside
// one client that sends a thousand times its share; erasures; files on their way in; connectors' decoding; intake and
// whole path on Kafka.
func Parts() []string {
	return []string{"gateway", "path", "analysis", "agents", "serving", "stream", "hot", "erase", "import", "connectors", "kafka"}
}

// KeptParts are the parts that can measure on data that an earlier run left: readers change nothing but what is added.
func KeptParts() []string { return []string{"agents", "serving"} }

func (b *bench) say(what string) {
	if b.cfg.Progress != nil {
		fmt.Fprintln(b.cfg.Progress, "measuring", what)
	}
}

// newReport says what shares the machine.
func newReport(cfg Config) *Report {
	r := &Report{
		Version: cfg.Version, At: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Events: cfg.Events, Seconds: cfg.Duration.Seconds(),
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.LoadBefore, _, _ = strings.Cut(string(text), " ")
	}
	if load, err := strconv.ParseFloat(r.LoadBefore, 64); err == nil && load > 0.5 {
		r.note("other programs were at work (load average %s before the run): rates are too low and times too long; CPU-seconds suffer less.", r.LoadBefore)
	}
	r.note("servers, their engine, and the load generators, which are this process and for ingest beside others one of its own, share the %d CPUs.", r.CPUs)
	return r
}

// folder returns a folder of its own for a server.
func (b *bench) folder(name string) string { return filepath.Join(b.dir, name) }

// discard removes the folder of a server that no other part uses, and the ledger beside it.
func (b *bench) discard(name string) {
	for _, path := range []string{b.folder(name), b.folder(name) + ".erasures"} {
		_ = os.RemoveAll(path) // what is left goes with b.dir
	}
}
