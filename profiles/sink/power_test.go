package sink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestEngineLosesPower takes from the engine's folder what the disk may not have kept: of the parts
// that came after the clean point some are missing, some are cut short. The sink puts back what
// they held, and nothing twice.
func TestEngineLosesPower(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testEngineLosesPower(t, 20+seed) })
	}
}

func testEngineLosesPower(t *testing.T, seed uint64) {
	r := newRig(t, seed)
	r.cfg.KeepFor = time.Nanosecond
	r.receive(300)
	r.unify()
	r.check(r.run(nil))
	if q := r.box.Queue; q.Clean() != q.Last() {
		t.Fatalf("clean point %d, last %d", q.Clean(), q.Last())
	}
	safe := r.ch.parts()

	r.cfg.KeepFor = time.Hour
	for range 3 {
		r.receive(150)
		r.unify()
		r.check(r.run(nil))
	}
	r.receive(100)
	r.unify()
	left := 1 + r.rng.IntN(10)
	err := r.run(func(step) error {
		if left--; left <= 0 {
			return errCrash
		}
		return nil
	})
	if !errors.Is(err, errCrash) {
		t.Fatalf("run returned %v, not the crash", err)
	}
	damaged := r.engineLosesPower(safe)
	t.Logf("%d parts were safe, %d are damaged", len(safe), damaged)
	r.unify()
	r.check(r.run(nil))
	r.expect(nil)
	if damaged == 0 {
		t.Error("no part was damaged; the test shows nothing")
	}
}

// parts returns the folders of all parts, active or not.
func (d *database) parts() map[string]bool {
	d.t.Helper()
	rows, err := d.conn.Query(context.Background(), "SELECT path FROM system.parts WHERE database = currentDatabase()")
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	parts := map[string]bool{}
	for rows.Next() {
		var path string
		if err := rows.Scan(&path); err != nil {
			d.t.Fatal(err)
		}
		parts[filepath.Clean(path)] = true
	}
	return parts
}

// engineLosesPower stops the engine, damages about half of the parts that are not safe, starts it
// again, and returns how many it damaged.
func (r *rig) engineLosesPower(safe map[string]bool) (damaged int) {
	r.t.Helper()
	all := r.ch.parts()
	r.ch.close()
	stopEngine(r.t)
	for path := range all {
		if !safe[path] && r.rng.IntN(2) == 0 {
			damaged++
			r.check(damage(r.rng, path))
		}
	}
	r.ch.open()
	r.store = NewStore(r.ch.Store)
	r.faults.Store = r.store
	return damaged
}

// damage removes a part, or cuts one of its files.
func damage(rng *rand.Rand, part string) error {
	files, err := os.ReadDir(part)
	if err != nil || len(files) == 0 || rng.IntN(2) == 0 {
		return os.RemoveAll(part)
	}
	file := filepath.Join(part, files[rng.IntN(len(files))].Name())
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return os.RemoveAll(part)
	}
	return os.Truncate(file, info.Size()/2)
}
