package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func randomBytes(n int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, random.Uint64())
	}
	return b[:n]
}

func TestModelOfAnySizeComesBack(t *testing.T) {
	for _, size := range []int{0, 1, modelPart - 1, modelPart, modelPart + 1, 9 * modelPart / 2} {
		fs := vfs.NewMem()
		s := openOn(t, fs)
		want := randomBytes(size)
		see := func(when string, read func() (uint32, []byte, error), number uint32, want []byte) {
			t.Helper()
			n, encoded, err := read()
			if err != nil || n != number || !bytes.Equal(encoded, want) {
				t.Fatalf("%d bytes, %s: model %d of %d bytes, %v", size, when, n, len(encoded), err)
			}
		}
		see("before", workspace(t, s, "w").Model, 0, nil)
		must(t, workspace(t, s, "w").SetModel(3, randomBytes(size+modelPart)))
		must(t, workspace(t, s, "w").SetModel(3, want))
		see("in the step", workspace(t, s, "w").Model, 3, want)
		must(t, s.Tx().Commit())
		see("after it", workspace(t, s, "w").Model, 3, want)
		hot, err := s.View("w")
		must(t, err)
		must(t, workspace(t, s, "w").SetModel(4, []byte("other")))
		must(t, s.Tx().Commit())
		must(t, s.DB().Flush())
		see("in a snapshot", hot.Model, 3, want)
		must(t, hot.Close())
		must(t, s.Close())
		s = openOn(t, fs)
		see("after a restart", workspace(t, s, "w").Model, 4, []byte("other"))
		see("elsewhere", workspace(t, s, "v").Model, 0, nil)
		if old, err := workspace(t, s, "w").ModelNumbered(3); old != nil || err != nil {
			t.Fatalf("the model used before is kept: %d bytes, %v", len(old), err)
		}
		must(t, s.Close())
	}
}

func TestModelIsKeptBesideTheOneInUse(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	in := func(number uint32, encoded string) {
		t.Helper()
		n, got, err := w.Model()
		if err != nil || n != number || string(got) != encoded {
			t.Fatalf("model %d %q in use, %v; want %d %q", n, got, err, number, encoded)
		}
	}
	must(t, w.SetModel(1, []byte("one")))
	must(t, w.KeepModel(2, []byte("two")))
	must(t, s.Tx().Commit())
	in(1, "one")
	if err := w.UseModel(3); !errors.Is(err, ErrNoModel) {
		t.Errorf("a model that is not there is used: %v", err)
	}
	if err := w.KeepModel(0, nil); !errors.Is(err, ErrNoModel) {
		t.Errorf("a model is kept under no number: %v", err)
	}
	must(t, w.UseModel(2))
	in(2, "two")
	s.Tx().Abort()
	w = workspace(t, s, "w")
	in(1, "one")
	must(t, w.UseModel(2))
	must(t, s.Tx().Commit())
	in(2, "two")
	must(t, w.KeepModel(2, []byte("two again")))
	in(2, "two again")
	must(t, w.DropModel(2))
	in(0, "")
	must(t, s.Tx().Commit())
	in(0, "")
}

func TestDamagedModelIsCorrupt(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	must(t, w.SetModel(1, randomBytes(modelPart+1)))
	must(t, s.Tx().Commit())
	must(t, s.DB().Delete(w.partKey(nil, 1, 2), nil))
	if _, _, err := w.Model(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a model without its last part: %v", err)
	}
	must(t, s.DB().Set(w.partKey(nil, 1, 0), []byte{codecVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, nil))
	if _, _, err := w.Model(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a model of petabytes: %v", err)
	}
}
