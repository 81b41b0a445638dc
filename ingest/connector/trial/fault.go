package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"tributary/ingest/connector/declarative"
)

// maxAliases bounds how often a YAML may refer to another part of itself: each level of them multiplies.
const maxAliases = 16

// parse reads a mapping, or says where it is wrong: by line, of what the file declares also by path.
func parse(text string) (*declarative.File, []Fault) {
	aliases := 0
	for _, t := range lexer.Tokenize(text) {
		if t.Type != token.AliasType {
			continue
		}
		if aliases++; aliases > maxAliases {
			return nil, []Fault{{In: inMapping, Line: t.Position.Line, Column: t.Position.Column, Reason: fmt.Sprintf("refers to other parts more than %d times", maxAliases)}}
		}
	}
	file, err := declarative.Parse([]byte(text))
	if err == nil {
		return file, nil
	}
	var wrong yaml.Error
	if errors.As(err, &wrong) {
		f := Fault{In: inMapping, Reason: wrong.GetMessage()}
		if t := wrong.GetToken(); t != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
		return nil, []Fault{f}
	}
	var faults []Fault
	for _, one := range flat(err) {
		f := Fault{In: inMapping}
		f.Path, f.Reason = pathAnd(one)
		f.Line, f.Column = lineOf(text, f.Path)
		faults = append(faults, f)
	}
	return nil, faults
}

// flat lists joined errors one by one.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flat(one)...)
	}
	return all
}

var faultForm = regexp.MustCompile(`(?s)^([A-Za-z0-9_.\[\]-]+): (.*)$`)

// pathAnd takes the path off the front of a fault.
func pathAnd(err error) (path, reason string) {
	if m := faultForm.FindStringSubmatch(err.Error()); m != nil {
		return m[1], m[2]
	}
	return "", err.Error()
}

// lineOf finds what stands at a path of a YAML, or at the nearest part of the path that is there; 0, 0 if none is.
func lineOf(text, path string) (line, column int) {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return 0, 0
	}
	for path != "" {
		at, err := yaml.PathString("$." + path)
		if err == nil {
			if node, err := at.FilterFile(file); err == nil && node != nil && node.GetToken() != nil {
				p := node.GetToken().Position
				return p.Line, p.Column
			}
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0, 0
}

// brokenAt is the line and column, from 1, at which a text stops being JSON; 0, 0 if it is JSON, or none at all.
func brokenAt(text string) (line, column int) {
	var syntax *json.SyntaxError
	if err := json.Unmarshal([]byte(text), new(any)); !errors.As(err, &syntax) {
		return 0, 0
	}
	before := text[:max(0, min(len(text), int(syntax.Offset))-1)]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
