package kit

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// variant is a payload with one thing changed.
type variant struct {
	what string // "without $.id", "with null as $.id"
	at   *node
	body []byte
}

// marker is a value that no vendor has sent yet.
const marker = "kit-never-seen"

// payload reads a delivery's body as JSON or as a form; nil if it is neither.
func (s *suite) payload(d delivery) *node {
	kind := s.request(d.name, d.body, Now).Header.Get("Content-Type")
	if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		if root, err := parseForm(d.body); err == nil {
			return root
		}
		return nil
	}
	root, err := parse(d.body)
	if err != nil {
		return nil
	}
	return root
}

// with is the payload with one edit.
func with(root, at *node, e edit) []byte { return root.write(map[*node]edit{at: e}) }

// lost are the variants in which a field of an object is gone or null.
func lost(root *node) iter.Seq[variant] {
	return func(yield func(variant) bool) {
		for _, n := range root.nodes() {
			if n.parent == nil {
				continue
			}
			if n.parent.kind == '{' && !yield(variant{"without " + n.path, n, with(root, n, edit{lose: true})}) {
				return
			}
			if n.kind != 'n' && !yield(variant{"with null as " + n.path, n, with(root, n, edit{value: []byte("null")})}) {
				return
			}
		}
	}
}

// retyped are the variants in which a value has another JSON type.
func retyped(root *node) iter.Seq[variant] {
	others := map[byte]string{'"': "string", 0: "number", 't': "boolean", '[': "list", '{': "object"}
	values := map[byte]string{'"': quoted(marker), 0: "7041", 't': "true", '[': "[" + quoted(marker) + "]", '{': `{"kit":` + quoted(marker) + "}"}
	return func(yield func(variant) bool) {
		for _, n := range root.nodes() {
			if n.parent == nil || root.form || n.kind == 'n' {
				continue
			}
			for _, kind := range []byte{'"', 0, 't', '[', '{'} {
				if kind == n.kind || kind == 't' && n.kind == 'f' {
					continue
				}
				if !yield(variant{fmt.Sprintf("with a %s as %s", others[kind], n.path), n, with(root, n, edit{value: []byte(values[kind])})}) {
					return
				}
			}
		}
	}
}

func quoted(s string) string { return string(quote(s)) }

// unknown are the variants in which a text is one that was never seen.
func unknown(root *node) iter.Seq[variant] {
	return texted(root, "a value never seen", quoted(marker))
}

// texted are the variants in which a text is another one, in JSON.
func texted(root *node, what, value string) iter.Seq[variant] {
	return func(yield func(variant) bool) {
		for _, n := range root.nodes() {
			if n.kind == '"' && n.parent != nil && !yield(variant{"with " + what + " as " + n.path, n, with(root, n, edit{value: []byte(value)})}) {
				return
			}
		}
	}
}

// gained are the variants in which an object has a field more, one at a time and then all at once.
func gained(root *node) iter.Seq[variant] {
	return func(yield func(variant) bool) {
		every := map[*node]edit{}
		for _, n := range root.nodes() {
			if n.kind != '{' {
				continue
			}
			every[n] = edit{gain: more(n)}
			if !yield(variant{"with a new field in " + n.path, n, with(root, n, every[n])}) {
				return
			}
		}
		yield(variant{"with a new field in every object", root, root.write(every)})
	}
}

// optional says whether a value, or what it stands in, is one whose absence makes fewer events.
func (s *suite) optional(n *node) bool {
	pattern := n.pattern()
	return slices.ContainsFunc(s.Optional, func(path string) bool {
		return pattern == path || strings.HasPrefix(pattern, path+".") || strings.HasPrefix(pattern, path+"[")
	})
}

// more is a field that an object gains: a text where there are only texts, since that may be a map of
// texts, else an object.
func more(n *node) []byte {
	if len(n.members) > 0 && !slices.ContainsFunc(n.members, func(m *node) bool { return m.kind != '"' }) {
		return []byte(`"kit_gained":"gained"`)
	}
	return []byte(`"kit_gained":{"kit":["gained"]}`)
}
