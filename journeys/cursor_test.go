package journeys

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func FuzzCursor(f *testing.F) {
	c := cursors{make([]byte, 32)}
	profile := uuid.MustParse("01234567-89ab-8def-8123-456789abcdef")
	f.Add("", "m-1", "web", int64(1772366400000))
	f.Add("AQ", "", "", int64(-1))
	f.Add(c.encode("acme", profile, Key{OrderedAt: time.UnixMilli(5).UTC(), Client: 1 << 63, Order: -2, MessageID: "m", Source: "s"}), "é\x00", "crm", int64(1<<40))
	f.Fuzz(func(t *testing.T, text, message, source string, at int64) {
		if k, err := c.decode("acme", profile, text); err == nil && c.encode("acme", profile, k) != text {
			t.Fatalf("%q decodes, and is none of ours", text)
		}
		if len(message)+len(source) > 1024 {
			return
		}
		k := Key{
			OrderedAt: time.UnixMilli(at).UTC(), OriginalAt: time.UnixMilli(-at).UTC(), Client: uint64(at) * 3, Order: at / 2,
			MessageID: message, Source: source,
		}
		own := c.encode("acme", profile, k)
		back, err := c.decode("acme", profile, own)
		if err != nil || back != k {
			t.Fatalf("%+v comes back as %+v, %v", k, back, err)
		}
		if _, err := c.decode("other", profile, own); err == nil {
			t.Fatal("it is valid in another workspace")
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	f.Add([]byte{0, 0})
	f.Add([]byte{2, 200, 1, 'a'})
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = decodeKey(data) })
}
