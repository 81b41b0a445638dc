// Package scaffold writes the skeleton of a connector: a package that compiles, has fixtures, and
// passes the conformance kit as it is, to be changed step by step into a vendor's.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode"

	"tributary/ingest/event"
)

//go:embed skeleton
var skeleton embed.FS

// values are what templates are filled with.
type values struct {
	Name, Package, Title, Reads, Summary string
	Webhook, Pull                        bool
}

// New writes the package of a connector into dir, which it makes: connector.go, webhook.go if vendors
// call, pull.go if they are asked, subject.go for the kit, connector_test.go, and fixtures with golden files
// in testdata. It changes nothing that is there: a folder that holds anything is an error, as is a name
// that cannot name a connector.
func New(dir, name string, webhook, pull bool) error {
	if !webhook && !pull {
		return errors.New("a connector needs a webhook, a puller, or both")
	}
	v := values{Name: name, Package: Package(name), Title: title(name), Webhook: webhook, Pull: pull}
	if !event.ValidSource(name) || !token.IsIdentifier(v.Package) {
		return fmt.Errorf("the name %q: use lower-case letters, digits, _ and -, beginning with a letter", name)
	}
	v.Reads, v.Summary = v.Title+"'s tickets and contacts", "Tickets, their ratings, and contacts."
	switch {
	case !pull:
		v.Reads, v.Summary = v.Title+"'s webhooks: tickets and their ratings", "Tickets and their ratings."
	case !webhook:
		v.Reads, v.Summary = v.Title+"'s contacts", "Contacts."
	}
	files, err := v.files()
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	for file, text := range files {
		file = filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // source code, like all folders beside it
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // the same
			return err
		}
	}
	return nil
}

// Package is the name of a connector's Go package: its own, without "_" and "-".
func Package(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(name)
}

// title is a name as a person writes it.
func title(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' })
	for i, word := range words {
		words[i] = string(unicode.ToUpper(rune(word[0]))) + word[1:]
	}
	return strings.Join(words, " ")
}

// files are the package's files by name, filled in.
func (v values) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(skeleton, "skeleton", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, "skeleton/")
		if !v.wants(name) {
			return nil
		}
		text, err := v.fill(path)
		if err != nil {
			return fmt.Errorf("fill in %s: %w", name, err)
		}
		if strings.Contains(name, "/") {
			name = "testdata/" + name
		}
		files[strings.TrimSuffix(name, ".tmpl")] = text
		return nil
	})
	return files, err
}

func (v values) wants(name string) bool {
	switch part, _, _ := strings.Cut(name, "/"); strings.TrimSuffix(part, ".go.tmpl") {
	case "webhook":
		return v.Webhook
	case "pull":
		return v.Pull
	}
	return true
}

func (v values) fill(path string) ([]byte, error) {
	text, err := skeleton.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".tmpl") {
		return text, err
	}
	t, err := template.New(path).Delims("<%", "%>").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	if err := t.Execute(&filled, v); err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".go.tmpl") {
		return format.Source(filled.Bytes())
	}
	return filled.Bytes(), nil
}
