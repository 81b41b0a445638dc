package embedded

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/stream"
)

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := stream.Record{
			Kind:       stream.Kind(rapid.IntRange(1, 3).Draw(t, "kind")),
			Workspace:  rapid.String().Draw(t, "workspace"),
			Source:     rapid.String().Draw(t, "source"),
			MessageID:  rapid.String().Draw(t, "message"),
			ReceivedAt: time.UnixMilli(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "received")).UTC(),
			Value:      rapid.SliceOf(rapid.Byte()).Draw(t, "value"),
		}
		buf := make([]byte, frameSize(&want))
		putFrame(buf, &want)
		f, err := decodeFrame(buf)
		if err != nil {
			t.Fatal(err)
		}
		if f.kind != want.Kind || string(f.workspace) != want.Workspace || string(f.source) != want.Source ||
			string(f.message) != want.MessageID || !f.receivedAt().Equal(want.ReceivedAt) || !bytes.Equal(f.value, want.Value) {
			t.Fatalf("got %+v, want %+v", f, want)
		}
	})
}

func TestFrameRejects(t *testing.T) {
	for name, in := range map[string][]byte{
		"nothing":                nil,
		"one byte":               {frameVersion},
		"another version":        {2, 1, 0, 0, 0, 0},
		"unknown kind":           {frameVersion, 9, 0, 0, 0, 0},
		"no time":                {frameVersion, 1},
		"time without an end":    {frameVersion, 1, 0x80},
		"name beyond the end":    {frameVersion, 1, 0, 5, 'a'},
		"length without an end":  {frameVersion, 1, 0, 0xff},
		"length beyond any size": {frameVersion, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"names missing":          {frameVersion, 1, 0, 0},
	} {
		if _, err := decodeFrame(in); !errors.Is(err, errBadFrame) {
			t.Errorf("%s: %v, want errBadFrame", name, err)
		}
	}
}

// FuzzDecodeFrame: any bytes give an error, or a record that is written as bytes of the same meaning.
func FuzzDecodeFrame(f *testing.F) {
	r := stream.Record{Kind: stream.KindEvent, Workspace: "w", Source: "s", MessageID: "m", Value: []byte("{}")}
	seed := make([]byte, frameSize(&r))
	putFrame(seed, &r)
	f.Add(seed)
	f.Add(seed[:len(seed)-4])
	f.Add([]byte{frameVersion, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := decodeFrame(in)
		if err != nil {
			return
		}
		r := stream.Record{
			Kind: a.kind, Workspace: string(a.workspace), Source: string(a.source), MessageID: string(a.message),
			ReceivedAt: a.receivedAt(), Value: a.value,
		}
		if r.ReceivedAt.UnixMilli() != a.receivedMs {
			return // beyond what a time holds
		}
		out := make([]byte, frameSize(&r))
		putFrame(out, &r)
		b, err := decodeFrame(out)
		if err != nil || b.receivedMs != a.receivedMs || !bytes.Equal(b.workspace, a.workspace) || !bytes.Equal(b.value, a.value) {
			t.Fatalf("%x became %x: %v", in, out, err)
		}
	})
}

// FuzzDecodeCounterKey: any bytes give an error, or a day of a source whose key decodes to it again.
func FuzzDecodeCounterKey(f *testing.F) {
	f.Add(counterKey(stream.SourceDay{SourceKey: stream.SourceKey{Workspace: "acme", Source: "web"}, Day: 20_500}))
	f.Add([]byte{prefixCounter, 0xff, 'a'})
	f.Fuzz(func(t *testing.T, in []byte) {
		k, err := decodeCounterKey(in)
		if err != nil {
			return
		}
		if got, err := decodeCounterKey(counterKey(k)); err != nil || got != k {
			t.Fatalf("%x: %v became %v: %v", in, k, got, err)
		}
	})
}
