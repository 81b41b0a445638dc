package connector

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var acme = Connector{
	Name: "acme",
	Settings: []Setting{
		{Name: "account", Summary: "the account's name", Required: true},
		{Name: "webhook_secret", Summary: "what signs deliveries", Kind: KindSecret, Required: true},
		{Name: "base_url", Summary: "where the API is", Kind: KindURL, Default: "https://api.example.com"},
		{Name: "timeout", Summary: "how long", Kind: KindDuration, Default: "5s"},
		{Name: "page_size", Summary: "how many", Kind: KindNumber, Default: "100"},
		{Name: "region", Summary: "where", Kind: KindChoice, Choices: []string{"eu", "us"}, Default: "eu"},
		{Name: "pull", Summary: "whether", Kind: KindFlag},
		{Name: "brands", Summary: "which", Kind: KindList},
	},
}

func TestConfigure(t *testing.T) {
	t.Setenv("ACME_SECRET", "s3cret")
	c, err := acme.Configure("helpdesk", map[string]string{
		"account": "north", "webhook_secret": "env:ACME_SECRET", "brands": "a, b,,c", "pull": "true", "timeout": "",
	}, Secrets)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Secret("webhook_secret")) != "s3cret" || c.Text("base_url") != "https://api.example.com" || c.Duration("timeout") != 5*time.Second ||
		c.Number("page_size") != 100 || c.Text("region") != "eu" || !c.Flag("pull") || !slices.Equal(c.List("brands"), []string{"a", "b", "c"}) {
		t.Errorf("values: %+v", c.values)
	}
	if id := c.Identifier("contact_id", "7"); id.Type != "helpdesk.contact_id" || c.Free("note.added") != "acme.note.added" {
		t.Errorf("names: %v, %s", id, c.Free("note.added"))
	}
}

func TestConfigureReportsEveryFault(t *testing.T) {
	_, err := acme.Configure("helpdesk", map[string]string{
		"webhook_secret": "s3cret", "base_url": "api.example.com", "timeout": "-1s", "page_size": "many", "region": "mars", "pull": "yes", "colour": "red",
	}, Secrets)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"account: must be given: the account's name", "webhook_secret: must say where the secret is: env:NAME or file:/path",
		"base_url: must be an absolute URL", "timeout: must be a span", "page_size: must be a whole number", "region: must be one of eu, us",
		"pull: must be true or false", "colour: acme has no such setting",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells the secret:\n%v", err)
	}
}

func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for name, content := range map[string]string{file: "from file\n", file + ".empty": "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("ACME_SECRET", "from environment")
	for reference, want := range map[string]string{"env:ACME_SECRET": "from environment", "file:" + file: "from file"} {
		if got, err := Secrets(reference); err != nil || got != want {
			t.Errorf("%s: %q, %v", reference, got, err)
		}
	}
	for _, reference := range []string{"env:ACME_UNSET", "file:" + file + ".none", "file:" + file + ".empty", "vault:x", "env:", "plain"} {
		if got, err := Secrets(reference); err == nil {
			t.Errorf("%s: %q, want an error", reference, got)
		}
	}
	if _, err := Secrets("file:" + file + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestUndeclaredSettingIsAMistakeOfTheConnector(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	c, _ := acme.Configure("helpdesk", nil, Secrets)
	c.Text("no_such")
}
