package importer

import (
	"slices"
	"strings"

	"github.com/bytedance/sonic"
)

// jsonTree finds the wanted columns in JSON objects: members, or by paths with points the members of
// members. A member whose whole name is that of a column goes before a path.
type jsonTree struct {
	columns []string
	root    *jsonNode
	filled  []bool // columns that any object had
	left    int    // how many had none
}

type jsonNode struct {
	column   int // -1: none
	exact    bool
	children map[string]*jsonNode
}

func newJSONTree(columns []string) *jsonTree {
	t := &jsonTree{columns: columns, root: newJSONNode(), filled: make([]bool, len(columns)), left: len(columns)}
	for i, column := range columns {
		node := t.root
		for name := range strings.SplitSeq(column, ".") {
			node = node.child(name)
		}
		node.column = i
		node = t.root.child(column)
		node.column, node.exact = i, true
	}
	return t
}

func newJSONNode() *jsonNode { return &jsonNode{column: -1} }

func (n *jsonNode) child(name string) *jsonNode {
	c := n.children[name]
	if c == nil {
		c = newJSONNode()
		if n.children == nil {
			n.children = map[string]*jsonNode{}
		}
		n.children[name] = c
	}
	return c
}

// read sets the values of the columns from an object, which must be valid JSON. They refer to its
// text.
func (t *jsonTree) read(object string, values []value) {
	clear(values)
	t.walk(t.root, object, values)
	if t.left == 0 {
		return
	}
	for i := range values {
		if !t.filled[i] && values[i].kind != kindNull {
			t.filled[i] = true
			t.left--
		}
	}
}

// inherit takes over which columns another tree has found filled.
func (t *jsonTree) inherit(from *jsonTree) {
	for i, column := range t.columns {
		if j := slices.Index(from.columns, column); j >= 0 && from.filled[j] && !t.filled[i] {
			t.filled[i] = true
			t.left--
		}
	}
}

func (t *jsonTree) neverFilled() []string {
	var names []string
	for i, filled := range t.filled {
		if !filled {
			names = append(names, t.columns[i])
		}
	}
	return names
}

func (t *jsonTree) walk(node *jsonNode, object string, values []value) {
	for name, raw := range members(object) {
		child := node.children[name]
		if child == nil {
			continue
		}
		if c := child.column; c >= 0 && (child.exact || values[c].kind == kindNull) {
			values[c] = jsonValue(raw)
		}
		if len(child.children) > 0 && raw[0] == '{' {
			t.walk(child, raw, values)
		}
	}
}

// members yields the names of an object's members, and their values as they stand. The object must
// be valid JSON.
func members(object string) func(yield func(name, raw string) bool) {
	return func(yield func(name, raw string) bool) {
		at := space(object, 1)
		for object[at] != '}' {
			end := jsonEnd(object, at)
			name := unquote(object[at:end])
			at = space(object, end)   // the colon
			at = space(object, at+1)  // the value
			end = jsonEnd(object, at) // of the value
			if !yield(name, object[at:end]) {
				return
			}
			if at = space(object, end); object[at] == ',' {
				at = space(object, at+1)
			}
		}
	}
}

// jsonEnd returns the place behind the value that begins at a place of valid JSON.
func jsonEnd(s string, at int) int {
	switch s[at] {
	case '"':
		return stringEnd(s, at)
	case '{', '[':
		for depth := 0; ; at++ {
			switch s[at] {
			case '"':
				at = stringEnd(s, at) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return at + 1
				}
			}
		}
	}
	for at < len(s) && strings.IndexByte(",}] \t\r\n", s[at]) < 0 {
		at++
	}
	return at
}

// stringEnd returns the place behind a string.
func stringEnd(s string, at int) int {
	for at++; ; at++ {
		at += strings.IndexByte(s[at:], '"')
		slashes := 0
		for s[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at + 1
		}
	}
}

func space(s string, at int) int {
	for s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r' {
		at++
	}
	return at
}

// jsonValue is a value as it stands in JSON.
func jsonValue(raw string) value {
	switch raw[0] {
	case '"':
		return textValue(unquote(raw))
	case '{', '[':
		return value{kind: kindNested, text: raw}
	case 't', 'f':
		return value{kind: kindBoolean, text: raw}
	case 'n':
		return value{}
	}
	return value{kind: kindNumber, text: raw}
}

// unquote returns the text of a JSON string.
func unquote(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if sonic.UnmarshalString(raw, &s) != nil { // cannot be: the line is valid
		return raw
	}
	return s
}
