package event

import "testing"

func TestCompareVersions(t *testing.T) {
	ascending := []string{"", "0", "1", "9", "10", "123456789012345678901234567890", "2026-01-02", "2026-01-10", "a", "v10", "v9"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := CompareVersions(a, b), min(1, max(-1, i-j)); got != want {
				t.Errorf("CompareVersions(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	if CompareVersions("007", "7") != 0 {
		t.Error("leading zeros change a number")
	}
}
