package privacy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/profiles/privacy"
)

func hasher(t *testing.T, key byte) *privacy.Hasher {
	t.Helper()
	h, err := privacy.NewHasher(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func erasureEntry(n byte) privacy.Entry {
	return privacy.Entry{Kind: privacy.EntryErase, At: time.Unix(int64(n), 0).UTC(), Erasure: &privacy.Erasure{ID: uuid.UUID{n}, Workspace: "w"}}
}

func ids(t *testing.T, l *privacy.Ledger) (all []byte) {
	t.Helper()
	err := l.Each(func(e privacy.Entry) error {
		all = append(all, e.Erasure.ID[0])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLedger: what was appended is there after it is opened again, and after a write that a crash cut off
// anywhere; damage before the end, another key, and a file that is not there are told of.
func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.erasures")
	h := hasher(t, 1)
	if _, err := privacy.OpenLedger(path, h, true); !errors.Is(err, privacy.ErrLedger) || !strings.Contains(err.Error(), "is missing") {
		t.Fatalf("a ledger that is missing: %v", err)
	}
	l, err := privacy.OpenLedger(path, h, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(erasureEntry(1), erasureEntry(2)); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	if err := l.Append(erasureEntry(3)); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, l); !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("holds %v", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	all, _ := os.ReadFile(path)
	for cut := len(whole); cut <= len(all); cut++ {
		if err := os.WriteFile(path, all[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := privacy.OpenLedger(path, h, true)
		if err != nil {
			t.Fatalf("cut off at %d: %v", cut, err)
		}
		want := []byte{1, 2}
		if cut == len(all) {
			want = []byte{1, 2, 3}
		}
		if err := l.Append(erasureEntry(4)); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, l); !bytes.Equal(got, append(want, 4)) {
			t.Errorf("cut off at %d it holds %v", cut, got)
		}
		l.Close()
	}
	if _, err := privacy.OpenLedger(path, hasher(t, 2), true); !errors.Is(err, privacy.ErrLedger) || !strings.Contains(err.Error(), "another identity key") {
		t.Errorf("a ledger of another key: %v", err)
	}
	damaged := bytes.Replace(all, []byte(`"erase"`), []byte(`"erasf"`), 1)
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := privacy.OpenLedger(path, h, true); !errors.Is(err, privacy.ErrLedger) || !strings.Contains(err.Error(), "line 2 is damaged") {
		t.Errorf("a damaged ledger: %v", err)
	}
}
