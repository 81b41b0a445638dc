package api

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestABrowserIsSentToOurPagesAlone(t *testing.T) {
	for text, want := range map[string]string{
		"/ui/":                             "/ui/",
		"/ui/overview?from=2026-03-01":     "/ui/overview?from=2026-03-01",
		"/ui/customers/email:a%40b.org":    "/ui/customers/email:a%40b.org",
		"/ui/customers/a%2Fb":              "/ui/customers/a%2Fb",
		"":                                 "/ui/",
		"/ui":                              "/ui/",
		"/":                                "/ui/",
		"/v1/keys":                         "/ui/",
		"/uix":                             "/ui/",
		"//attacker.example/ui/":           "/ui/",
		"https://attacker.example/ui/":     "/ui/",
		"https:/ui/":                       "/ui/",
		"javascript:alert(1)":              "/ui/",
		"/ui/../v1/keys":                   "/ui/",
		"/ui/%2e%2e/v1/keys":               "/ui/",
		"/ui//attacker.example":            "/ui/",
		"/ui/\\attacker.example":           "/ui/",
		"/ui/%5cattacker.example":          "/ui/",
		"\\\\attacker.example/ui/":         "/ui/",
		"/ui/\tx":                          "/ui/",
		"/ui/%0d%0aSet-Cookie:x":           "/ui/",
		"/ui/x#part":                       "/ui/x",
		"/ui/sign-in?error=x":              "/ui/",
		"/ui/" + strings.Repeat("x", 2000): "/ui/",
	} {
		if got := pageOf(text); got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
}

// TestWhateverIsAskedForIsAPageOfOurs: as a browser resolves it; and what comes of it is taken as it is.
func TestWhateverIsAskedForIsAPageOfOurs(t *testing.T) {
	base, err := url.Parse("https://cdp.example.com/v1/session/oidc/company/callback")
	if err != nil {
		t.Fatal(err)
	}
	part := rapid.SampledFrom([]string{"/", "/ui/", "ui", "\\", "..", ".", "%2e", "%2f", "%5c", "//", "?", "#", "@", ":", "http:", "a.example", "\t", "\n", "%0a", "%", " ", "ü"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(part, rapid.String())).Draw(t, "parts"), "")
		if rapid.Bool().Draw(t, "inside") {
			text = "/ui/" + text
		}
		page := pageOf(text)
		at, err := base.Parse(page)
		if err != nil || at.Host != base.Host || at.Scheme != "https" || !strings.HasPrefix(at.Path, "/ui/") || strings.ContainsAny(page, "\r\n\\\t ") {
			t.Errorf("%q leads to %q", text, page)
		}
		if again := pageOf(page); again != page {
			t.Errorf("%q leads to %q, that to %q", text, page, again)
		}
	})
}
