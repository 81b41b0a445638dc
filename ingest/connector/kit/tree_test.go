package kit

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// value is any JSON value.
func value(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 5
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return float64(rapid.Int32().Draw(t, "number"))
	case 3, 4:
		return rapid.String().Draw(t, "text")
	case 5:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, value(t, depth-1))
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "fields") {
		object[rapid.String().Draw(t, "key")] = value(t, depth-1)
	}
	return object
}

func decoded(t *rapid.T, text []byte) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestTree: what is parsed and written unchanged means the same, and one edit changes nothing else.
func TestTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.MarshalIndent(value(t, 3), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		root, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(decoded(t, root.write(nil)), decoded(t, text)) {
			t.Fatalf("%s is written as %s", text, root.write(nil))
		}
		all := root.nodes()
		n := rapid.SampledFrom(all).Draw(t, "node")
		if want := []byte("7041"); n.parent != nil {
			changed := with(root, n, edit{value: want})
			if again, err := parse(changed); err != nil || len(again.nodes()) != len(all)-len(n.nodes())+1 {
				t.Fatalf("%s with 7041 as %s is %s", text, n.path, changed)
			}
			if back := bytes.Replace(changed, want, n.raw, 1); !bytes.Contains(changed, want) || !json.Valid(back) {
				t.Fatalf("%s does not hold 7041 as %s", changed, n.path)
			}
		}
	})
}

// TestForm: a form that is parsed and written means the same, and an edit changes one value.
func TestForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := url.Values{"first": {rapid.String().Draw(t, "first")}, "second": {rapid.String().Draw(t, "second")}}
		root, err := parseForm([]byte(values.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		values.Set("second", marker)
		changed := with(root, root.members[1], edit{value: quote(marker)})
		if got, err := url.ParseQuery(string(changed)); err != nil || got.Get("second") != marker || strings.ToValidUTF8(values.Get("first"), "\uFFFD") != got.Get("first") {
			t.Fatalf("%s: %v", changed, err)
		}
	})
}

// TestFlip: a flipped character is another one, and stays of its kind.
func TestFlip(t *testing.T) {
	const hexadecimal, base64 = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for _, c := range hexadecimal {
		if got := flip(string(c), 0); got == string(c) || !strings.Contains(hexadecimal, got) {
			t.Errorf("%c becomes %s", c, got)
		}
	}
	for i, c := range base64 {
		got := strings.Index(base64, flip(string(c), 0))
		if got < 0 || got>>2 == i>>2 {
			t.Errorf("%c becomes %s, with the same upper bits", c, flip(string(c), 0))
		}
	}
}

// TestREADME: the walk-through lists every check with what it proves, and no other.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, c := range newSuite(Subject{}).checks() {
		want.WriteString("| `" + c.name + "` | " + c.proves + " |\n")
	}
	if !strings.Contains(string(text), "|---|---|\n"+want.String()+"\n") {
		t.Errorf("the README's table should be\n%s", want.String())
	}
}
