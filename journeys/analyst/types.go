package analyst

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// simpleTypes are the types without arguments that a statement may name.
var simpleTypes = []string{
	"String", "Bool", "UUID", "Date", "Date32", "DateTime", "IPv4", "IPv6", "Float32", "Float64",
	"Int8", "Int16", "Int32", "Int64", "Int128", "Int256", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "UInt256",
}

// wrappers take types, as many as it says; -1: any number.
var wrappers = map[string]int{"Array": 1, "Nullable": 1, "LowCardinality": 1, "Map": 2, "Tuple": -1}

var (
	zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]{0,63}$`)
	// numbered take numbers and, where it says so, a time zone.
	numbered = map[string]struct{ least, most, zone int }{
		"FixedString": {1, 1, 0}, "Decimal": {1, 2, 0}, "Decimal32": {1, 1, 0}, "Decimal64": {1, 1, 0}, "Decimal128": {1, 1, 0},
		"DateTime64": {1, 1, 1}, "DateTime": {0, 0, 1},
	}
)

// typeName reads the name of a type, and returns it in the engine's words.
func (p *parser) typeName() (string, error) {
	t := p.peek()
	if t.kind != tokenWord {
		return "", p.fault("here stands the name of a type, such as Nullable(Float64)")
	}
	p.pos++
	n, wraps := wrappers[t.text]
	number, counts := numbered[t.text]
	switch {
	case wraps:
		return p.wrapped(t.text, n)
	case counts && p.peek().is("("):
		return p.numberedType(t.text, number.least, number.most, number.zone)
	case slices.Contains(simpleTypes, t.text):
		return t.text, nil
	}
	return "", p.faultAt(t, "%q is no type that a statement may name; case counts", t.text)
}

func (p *parser) wrapped(name string, n int) (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	var of []string
	err := p.list(func() error {
		inner, err := p.typeName()
		of = append(of, inner)
		return err
	})
	if err == nil && n >= 0 && len(of) != n {
		err = p.fault("%s is of %d types", name, n)
	}
	return name + "(" + strings.Join(of, ", ") + ")", err
}

func (p *parser) numberedType(name string, least, most, zone int) (string, error) {
	var args []string
	numbers, zones := 0, 0
	err := p.list(func() error {
		t := p.peek()
		p.pos++
		if n, err := strconv.ParseUint(t.text, 10, 16); t.kind == tokenNumber && err == nil {
			numbers++
			args = append(args, strconv.FormatUint(n, 10))
			return nil
		}
		if t.kind == tokenString && zoneName.MatchString(t.text) {
			zones++
			args = append(args, "'"+t.text+"'")
			return nil
		}
		return p.faultAt(t, "in %s stand numbers, and of times the name of a zone in quotes", name)
	})
	if err == nil && (numbers < least || numbers > most || zones > zone) {
		err = p.fault("%s has too few or too many arguments", name)
	}
	return name + "(" + strings.Join(args, ", ") + ")", err
}

// parseType reads a type that stands in a text of its own.
func parseType(text string) (string, error) {
	tokens, err := lex(text)
	if err != nil {
		return "", err
	}
	p := &parser{sql: text, tokens: tokens}
	name, err := p.typeName()
	if err == nil && p.peek().kind != tokenEnd {
		err = p.fault("after the type stands nothing")
	}
	return name, err
}
