// Package kittest is what tests of connectors share beside the suite.
package kittest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

// BenchmarkDecode measures decoding and mapping of one delivery: a file below the folder webhook of the
// subject's fixtures, without the white space between its parts if it is JSON. It reports events per
// second of processor time, garbage collection included, so that a busy machine costs little of the
// figure.
func BenchmarkDecode(b *testing.B, s kit.Subject, file string) {
	b.Helper()
	body, err := fs.ReadFile(s.Fixtures, "testdata/webhook/"+file)
	if err != nil {
		b.Fatal(err)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil {
		body = compact.Bytes()
	}
	w := decoder(b, s)
	r := s.Deliver(file[:len(file)-len(".json")], body, kit.Now)
	events := decode(b, w, r)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		decode(b, w, r)
	}
	spent := processorTime(b) - before
	b.ReportMetric(float64(b.N*events)/spent.Seconds(), "events/cpu-s")
}

// FuzzDecode fuzzes the decoder of a subject's webhook, beginning with its fixtures: whatever comes, it
// says that it is no delivery, or makes something of it.
func FuzzDecode(f *testing.F, s kit.Subject) {
	f.Helper()
	files, err := fs.Glob(s.Fixtures, "testdata/webhook/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if body, err := fs.ReadFile(s.Fixtures, file); err == nil && !strings.HasSuffix(file, ".golden.json") {
			f.Add(body)
		}
	}
	w := decoder(f, s)
	f.Fuzz(func(t *testing.T, body []byte) {
		batch, err := w.Decode(s.Deliver("", body, kit.Now))
		if err == nil && batch.Len() == 0 {
			t.Error("a delivery is dropped")
		}
	})
}

// decoder is the webhook of a source with the subject's settings.
func decoder(t testing.TB, s kit.Subject) connector.Webhook {
	t.Helper()
	config, err := s.Connector.Configure(s.Connector.Name, s.Settings, func(secret string) (string, error) { return secret, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Connector.NewWebhook(config)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func decode(b *testing.B, w connector.Webhook, r *connector.Request) int {
	batch, err := w.Decode(r)
	if err != nil || len(batch.Events) == 0 {
		b.Fatalf("%d events: %v", len(batch.Events), err)
	}
	return len(batch.Events)
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
