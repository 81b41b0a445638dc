package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func lineOf(t *testing.T, members ...member) (string, map[string]json.RawMessage) {
	t.Helper()
	var b bytes.Buffer
	if err := (&lines{w: &b}).write(members); err != nil {
		t.Fatal(err)
	}
	var v map[string]json.RawMessage
	if err := json.Unmarshal(b.Bytes(), &v); err != nil || bytes.Count(b.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%q is no line of JSON: %v", b.Bytes(), err)
	}
	return b.String(), v
}

// TestRawIsByteForByte: whatever was received can be read back as it was, from one line.
func TestRawIsByteForByte(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		given := rapid.OneOf(
			rapid.SampledFrom([]string{
				`{"b" : 1e2,"a":[1.0, "<&>"]}`, "{\n\"a\":1}", "{\"a\":\"\xff\"}", `{"a":`, "no JSON", "a\r\nb", "\x00", `{"a":1}{"b":2}`, "\u2028",
			}),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		).Draw(r, "given")
		_, v := lineOf(t, member{"x", raw(given)}, member{"last", "y"})
		var got string
		switch {
		case v["x"] != nil:
			got = string(v["x"])
		case v["x_text"] != nil:
			_ = json.Unmarshal(v["x_text"], &got)
		case v["x_base64"] != nil:
			_ = json.Unmarshal(v["x_base64"], &got)
			plain, _ := base64.StdEncoding.DecodeString(got)
			got = string(plain)
		}
		if got != given && string(bytes.TrimSpace([]byte(given))) != got { // a decoder drops the blanks around a value
			r.Errorf("%q came back as %q", given, got)
		}
	})
}

// TestMembers: names, what is left out, and what is not.
func TestMembers(t *testing.T) {
	type inner struct{ ProfileID uuid.UUID }
	type row struct {
		inner
		Name     string    `ch:"name"`
		Kind     string    `json:"kind,omitempty"`
		MergedAt time.Time // not said
		Score    *float64  // said: 0
		NaN      *float64  // no number of JSON
		Tags     []string  `ch:"tags"`
		Secret   string    `json:"-"`
		Bytes    []byte    `ch:"bytes"`
		Map      map[string]any
	}
	zero, nan := 0.0, math.NaN()
	var b bytes.Buffer
	l := &lines{w: &b}
	if err := l.add(row{Name: "a\xff", Score: &zero, NaN: &nan, Tags: []string{"x"}, Secret: "s", Bytes: []byte("hi"), Map: map[string]any{"b": 1, "a": nil}}); err != nil {
		t.Fatal(err)
	}
	want := `{"name_base64":"Yf8=","score":0,"tags":["x"],"bytes":"hi","map":{"b":1}}` + "\n"
	if b.String() != want || l.n != 1 {
		t.Errorf("is %s, want %s", b.String(), want)
	}
}
