package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/profiles/define"
)

var binary string

// TestMain builds the program as it is shipped.
func TestMain(m *testing.M) {
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
		return m.Run()
	}())
}

// TestEverythingRuns takes every measurement once, as briefly as can be, by the command itself. No
// figure is judged.
func TestEverythingRuns(t *testing.T) {
	temporary, profiles := t.TempDir(), t.TempDir()
	cmd := exec.CommandContext(t.Context(), binary, "bench", "--events", "300", "--duration", "200ms", "--rest", "1ms", "--json", "--profiles", profiles)
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, complaint.String())
	}
	var report Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || len(report.Figures) < 30 {
		t.Fatalf("%v: %d figures: %s", err, len(report.Figures), out.String())
	}
	for _, f := range report.Figures {
		if !(f.Value > 0) || math.IsInf(f.Value, 0) || f.Against != "" && !(f.Ratio > 0) {
			// So few events may need no more disk and memory than are there already, and no CPU that counts.
			if !strings.HasPrefix(f.What, "disk") && !strings.Contains(f.What, "memory") && !strings.Contains(f.What, "CPU") && f.Unit != UnitCores {
				t.Errorf("%s: %v, compared to %s: %v", f.What, f.Value, f.Against, f.AgainstValue)
			}
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if found, err := filepath.Glob(filepath.Join(profiles, "*.pprof")); err != nil || len(found) < 8 {
		t.Errorf("profiles: %v (%v)", found, err)
	}
	if err := report.Table(io.Discard); err != nil {
		t.Error(err)
	}
}

// TestDefinitionsAreValid compiles what the part analysis declares.
func TestDefinitionsAreValid(t *testing.T) {
	p, err := define.Compile([]byte(definitions(analysisTraits, analysisSegments)))
	if err != nil || len(p.Definitions.Computed) != analysisTraits || len(p.Definitions.Segments) != analysisSegments {
		t.Fatal(err)
	}
}

func TestConfigReportsAllFaults(t *testing.T) {
	err := Config{Events: 1, Rest: -1, Dir: "kept", Parts: []string{"agents", "erase"}}.Validate()
	for _, part := range []string{"binary:", "events:", "ingest:", "dir:", "duration:", "rest:"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
	for _, c := range []Config{Default(), Quick()} {
		c.Binary = "tributary"
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestDataIsKeptForTheNextRun: what it was made of stands before the flags; what is not whole is refused.
func TestDataIsKeptForTheNextRun(t *testing.T) {
	first := &bench{cfg: Config{Dir: t.TempDir(), Events: 300, People: 70}}
	if err := first.reuse(); err != nil || first.kept {
		t.Fatalf("an empty folder: %v, kept %v", err, first.kept)
	}
	if err := os.Mkdir(first.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := first.reuse(); err == nil {
		t.Error("data of a run that did not end is taken over")
	}
	if err := first.keep(); err != nil {
		t.Fatal(err)
	}
	next := &bench{cfg: Config{Dir: first.cfg.Dir, Events: 9000}}
	if err := next.reuse(); err != nil || !next.kept || next.cfg.Events != 300 || next.cfg.People != 70 {
		t.Errorf("%v: %+v", err, next.cfg)
	}
}

func TestEventsAreDifferentAndAboutAKilobyte(t *testing.T) {
	e := newEvents(2000, 0)
	ids, total := map[string]bool{}, 0
	for n := range uint64(2000) {
		text := e.append(nil, n, int(n)%len(sources), []byte("2026-01-02T03:04:05.678Z"))
		var event struct{ MessageID, UserID, AnonymousID, Event string }
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if event.UserID == "" || event.AnonymousID == "" || event.Event == "" || ids[event.MessageID] {
			t.Fatalf("%+v", event)
		}
		ids[event.MessageID] = true
		total += len(text)
	}
	if mean := total / 2000; mean < 900 || mean > 1150 {
		t.Errorf("an event has %d bytes in the mean", mean)
	}
}

func TestTable(t *testing.T) {
	r := &Report{Version: "v1", Platform: "linux/amd64", CPUs: 2, LoadBefore: "0.10", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.add("whole path", 20_000, UnitPerSecond, "bare", 30_000, atLeast(25_000), ratioAtLeast(0.5))
	r.add("context p99", 0.0042, UnitSeconds, "", 0, atMost(0.01))
	r.add("memory", 100<<20, UnitBytes, "engine", 50<<20)
	r.note("the machine is shared")
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
Tributary v1 on linux/amd64, 2 CPUs, load average 0.10 before the run, 2026-01-02 03:04:05

WHAT         FIGURE           COMPARED TO                   RATIO  FIRST AIM
whole path   20,000 events/s  bare         30,000 events/s  0.67   at least 25,000 events/s: missed; at least ratio 0.50: met
context p99  4.20 ms                                               at most 10.0 ms: met
memory       100 MiB          engine       50.0 MiB         2.00   

- the machine is shared
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	var back Report
	if err := r.JSON(&out); err != nil || json.Unmarshal(out.Bytes(), &back) != nil || len(back.Figures) != 3 || !back.Figures[0].Aims[1].Met {
		t.Errorf("JSON: %v\n%s", err, out.String())
	}
}
