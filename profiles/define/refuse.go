package define

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"tributary/ingest/event"
)

// maxNesting bounds what stands in another in one document: the parser takes time and memory by the square of
// it. A segment of as many conditions within each other as there may be needs half of it.
const maxNesting = 64

var (
	errNesting = errors.New("are nested deeper than 64")
	errAnchors = errors.New("may not use anchors and aliases")
)

// refuse refuses what YAML allows and nobody means: what a few lines could blow up to gigabytes with, and a
// key with nothing behind it, which would read as if it were not there.
func refuse(text []byte) error {
	if tooDeep(lexer.Tokenize(string(text))) {
		return fault(errNesting.Error())
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return fault("are no YAML: " + yaml.FormatError(err, false, false)) // the source beside it takes seconds to make
	}
	var empty event.Errors
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if len(ast.Filter(ast.AnchorType, doc.Body)) > 0 || len(ast.Filter(ast.AliasType, doc.Body)) > 0 {
			return fault(errAnchors.Error())
		}
		for _, n := range ast.Filter(ast.NullType, doc.Body) {
			path := strings.TrimPrefix(n.GetPath(), "$.")
			if strings.ContainsAny(path, ".[") { // a part of the document may be empty as a whole
				empty.Add(path, "has no value; give one, or leave the key out")
			}
		}
	}
	return empty.Err()
}

// tooDeep says whether brackets stand in each other too deep, or a line opens too much.
func tooDeep(tokens token.Tokens) bool {
	brackets, line, opened := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, opened = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if brackets == 0 {
				opened++
			}
		default:
		}
		if brackets > maxNesting || opened > maxNesting {
			return true
		}
	}
	return false
}
