package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/gateway"
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// documents is the run-time configuration in a map, counting what is read of it.
type documents struct {
	values   map[string]json.RawMessage
	revision uint64
	reads    int
}

func (d *documents) Doc(_, key string) (json.RawMessage, bool, error) {
	d.reads++
	v, ok := d.values[key]
	return v, ok, nil
}

func (d *documents) Docs(string) ([]state.Doc, error) {
	var all []state.Doc
	for k, v := range d.values {
		all = append(all, state.Doc{Key: k, Value: v})
	}
	return all, nil
}

func (d *documents) DocsRevision() uint64 { return d.revision }

func (d *documents) Put(_ context.Context, _, _, key string, value json.RawMessage) error {
	d.values[key] = value
	d.revision++
	return nil
}

func (d *documents) Delete(_ context.Context, _, _, key string) error {
	delete(d.values, key)
	d.revision++
	return nil
}

func (d *documents) PutAll(_ context.Context, _, _ string, all []unify.ConfigDocument) error {
	for _, one := range all {
		d.values[one.Key] = one.Value
	}
	d.revision++
	return nil
}

func newKeys() (*auth.Keys, *documents, *time.Time) {
	d := &documents{values: map[string]json.RawMessage{}}
	now := epoch
	return auth.NewKeys(d, d, func() time.Time { return now }), d, &now
}

var letterOf = map[auth.Kind]byte{auth.KindRead: 'r', auth.KindWrite: 'w', auth.KindAdmin: 'a', auth.KindAgent: 'g'}

var form = regexp.MustCompile(`^trb_[rwag]_[0-9A-Za-z]{43}$`)

func TestOnlyTheHashOfAKeyIsKept(t *testing.T) {
	keys, docs, _ := newKeys()
	seen := map[string]bool{}
	for _, kind := range []auth.Kind{auth.KindRead, auth.KindWrite, auth.KindAdmin, auth.KindAgent} {
		for range 20 {
			n := auth.New{Kind: kind, Workspace: "acme"}
			if kind == auth.KindWrite {
				n.Source = "web"
			}
			secret, key, err := keys.Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			if !form.MatchString(secret) || seen[secret] || secret[4] != letterOf[kind] {
				t.Errorf("%s key %q", kind, secret)
			}
			seen[secret] = true
			found, err := keys.Lookup(t.Context(), secret)
			if err != nil || found.ID != key.ID {
				t.Errorf("looking it up gives %v, %v", found, err)
			}
		}
	}
	for hash, value := range docs.values {
		for secret := range seen {
			if strings.Contains(string(value), secret[6:]) || strings.Contains(hash, secret[6:]) {
				t.Error("a key is kept")
			}
		}
	}
}

func TestLookupAnswersFromMemoryUntilSomethingChanges(t *testing.T) {
	keys, docs, _ := newKeys()
	secret, key, err := keys.Create(t.Context(), auth.New{Kind: auth.KindRead, Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := keys.Lookup(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	if docs.reads != 1 {
		t.Errorf("read %d times", docs.reads)
	}
	if _, err := keys.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Lookup(t.Context(), secret); !errors.Is(err, auth.ErrRevoked) {
		t.Errorf("gives %v", err)
	}
}

func TestLookupRefuses(t *testing.T) {
	keys, _, now := newKeys()
	secret, _, err := keys.Create(t.Context(), auth.New{Kind: auth.KindRead, Workspace: "acme", Expires: epoch.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "x", secret[:48], secret + "0", "trb_w" + secret[5:], "trb_r_" + strings.Repeat("-", 43), strings.ToUpper(secret)} {
		if _, err := keys.Lookup(t.Context(), text); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("%q gives %v", text, err)
		}
	}
	*now = epoch.Add(time.Hour)
	if _, err := keys.Lookup(t.Context(), secret); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("an expired key gives %v", err)
	}
}

func TestWriteKeysAreForTheGatewayAlone(t *testing.T) {
	keys, _, now := newKeys()
	write, _, err := keys.Create(t.Context(), auth.New{
		Kind: auth.KindWrite, Workspace: "acme", Source: "web", Lane: "bulk", Origins: []string{"https://acme.example"}, Expires: epoch.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	read, _, err := keys.Create(t.Context(), auth.New{Kind: auth.KindRead, Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.WriteKey(t.Context(), gateway.HashKey(write))
	if err != nil || k.Workspace != "acme" || k.Source != "web" || k.Lane != stream.LaneBulk || !slices.Equal(k.Origins, []string{"https://acme.example"}) {
		t.Errorf("gives %+v, %v", k, err)
	}
	for name, secret := range map[string]string{"read": read, "unknown": "trb_w_" + strings.Repeat("0", 43)} {
		if _, err := keys.WriteKey(t.Context(), gateway.HashKey(secret)); !errors.Is(err, gateway.ErrUnknownKey) {
			t.Errorf("a %s key gives %v", name, err)
		}
	}
	*now = epoch.Add(2 * time.Hour)
	if _, err := keys.WriteKey(t.Context(), gateway.HashKey(write)); !errors.Is(err, gateway.ErrUnknownKey) {
		t.Errorf("an expired key gives %v", err)
	}
}

// A key that is made can be used: its names are those that events may have, its origins those that
// browsers send.
func TestKeysThatCouldNeverWorkAreRefused(t *testing.T) {
	keys, _, _ := newKeys()
	create := func(workspace, source, origin string) error {
		_, _, err := keys.Create(t.Context(), auth.New{Kind: auth.KindWrite, Workspace: workspace, Source: source, Origins: []string{origin}})
		return err
	}
	for _, name := range []string{"Web", "web.site", "-web", "_web", "wéb", "", strings.Repeat("w", 65)} {
		if err := create("acme", name, "*"); !errors.Is(err, auth.ErrInvalid) || !strings.Contains(err.Error(), "source:") {
			t.Errorf("source %q gives %v", name, err)
		}
		if err := create(name, "web", "*"); !errors.Is(err, auth.ErrInvalid) || !strings.Contains(err.Error(), "workspace:") {
			t.Errorf("workspace %q gives %v", name, err)
		}
	}
	for _, origin := range []string{
		"https://", "https://a.example/", "https://a.example/shop", "https://A.example", "https://a.example:443",
		"http://a.example:80", "https://u@a.example", "https://a.example?x", "ftp://a.example", "null", "a.example", "https://*.example",
	} {
		if err := create("acme", "web", origin); !errors.Is(err, auth.ErrInvalid) || !strings.Contains(err.Error(), "origins[0]:") {
			t.Errorf("origin %q gives %v", origin, err)
		}
	}
	for _, origin := range []string{"*", "https://a.example", "http://localhost:3000", "https://a.example:8443", "http://[::1]:8080"} {
		if err := create("acme", "web-site_2", origin); err != nil {
			t.Errorf("origin %q gives %v", origin, err)
		}
	}
}

func TestCreateNamesEveryFault(t *testing.T) {
	keys, _, _ := newKeys()
	for _, tt := range []struct {
		new  auth.New
		want []string
	}{
		{auth.New{Kind: "root"}, []string{"kind:", "workspace:"}},
		{auth.New{Kind: auth.KindRead, Workspace: "a b", Source: "web", Lane: "fast", Origins: []string{"acme"}}, []string{"workspace:", "source:", "lane: is for", "lane: must", "origins:", "origins[0]:"}},
		{auth.New{Kind: auth.KindRead, Workspace: "acme", Scopes: []auth.Scope{auth.ScopeAdmin}}, []string{"scopes[0]:"}},
		{auth.New{Kind: auth.KindWrite, Workspace: "acme"}, []string{"source:"}},
		{auth.New{Kind: auth.KindRead, Workspace: "acme", Expires: epoch.Add(-time.Hour)}, []string{"expires:"}},
	} {
		_, _, err := keys.Create(t.Context(), tt.new)
		if !errors.Is(err, auth.ErrInvalid) {
			t.Errorf("%+v gives %v", tt.new, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %q does not name %s", tt.new, err, want)
			}
		}
	}
}
