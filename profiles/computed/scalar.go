package computed

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Scalar is a text, a number or a truth value, as an analyst wrote it. What is written without quotes and
// looks like a number is one, of any precision.
type Scalar struct{ v value }

// Text makes a text.
func Text(s string) *Scalar { return &Scalar{textValue(s)} }

// Number makes a number of a decimal such as "-12.50"; what is none fails in Compile.
func Number(s string) *Scalar { return &Scalar{numberValue(s)} }

// Bool makes a truth value.
func Bool(b bool) *Scalar { return &Scalar{boolValue(b)} }

var errScalar = errors.New("must be a text, a number of at most 22 digits before and 8 after the point, or true or false")

// UnmarshalYAML reads a scalar.
func (s *Scalar) UnmarshalYAML(node ast.Node) error {
	switch n := node.(type) {
	case *ast.StringNode:
		s.v = textValue(n.Value)
		if n.Token.Type == token.StringType && isNumeral(n.Value) { // too large for the decoder
			s.v = numberValue(n.Value)
		}
	case *ast.LiteralNode:
		s.v = textValue(n.Value.Value)
	case *ast.IntegerNode:
		s.v = numberValue(n.Token.Value)
	case *ast.FloatNode:
		s.v = numberValue(n.Token.Value)
	case *ast.BoolNode:
		s.v = boolValue(n.Value)
	default:
	}
	if s.v.kind == none {
		return &yaml.SyntaxError{Message: errScalar.Error(), Token: node.GetToken()} // which says where
	}
	return nil
}

// isNumeral says whether an unquoted text is a number of any size.
func isNumeral(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return (err == nil || errors.Is(err, strconv.ErrRange)) && strings.Trim(s, "+-.0123456789eE") == ""
}

// MarshalYAML writes the scalar so that UnmarshalYAML reads the same.
func (s Scalar) MarshalYAML() ([]byte, error) { return s.MarshalJSON() }

// UnmarshalJSON reads a scalar.
func (s *Scalar) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		s.v = textValue(text)
	case data[0] == 't' || data[0] == 'f':
		s.v = boolValue(data[0] == 't')
	default:
		s.v = numberValue(string(data))
	}
	if s.v.kind == none {
		return errScalar
	}
	return nil
}

// MarshalJSON writes the scalar so that UnmarshalJSON reads the same.
func (s Scalar) MarshalJSON() ([]byte, error) { return s.v.json(), nil }

// String returns the scalar as JSON.
func (s Scalar) String() string { return string(s.v.json()) }

func itoa(n int) string { return strconv.Itoa(n) }
