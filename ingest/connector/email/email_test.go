package email

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
	"tributary/ingest/connector/kit/kittest"
)

func TestConformance(t *testing.T) { kit.Run(t, Subject()) }

func decoder(t testing.TB) connector.Webhook {
	t.Helper()
	c := Connector()
	cfg, err := c.Configure("email", Subject().Settings, func(s string) (string, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWithoutQuotes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing quoted":       {"Hello,\n\nthank you.\n", "Hello,\n\nthank you."},
		"above the quote":      {"Yes.\n\nOn Mon, 17 Aug 2026 at 10:00, Support <s@example.com> wrote:\n> Shall I?\n> Support\n", "Yes."},
		"below the quote":      {"On Mon, 17 Aug 2026 at 10:00, Support wrote:\n> Shall I?\n\nYes.", "Yes."},
		"in between":           {"> Shall I?\nYes.\n> And that?\nNo.", "Yes.\nNo."},
		"broken attribution":   {"Yes.\nOn Mon, 17 Aug 2026 at 10:00, Support\n<s@example.com> wrote:\n> x", "Yes."},
		"quoted without marks": {"Ja.\nAm 17.08.2026 um 10:00 schrieb Support:\nSoll ich?", "Ja."},
		"French":               {"Oui.\nLe lun. 17 août 2026 à 10:00, Support a écrit :\n> x", "Oui."},
		"Outlook":              {"Yes.\n\n________________________________\nFrom: Support\nSent: Monday\nx", "Yes."},
		"a quoted header":      {"Yes.\n\nFrom: Support <s@example.com>\nSent: Monday, 17 August 2026\nTo: Maria\nSubject: x\n\nShall I?", "Yes."},
		"a divider":            {"Yes.\n-----Original Message-----\nShall I?", "Yes."},
		"only a quote":         {"> Shall I?", "> Shall I?"},
		"a rule is no divider": {"a\n---\nb", "a\n---\nb"},
		"on is a word":         {"On Monday I called:\nnobody was there.", "On Monday I called:\nnobody was there."},
		"from is a word":       {"From: where do I get it?\nI do not know.", "From: where do I get it?\nI do not know."},
		"Windows line ends":    {"Yes.\r\n> x\r\nNo.\r\n", "Yes.\nNo."},
	} {
		if got := WithoutQuotes(c.text); got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]Address{
		"maria@example.com": {Email: "maria@example.com"}, "<maria@example.com>": {Email: "maria@example.com"},
		`"Rossi, Maria" <maria@example.com>`:         {"Rossi, Maria", "maria@example.com"},
		"Rossi [Sales] <maria@example.com>":          {"Rossi [Sales]", "maria@example.com"},
		"=?utf-8?q?Andr=C3=A9?= <andre@example.com>": {"André", "andre@example.com"},
		"undisclosed-recipients:;":                   {}, "nobody": {}, "": {}, "a@b@example.com": {},
	} {
		if got := ParseAddress(in); got != want {
			t.Errorf("%q is %+v, not %+v", in, got, want)
		}
	}
	if got := ParseAddresses("a@example.com, Rossi [Sales] <b@example.com>, nobody"); len(got) != 2 || got[1].Email != "b@example.com" {
		t.Errorf("a list with a bad name is %+v", got)
	}
}

func TestTopic(t *testing.T) {
	for in, want := range map[string]string{
		"Re: AW: Fwd: Charged twice": "Charged twice", "RE[2]: x": "x", "Regarding: x": "Regarding: x", "": "",
	} {
		if got := topic(in); got != want {
			t.Errorf("%q is about %q, not %q", in, got, want)
		}
	}
}

func TestSeveralSignatures(t *testing.T) {
	now := time.Now()
	stamp, body := strconv.FormatInt(now.Unix(), 10), []byte(`{}`)
	right, old := field.Sign([]byte(kitSecret), stamp, body), field.Sign([]byte("old"), stamp, body)
	for header, want := range map[string]error{
		old + ", " + right: nil, right + "," + old: nil, old: connector.ErrSignature, old + "," + old: connector.ErrSignature,
	} {
		r := &connector.Request{URL: &url.URL{}, Received: now, Body: body, Header: http.Header{signatureHeader: {header}, timestampHeader: {stamp}}}
		if err := decoder(t).Verify(r); !errors.Is(err, want) {
			t.Errorf("%v, not %v", err, want)
		}
	}
}

func FuzzDecode(f *testing.F) { kittest.FuzzDecode(f, Subject()) }

func FuzzWithoutQuotes(f *testing.F) {
	f.Add("Yes.\nOn Mon X wrote:\n> y")
	f.Add("-----Original Message-----")
	f.Fuzz(func(t *testing.T, text string) {
		got := WithoutQuotes(text)
		if utf8.ValidString(text) && (!utf8.ValidString(got) || got == "" && strings.TrimSpace(text) != "") {
			t.Errorf("%q leaves %q", text, got)
		}
	})
}

func BenchmarkDecode(b *testing.B) { kittest.BenchmarkDecode(b, Subject(), "reply_of_customer.json") }
