package store_test

import (
	"encoding/json"
	"testing"

	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestSafeJSON(t *testing.T) {
	for _, c := range storetest.HostileJSON {
		t.Run(c.Name, func(t *testing.T) {
			safe, leftOut := store.SafeJSON(c.Raw)
			if safe != c.Safe || leftOut != c.LeftOut {
				t.Errorf("SafeJSON(%.60q) = %.120q, %d, want %.120q, %d", c.Raw, safe, leftOut, c.Safe, c.LeftOut)
			}
		})
	}
}

func TestSafeJSONKeepsAtMost256Values(t *testing.T) {
	safe, leftOut := store.SafeJSON(storetest.ManyKeys(10_000))
	var kept map[string]any
	if err := json.Unmarshal([]byte(safe), &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 256 || leftOut != 10_000-256 {
		t.Errorf("kept %d values and left %d out", len(kept), leftOut)
	}
}

func FuzzSafeJSON(f *testing.F) {
	for _, c := range storetest.HostileJSON {
		f.Add(c.Raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		safe, leftOut := store.SafeJSON(raw)
		var object map[string]any
		if err := json.Unmarshal([]byte(safe), &object); err != nil {
			t.Fatalf("SafeJSON(%q) = %q: %v", raw, safe, err)
		}
		if leftOut == 0 && raw != "" && safe != raw {
			t.Fatalf("SafeJSON(%q) = %q, with nothing left out", raw, safe)
		}
		if again, n := store.SafeJSON(safe); again != safe || n != 0 {
			t.Fatalf("SafeJSON(%q) = %q, and of that %q", raw, safe, again)
		}
	})
}
