package cursor_test

import (
	"testing"

	"pgregory.net/rapid"

	"tributary/api/cursor"
)

// TestAPlaceComesBack as it was, and no other text is one.
func TestAPlaceComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := cursor.Place{
			At: rapid.Int64().Draw(t, "at"), Partition: rapid.Uint32().Draw(t, "partition"),
			Offset: rapid.Uint64().Draw(t, "offset"), Ordinal: rapid.Uint32().Draw(t, "ordinal"),
		}
		if back, ok := cursor.Parse(p.String()); !ok || back != p {
			t.Fatalf("%+v comes back as %+v, %t", p, back, ok)
		}
		if back, ok := cursor.Parse(rapid.String().Draw(t, "text") + "."); ok {
			t.Fatalf("it is read as %+v", back)
		}
	})
}

// FuzzParse: what is read is written as it was.
func FuzzParse(f *testing.F) {
	f.Add(cursor.Place{At: 1, Partition: 2, Offset: 3, Ordinal: 4}.String())
	f.Add("MS4yLjMuNA==")
	f.Fuzz(func(t *testing.T, text string) {
		if p, ok := cursor.Parse(text); ok && text != "" && p.String() != text {
			t.Errorf("%q is read as %+v", text, p)
		}
	})
}
