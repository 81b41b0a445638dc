package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/event"
)

var update = flag.Bool("update", false, "write the golden files of connectors anew")

// golden is what a fixture makes, as a golden file has it: what the connector said, without what the
// runtime adds.
type golden struct {
	Events   []goldenEvent    `json:"events"`
	Rejected []goldenRejected `json:"rejected,omitempty"`
}

type goldenEvent struct {
	event.Event
	Workspace  *struct{} `json:"workspace,omitempty"`
	Source     *struct{} `json:"source,omitempty"`
	ReceivedAt *struct{} `json:"received_at,omitempty"`
	At         *struct{} `json:"at,omitempty"`
	OriginalAt time.Time `json:"original_at,omitzero"`
	Traits     any       `json:"traits,omitempty"`
	Properties any       `json:"properties,omitempty"`
	Context    any       `json:"context,omitempty"`
}

type goldenRejected struct {
	ID      string `json:"id,omitempty"`
	Field   string `json:"field"`
	Reason  string `json:"reason"`
	Payload any    `json:"payload"`
}

// goldenText writes a golden file. Raw objects that stand in the fixture byte for byte are shown as
// their path in it: that they are as received is part of what a person should see.
func goldenText(b connector.Batch, fixture []byte) ([]byte, error) {
	paths := rawPaths(fixture)
	g := golden{Events: []goldenEvent{}}
	for _, e := range b.Events {
		g.Events = append(g.Events, goldenEvent{
			Event: e, OriginalAt: e.OriginalAt.UTC(),
			Traits: raw(e.Traits, paths), Properties: raw(e.Properties, paths), Context: raw(e.Context, paths),
		})
	}
	for _, r := range b.Rejected {
		g.Rejected = append(g.Rejected, goldenRejected{r.ID, r.Field, r.Reason, raw(r.Payload, paths)})
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(g); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// raw is a raw value for a golden file: its path in the fixture, else itself, as text if it is no JSON.
func raw(value []byte, paths map[string]string) any {
	switch at, found := paths[string(value)]; {
	case len(value) == 0:
		return nil
	case found:
		return at
	case json.Valid(value):
		return json.RawMessage(value)
	}
	return string(value)
}

// rawPaths maps every object and array of a JSON text, byte for byte, to its path. Of equal ones, the
// first and outermost counts.
func rawPaths(text []byte) map[string]string {
	paths := map[string]string{}
	root, err := parse(text)
	if err != nil {
		paths[string(text)] = "$"
		return paths
	}
	root.walk(func(n *node) {
		key := string(n.raw)
		if at, found := paths[key]; n.container() && (!found || len(n.path) < len(at)) {
			paths[key] = n.path
		}
	})
	paths[string(text)] = "$"
	return paths
}

// goldenWebhook is the golden files of deliveries as they should be, by path.
func (s *suite) goldenWebhook(context.Context) (map[string][]byte, error) {
	w, err := s.webhook(nil)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, d := range s.deliveries {
		b, err := decode(w, s.request(d.name, d.body, Now))
		if err != nil {
			return files, fmt.Errorf("%s: %w", d.file, err)
		}
		if files["webhook/"+d.name+goldenEnd], err = goldenText(b, d.body); err != nil {
			return nil, fmt.Errorf("%s: %w", d.file, err)
		}
	}
	return files, nil
}

// goldenPull is the golden files of streams as they should be, by path.
func (s *suite) goldenPull(ctx context.Context) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, stream := range s.streams {
		b, err := s.pullStream(ctx, stream)
		if err != nil {
			return files, fmt.Errorf("pull/%s.json: %w", stream, err)
		}
		text, err := fs.ReadFile(s.root, "pull/"+stream+".json")
		if err != nil {
			return nil, err
		}
		if files["pull/"+stream+goldenEnd], err = goldenText(b, text); err != nil {
			return nil, fmt.Errorf("pull/%s.json: %w", stream, err)
		}
	}
	return files, nil
}

// Golden is what the golden files of a subject hold if its connector is right, by path below testdata.
func Golden(ctx context.Context, s Subject) (map[string][]byte, error) {
	all := newSuite(s)
	if len(all.faults) > 0 {
		return nil, fmt.Errorf("%s", all.faults[0])
	}
	return all.goldens(ctx)
}

// goldens is all golden files that can be made, and why others cannot.
func (s *suite) goldens(ctx context.Context) (map[string][]byte, error) {
	files := map[string][]byte{}
	var faults []error
	for _, side := range []struct {
		has  bool
		make func(context.Context) (map[string][]byte, error)
	}{{s.Connector.NewWebhook != nil, s.goldenWebhook}, {s.Connector.NewPuller != nil, s.goldenPull}} {
		if !side.has {
			continue
		}
		some, err := side.make(ctx)
		maps.Copy(files, some)
		faults = append(faults, err)
	}
	return files, errors.Join(faults...)
}

// updateGolden writes the golden files into a folder.
func (s *suite) updateGolden(folder string) error {
	files, err := s.goldens(context.Background())
	s.written = files
	for name, text := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
			continue
		}
		if fault := os.WriteFile(file, text, 0o644); fault != nil { //nolint:gosec // they are part of the source
			return fault
		}
	}
	return err
}

const goldenDo = "If the new form is right, run the test with -update and read what changed."

// checkGolden compares golden files with what is made now.
func (s *suite) checkGolden(files map[string][]byte, err error, f *findings) {
	if err != nil {
		f.add("", "", "%v", err)
		return
	}
	for _, name := range sortedKeys(files) {
		want, found := s.written[name]
		if !found {
			if want, err = fs.ReadFile(s.root, name); err != nil {
				f.add(name, "Run the test with -update, and read what it wrote.", "there is no golden file")
				continue
			}
		}
		if line, got, wanted := firstDifference(files[name], want); line > 0 {
			f.add(name, goldenDo, "line %d is %q, the golden file has %q", line, got, wanted)
		}
	}
}

// firstDifference is the first line that differs, from 1; 0 if none does.
func firstDifference(got, want []byte) (line int, gotLine, wantLine string) {
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
		return 0, "", ""
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i < len(g) {
			gotLine = strings.TrimSpace(g[i])
		}
		if i < len(w) {
			wantLine = strings.TrimSpace(w[i])
		}
		if gotLine != wantLine || i >= len(g) || i >= len(w) {
			return i + 1, gotLine, wantLine
		}
	}
	return len(g), "", ""
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
