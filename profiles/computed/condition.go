package computed

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tributary/ingest/event"
)

// op is what a condition says about its field.
type op string

const (
	opIs       op = "is"
	opIsNot    op = "is_not"
	opIn       op = "in"
	opAbove    op = "above"
	opBelow    op = "below"
	opAtLeast  op = "at_least"
	opAtMost   op = "at_most"
	opExists   op = "exists"
	opContains op = "contains"
)

// condition is a Condition, compiled.
type condition struct {
	field    *field
	op       op
	operands []value // of is, is_not and in: any; of the comparisons: one number
	exists   bool
	contains string
}

// holds says whether the condition holds of a field with that value.
func (c *condition) holds(v value) bool {
	if c.op == opContains {
		return v.kind == text && strings.Contains(v.text, c.contains) || v.kind == list && holdsText(v.text, c.contains)
	}
	if c.op == opExists || !v.given() {
		return c.op == opExists && v.given() == c.exists
	}
	switch c.op {
	case opIs, opIn:
		return isAny(v, c.operands)
	case opIsNot:
		return !isAny(v, c.operands)
	default:
		n, ok := v.number()
		return ok && c.compares(n.compare(c.operands[0].num))
	}
}

func (c *condition) compares(order int) bool {
	switch c.op {
	case opAbove:
		return order > 0
	case opBelow:
		return order < 0
	case opAtLeast:
		return order >= 0
	default:
		return order <= 0
	}
}

// isAny says whether v is one of the operands. A number is also what a text is written as, and a truth
// value the text of its name; a text is that text alone.
func isAny(v value, operands []value) bool {
	num, numeric := decimal{}, false
	for i, operand := range operands {
		switch operand.kind {
		case number:
			if i == 0 || !numeric {
				num, numeric = v.number()
			}
			if numeric && num == operand.num {
				return true
			}
		case truth:
			if v.kind != number && v.text == operand.text {
				return true
			}
		default:
			if v.kind == text && v.text == operand.text {
				return true
			}
		}
	}
	return false
}

// given returns what a condition says.
func (c *Condition) given() (ops []op) {
	for _, o := range []struct {
		op    op
		given bool
	}{
		{opIs, c.Is != nil}, {opIsNot, c.IsNot != nil}, {opIn, c.In != nil}, {opAbove, c.Above != nil}, {opBelow, c.Below != nil},
		{opAtLeast, c.AtLeast != nil}, {opAtMost, c.AtMost != nil}, {opExists, c.Exists != nil}, {opContains, c.Contains != nil},
	} {
		if o.given {
			ops = append(ops, o.op)
		}
	}
	return ops
}

// operands returns the values that the condition gives for an operator.
func (c *Condition) operands(o op) []Scalar {
	if o == opIn {
		return c.In
	}
	return []Scalar{*map[op]*Scalar{opIs: c.Is, opIsNot: c.IsNot, opAbove: c.Above, opBelow: c.Below, opAtLeast: c.AtLeast, opAtMost: c.AtMost}[o]}
}

// compileCondition makes a condition of each thing that c says, and adds its faults at a path.
func compileCondition(c Condition, path string, faults *event.Errors) (all []condition) {
	f, reason := findField(c.Field)
	switch {
	case reason != "":
		faults.Add(path+".field", reason)
	case f.name == "event.at":
		faults.Add(path+".field", "cannot be event.at; give the trait a window")
	}
	ops := c.given()
	if len(ops) == 0 {
		faults.Add(path, "must say is, is_not, in, above, below, at_least, at_most, exists or contains")
	}
	for _, o := range ops {
		one := condition{field: f, op: o}
		switch o {
		case opExists:
			one.exists = *c.Exists
		case opContains:
			one.contains = *c.Contains
			if *c.Contains == "" || len(*c.Contains) > event.MaxFieldBytes || !utf8.ValidString(*c.Contains) {
				faults.Add(path+".contains", "must be a text of 1 to 512 bytes")
			}
		default:
			one.operands = compileOperands(c.operands(o), path+"."+string(o), o, faults)
		}
		all = append(all, one)
	}
	return all
}

func compileOperands(scalars []Scalar, path string, o op, faults *event.Errors) []value {
	if len(scalars) == 0 || len(scalars) > MaxOperands {
		faults.Add(path, "must list 1 to 100 values")
		return nil
	}
	values := make([]value, 0, len(scalars))
	for i, s := range scalars {
		at := path
		if o == opIn {
			at += "[" + itoa(i) + "]"
		}
		v := s.v
		switch {
		case v.kind == none:
			faults.Add(at, errScalar.Error())
		case v.kind == text && (len(v.text) > event.MaxFieldBytes || !utf8.ValidString(v.text)):
			faults.Add(at, "must be UTF-8 of at most 512 bytes")
		case o != opIs && o != opIsNot && o != opIn:
			n, ok := v.number()
			if !ok {
				faults.Add(at, "must be a number, such as 10 or 12.50")
			}
			v = value{kind: number, num: n}
		}
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b value) int { return strings.Compare(a.canonical(), b.canonical()) })
	return slices.Compact(values)
}
