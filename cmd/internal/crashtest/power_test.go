package crashtest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCrashPowerLossOfEngine takes from the engine's folder what a disk may not have kept when the
// power went: parts that are gone, and parts that are cut short. All of them are younger than the
// sink's clean point, so it finds what is missing and sends it again.
func TestCrashPowerLossOfEngine(t *testing.T) {
	r := newRand(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	removed, cut := 0, 0
	for range 2 { // the second time, parts that were restored are lost as well
		stop := tr.start(t)
		p.awaitParts()
		parts := p.parts()
		p.kill()
		for _, part := range parts {
			switch r.IntN(4) {
			case 0:
				removed++
				if err := os.RemoveAll(part); err != nil {
					t.Fatal(err)
				}
			case 1:
				if cutFile(t, r, part) {
					cut++
				}
			}
		}
		p.start()
		p.awaitReady()
		stop()
		checkCounts(t, p, tr)
	}
	t.Logf("%d parts removed, %d cut; %d events acknowledged", removed, cut, tr.total())
	if removed == 0 || cut == 0 {
		t.Error("too little was damaged: the test shows nothing")
	}
	checkAll(t, p, tr)
}

// awaitParts waits until the sink has stored something in a few inserts.
func (p *program) awaitParts() {
	p.t.Helper()
	p.await("some parts of events", 4*time.Minute, func() bool {
		rows, err := p.ask("SELECT count() FROM system.parts WHERE database = 'tributary' AND table = 'events'")
		return err == nil && number(p.t, rows[0][0]) >= 6
	})
}

// parts returns the folders of all parts of our tables, active or not.
func (p *program) parts() []string {
	p.t.Helper()
	var parts []string
	for _, row := range p.query("SELECT path FROM system.parts WHERE database = 'tributary' AND table != 'schema_migrations'") {
		parts = append(parts, filepath.Clean(row[0]))
	}
	return parts
}

// cutFile cuts one file of a part to half. A merge may have taken the part away meanwhile.
func cutFile(t *testing.T, r *rand.Rand, part string) bool {
	files, err := os.ReadDir(part)
	if err != nil || len(files) == 0 {
		return false
	}
	file := filepath.Join(part, files[r.IntN(len(files))].Name())
	info, err := os.Stat(file)
	if err != nil || info.IsDir() || info.Size() == 0 {
		return false
	}
	if err := os.Truncate(file, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	return true
}
