package segment

import (
	"encoding/json"
	"strconv"
	"strings"
)

type kind uint8

const (
	absent kind = iota
	boolean
	number
	text
	list
	object // of which it is only known that it is there
)

// value is what is compared. Numbers are doubles: beyond 2^53 neighbours are equal.
type value struct {
	kind   kind
	number float64 // of a boolean 0 or 1
	text   string
	list   []value
}

func numberOf(n float64) value { return value{kind: number, number: n} }

func boolOf(b bool) value {
	if b {
		return value{kind: boolean, number: 1}
	}
	return value{kind: boolean}
}

// valueOf reads JSON. What is no JSON, and null, is absent.
func valueOf(raw json.RawMessage) value {
	if len(raw) == 0 {
		return value{}
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return value{}
		}
		return value{kind: text, text: s}
	case 't', 'f':
		return boolOf(raw[0] == 't')
	case 'n':
		return value{}
	case '[':
		return listOf(raw)
	case '{':
		return value{kind: object}
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return value{}
	}
	return numberOf(n)
}

func listOf(raw json.RawMessage) value {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return value{}
	}
	v := value{kind: list}
	for _, e := range elements {
		v.list = append(v.list, valueOf(e))
	}
	return v
}

func (v *value) equal(w *value) bool {
	return v.kind == w.kind && v.number == w.number && v.text == w.text
}

// compare orders two numbers or two texts; false if these are not.
func (v *value) compare(w *value) (int, bool) {
	switch {
	case v.kind != w.kind:
		return 0, false
	case v.kind == text:
		return strings.Compare(v.text, w.text), true
	case v.kind != number:
		return 0, false
	case v.number < w.number:
		return -1, true
	case v.number > w.number:
		return 1, true
	}
	return 0, true
}

// there says whether a value is: of what is counted at least one, of what is allowed that it is.
func (v *value) there(counted bool) bool {
	return v.kind != absent && (!counted || v.number > 0)
}

type operator uint8

const (
	exists operator = iota
	notExists
	in // equal to one of the operands
	notIn
	less
	lessOrEqual
	greater
	greaterOrEqual
	contains
)

// check is one operator with its operands.
type check struct {
	operator operator
	operands []value
}

// holds says whether a value passes.
func (c *check) holds(v *value, counted bool) bool {
	switch c.operator {
	case exists:
		return v.there(counted)
	case notExists:
		return !v.there(counted)
	default:
	}
	if v.kind == absent {
		return false
	}
	switch c.operator {
	case in, notIn:
		return isOneOf(v, c.operands) == (c.operator == in)
	case contains:
		return includes(v, &c.operands[0])
	default:
	}
	order, ok := v.compare(&c.operands[0])
	if !ok {
		return false
	}
	switch c.operator {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	default:
		return order >= 0
	}
}

func isOneOf(v *value, all []value) bool {
	for i := range all {
		if v.equal(&all[i]) {
			return true
		}
	}
	return false
}

// includes says whether a text has a part, or a list an element.
func includes(v, part *value) bool {
	if v.kind == text && part.kind == text {
		return strings.Contains(v.text, part.text)
	}
	return v.kind == list && isOneOf(part, v.list)
}
