package field

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

func TestText(t *testing.T) {
	var v struct{ A, B, C, D, E, F, G Text }
	text := `{"A":12345678901234567890123,"B":"x\u00e9\n","C":null,"D":{"a":[1]},"E":true,"F":"plain","G":1.50}`
	if err := Decode([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	want := []Text{"12345678901234567890123", "xé\n", "", "", "true", "plain", "1.50"}
	for i, got := range []Text{v.A, v.B, v.C, v.D, v.E, v.F, v.G} {
		if got != want[i] {
			t.Errorf("field %d is %q, not %q", i, got, want[i])
		}
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, s := range []string{
		"2026-03-04T05:06:07Z", "2026-03-04T06:06:07+01:00", "2026-03-04T06:06:07+0100",
		"2026-03-04 05:06:07 UTC", "2026-03-04 05:06:07 +0000", "1772600767", "1772600767.0",
	} {
		if got := Time(s); !got.Equal(at) {
			t.Errorf("%q is %s", s, got)
		}
	}
	for _, s := range []string{"", "0", "-5", "yesterday", "1e300", "NaN"} {
		if got := Time(s); !got.IsZero() {
			t.Errorf("%q is %s, not nothing", s, got)
		}
	}
}

func TestClip(t *testing.T) {
	for _, s := range []string{"short", strings.Repeat("é", 400), "x" + strings.Repeat("é", 400), strings.Repeat("日本", 300)} {
		got := Clip(s)
		if len(got) > event.MaxFieldBytes || !utf8.ValidString(got) || !strings.HasPrefix(s, got) || len(s) <= event.MaxFieldBytes && got != s {
			t.Errorf("Clip of %d bytes leaves %d", len(s), len(got))
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"as it is":                                  "as it is",
		"<p>Hello&nbsp;&amp; welcome</p>":           "Hello & welcome",
		"<p>one</p>\n<p>two<br/>three</p>":          "one\n\ntwo\nthree",
		"<div class=\"a>b\">x</div>":                "b\">x", // an unescaped > ends the tag; nothing is lost
		"1 < 2 and 3 > 2":                           "1 < 2 and 3 > 2",
		"<style>p{}</style>a<script>1<2</SCRIPT >b": "ab",
		"<!-- no -->yes":                            "yes",
		"<":                                         "<",
		"<p":                                        "<p",
	} {
		if got := PlainText(in); got != want {
			t.Errorf("%q reads %q, not %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a</p><!-- x")
	f.Add("<script>")
	f.Fuzz(func(t *testing.T, s string) {
		if got := PlainText(s); utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q makes damaged text %q", s, got)
		}
	})
}

func TestFresh(t *testing.T) {
	now := time.Now()
	if !Fresh(now.Add(-time.Minute), now, time.Minute) || Fresh(now.Add(-2*time.Minute), now, time.Minute) || Fresh(now.Add(2*time.Minute), now, time.Minute) {
		t.Error("the tolerance is not held on both sides")
	}
}

func TestDelivery(t *testing.T) {
	type form struct {
		A struct{ B string }
	}
	for body, want := range map[string]string{
		"\n{\"A\":{\"B\":\"x\"}}\n": "x", `{"A":{"B":1}}`: "rejected: A.B", `[]`: "error", `{"A":`: "error", ``: "error",
	} {
		var b connector.Batch
		d, _, err := Delivery[form]([]byte(body), &b)
		got := "error"
		switch {
		case d != nil:
			got = d.A.B
		case err == nil:
			got = "rejected: " + b.Rejected[0].Field
		}
		if got != want {
			t.Errorf("%q: %s, not %s", body, got, want)
		}
	}
}
