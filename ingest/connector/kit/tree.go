package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// node is a value of a payload, with the bytes it was read from, so that a payload can be written again
// with one thing changed and all else as it was.
type node struct {
	path    string
	kind    byte // of its first byte: { [ " t f n, and 0 for numbers
	raw     []byte
	key     string // in an object
	parent  *node
	members []*node
	form    bool // of a form: a root whose members are strings
}

func (n *node) container() bool { return n.kind == '{' || n.kind == '[' }

// pattern is the path with [] for every index.
func (n *node) pattern() string {
	var text strings.Builder
	inside := false
	for _, c := range n.path {
		switch {
		case c == '[':
			text.WriteString("[]")
			inside = true
		case c == ']':
			inside = false
		case !inside:
			text.WriteRune(c)
		}
	}
	return text.String()
}

// walk visits n and all below it, outside first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, m := range n.members {
		m.walk(visit)
	}
}

// nodes is n and all below it.
func (n *node) nodes() []*node {
	var all []*node
	n.walk(func(m *node) { all = append(all, m) })
	return all
}

var errTrailing = errors.New("something follows the value")

// parse reads a JSON text.
func parse(text []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	root, err := read(d, text, "$", 0)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, errTrailing
	}
	return root, nil
}

// read reads one value, which begins at offset or after white space and separators.
func read(d *json.Decoder, text []byte, at string, offset int64) (*node, error) {
	for int(offset) < len(text) && strings.IndexByte(" \t\r\n:,", text[offset]) >= 0 {
		offset++
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{path: at, kind: text[offset]}
	if delim, ok := token.(json.Delim); ok {
		for i := 0; d.More(); i++ {
			m, err := readMember(d, text, n, i, delim == '{')
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, m)
		}
		if _, err := d.Token(); err != nil {
			return nil, err
		}
	}
	n.raw = text[offset:d.InputOffset()]
	if n.kind == '-' || n.kind >= '0' && n.kind <= '9' {
		n.kind = 0
	}
	return n, nil
}

func readMember(d *json.Decoder, text []byte, of *node, i int, keyed bool) (*node, error) {
	at, key := fmt.Sprintf("%s[%d]", of.path, i), ""
	if keyed {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ = token.(string)
		at = of.path + "." + key
	}
	m, err := read(d, text, at, d.InputOffset())
	if err != nil {
		return nil, err
	}
	m.key, m.parent = key, of
	return m, nil
}

// parseForm reads application/x-www-form-urlencoded as an object of strings.
func parseForm(text []byte) (*node, error) {
	root := &node{path: "$", kind: '{', form: true, raw: text}
	for pair := range strings.SplitSeq(string(text), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, err
		}
		root.members = append(root.members, &node{path: "$." + name, kind: '"', key: name, raw: quote(value), parent: root})
	}
	return root, nil
}

// edit is what to do with a node when it is written.
type edit struct {
	lose  bool
	value []byte // instead of its own
	gain  []byte // a member more, `"key":value`, at the end of an object
	first []byte // a member more at its beginning
}

// write is the payload again, changed at some nodes.
func (n *node) write(edits map[*node]edit) []byte {
	if n.form {
		return n.writeForm(edits)
	}
	e := edits[n]
	if e.value != nil {
		return e.value
	}
	if !n.container() {
		return n.raw
	}
	var parts [][]byte
	if e.first != nil {
		parts = append(parts, e.first)
	}
	for _, m := range n.members {
		if edits[m].lose {
			continue
		}
		text := m.write(edits)
		if n.kind == '{' {
			text = append(append(quote(m.key), ':'), text...)
		}
		parts = append(parts, text)
	}
	if e.gain != nil {
		parts = append(parts, e.gain)
	}
	ends := "{}"
	if n.kind == '[' {
		ends = "[]"
	}
	return append(append([]byte{ends[0]}, bytes.Join(parts, []byte{','})...), ends[1])
}

// writeForm writes a form: null is a parameter without a value, and what is no string is its JSON.
func (n *node) writeForm(edits map[*node]edit) []byte {
	var pairs []string
	pair := func(key string, value []byte) {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(text))
	}
	member := func(text []byte) {
		if one, err := parse([]byte("{" + string(text) + "}")); text != nil && err == nil {
			pair(one.members[0].key, one.members[0].raw)
		}
	}
	member(edits[n].first)
	for _, m := range n.members {
		if !edits[m].lose {
			pair(m.key, m.write(edits))
		}
	}
	member(edits[n].gain)
	return []byte(strings.Join(pairs, "&"))
}

// quote writes a JSON string.
func quote(s string) []byte {
	text, _ := json.Marshal(s) // a string always has a form
	return text
}
