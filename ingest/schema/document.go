package schema

import (
	"encoding/json"
	"slices"
)

// node is a field with what is within it.
type node struct {
	seen     *FieldSeen
	children map[string]*node
}

// Document prints what was seen as a JSON Schema that all of it keeps: a field is required if every
// object that could have it has it, and no others are allowed, unless some are not known. It is what
// Compile takes.
func (x *Inferred) Document() json.RawMessage {
	root := &node{}
	for i := range x.Fields {
		at := root
		for _, segment := range split(x.Fields[i].Path) {
			if at.children == nil {
				at.children = map[string]*node{}
			}
			next := at.children[segment]
			if next == nil {
				next = &node{}
				at.children[segment] = next
			}
			at = next
		}
		at.seen = &x.Fields[i]
	}
	doc := root.object(x.Events.Count, true, x.FieldsBeyond() == 0, 0)
	doc["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	doc["type"] = "object"
	text, _ := json.MarshalIndent(doc, "", "  ") // of maps, texts and booleans, never fails
	return text
}

// object describes the members of an object that was seen so many times. In a list, how many objects
// had a member is not known, so none is required.
func (n *node) object(times uint64, countable, whole bool, depth int) map[string]any {
	doc := map[string]any{}
	if depth >= MaxDepth {
		return doc
	}
	properties := map[string]any{}
	var required []string
	for name, child := range n.children {
		if name == elements {
			continue
		}
		properties[name] = child.value(countable, whole, depth+1)
		if countable && child.seen != nil && child.seen.Count == times {
			required = append(required, name)
		}
	}
	if len(properties) > 0 {
		doc["properties"] = properties
	}
	if len(required) > 0 {
		slices.Sort(required)
		doc["required"] = required
	}
	if whole {
		doc["additionalProperties"] = false
	}
	return doc
}

func (n *node) value(countable, whole bool, depth int) map[string]any {
	var types Type
	var objects uint64
	if n.seen != nil {
		for _, t := range n.seen.Types {
			types |= t.Type
			if t.Type == Object {
				objects = t.Count
			}
		}
	}
	if types&Number != 0 {
		types &^= Integer // a number may be whole
	}
	doc := map[string]any{}
	if types&Object != 0 {
		doc = n.object(objects, countable, whole, depth)
	}
	if items := n.children[elements]; types&Array != 0 && items != nil && depth < MaxDepth {
		doc["items"] = items.value(false, whole, depth+1)
	}
	switch names := types.Names(); len(names) {
	case 0:
	case 1:
		doc["type"] = names[0]
	default:
		doc["type"] = names
	}
	return doc
}
