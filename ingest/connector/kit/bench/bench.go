// Package bench measures connectors.
package bench

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

// Decode measures decoding and mapping of one delivery: a file below the folder webhook of the
// subject's fixtures, without the white space between its parts if it is JSON. It reports events per
// second of processor time, garbage collection included, so that a busy machine costs little of the
// figure.
func Decode(b *testing.B, s kit.Subject, file string) {
	b.Helper()
	body, err := fs.ReadFile(s.Fixtures, "testdata/webhook/"+file)
	if err != nil {
		b.Fatal(err)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil {
		body = compact.Bytes()
	}
	config, err := s.Connector.Configure(s.Connector.Name, s.Settings, func(secret string) (string, error) { return secret, nil })
	if err != nil {
		b.Fatal(err)
	}
	w, err := s.Connector.NewWebhook(config)
	if err != nil {
		b.Fatal(err)
	}
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
