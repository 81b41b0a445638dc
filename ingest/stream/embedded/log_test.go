package embedded

import (
	"testing"

	"tributary/ingest/stream"
	"tributary/ingest/stream/streamtest"
)

func TestConformance(t *testing.T) {
	streamtest.Run(t, streamtest.Subject{
		New: func(t *testing.T) func(*testing.T) stream.Log {
			dir := t.TempDir()
			return func(t *testing.T) stream.Log { return open(t, Config{Dir: dir}) }
		},
		MaxValueBytes: DefaultMaxValueBytes,
		TrimsExactly:  true,
		Erases:        true,
	})
}

func open(t *testing.T, c Config) *Log {
	t.Helper()
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
