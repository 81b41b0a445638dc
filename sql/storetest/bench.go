package storetest

import (
	"os"
	"strconv"
	"testing"
)

// BenchRows is over how many rows a benchmark runs: the environment variable ROWS, or 100,000.
func BenchRows(b *testing.B) uint64 {
	b.Helper()
	text := os.Getenv("ROWS")
	if text == "" {
		return 100_000
	}
	rows, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		b.Fatalf("ROWS: %v", err)
	}
	return rows
}
