package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"tributary/ingest/event"
)

// Policy is what becomes of an event that breaks its contract. Breaches are counted in any case.
type Policy string

// The policies.
const (
	Accept     Policy = "accept"     // it is stored as it is
	Quarantine Policy = "quarantine" // it is put aside, with the reason "schema", and can be replayed
	Drop       Policy = "drop"       // what is not allowed is left out of what is stored; the log has it
)

// Valid says whether p is one of the policies.
func (p Policy) Valid() bool { return p == Accept || p == Quarantine || p == Drop }

// Kind is a way of breaking a contract, or of differing from what was seen before.
type Kind string

// The kinds.
const (
	NewField     Kind = "new_field"     // a field that the schema does not allow, or that was not there before
	TypeChange   Kind = "type_change"   // a value of another type
	MissingField Kind = "missing_field" // a required field is not there
	Constraint   Kind = "constraint"    // any other keyword: enum, maxLength, anyOf …
)

var kinds = [...]Kind{NewField, TypeChange, MissingField, Constraint}

func (k Kind) code() byte { return byte(slices.Index(kinds[:], k)) }

func kindOf(code byte) Kind { return kinds[int(code)%len(kinds)] }

// Breach is one way in which an event breaks its contract. It never holds a value.
type Breach struct {
	Kind    Kind
	Path    string // of the field; empty: the whole object
	Keyword string // of the schema: additionalProperties, type, required …
}

func (b Breach) compare(o Breach) int {
	return cmp.Or(shorter(b.Path, o.Path), cmp.Compare(b.Kind.code(), o.Kind.code()), strings.Compare(b.Keyword, o.Keyword))
}

// maxBreachesOfEvent bounds what is told of one event.
const maxBreachesOfEvent = 64

// MaxDocument is the largest schema, in bytes.
const MaxDocument = 256 << 10

// Schema is a compiled JSON Schema. It is safe for concurrent use.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads a JSON Schema: draft 2020-12, unless $schema names another (4, 6, 7, 2019-09). It
// describes the object of properties of an event, or of traits. Formats are annotations. What it refers
// to must be within it. Faults are event.Errors, each with its place in the document
// ("schema.properties.plan.type").
func Compile(raw []byte) (*Schema, error) {
	if len(raw) > MaxDocument {
		return nil, event.Errors{{Field: "schema", Reason: fmt.Sprintf("is larger than %d bytes", MaxDocument)}}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, event.Errors{{Field: "schema", Reason: "is not JSON"}}
	}
	if _, ok := doc.(map[string]any); !ok {
		return nil, event.Errors{{Field: "schema", Reason: "must be an object"}}
	}
	if faults := unsafeNumbers(doc, []string{"schema"}); len(faults) > 0 {
		return nil, faults
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothingElse{})
	const url = "tributary:schema"
	err = compiler.AddResource(url, doc)
	var compiled *jsonschema.Schema
	if err == nil {
		compiled, err = compiler.Compile(url)
	}
	if err != nil {
		return nil, documentFaults(err)
	}
	return &Schema{compiled}, nil
}

// nothingElse refuses to fetch what a schema refers to.
type nothingElse struct{}

var errRemote = errors.New("refers to another document: all of a schema must be within it ($defs)")

// Load implements jsonschema.URLLoader.
func (nothingElse) Load(string) (any, error) { return nil, errRemote }

// documentFaults says where a schema is wrong, in words that hold none of its values.
func documentFaults(err error) error {
	var invalid *jsonschema.SchemaValidationError
	var details *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &details) {
		var faults event.Errors
		eachLeaf(details, func(leaf *jsonschema.ValidationError) {
			field := join(append([]string{"schema"}, leaf.InstanceLocation...))
			if len(faults) < maxBreachesOfEvent && !slices.ContainsFunc(faults, func(f event.FieldError) bool { return f.Field == field }) {
				faults.Add(field, "is not what JSON Schema allows there ("+keyword(leaf)+")")
			}
		})
		return faults
	}
	reason := "cannot be compiled: " + err.Error()
	var load *jsonschema.LoadURLError
	if errors.As(err, &load) {
		reason = "$ref " + strconv.Quote(load.URL) + " " + errRemote.Error()
	}
	return event.Errors{{Field: "schema", Reason: reason}}
}

// Check returns in which ways an object breaks the schema, ascending. No object counts as an empty one.
func (s *Schema) Check(raw []byte) []Breach {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return []Breach{{Constraint, "", "type"}}
	}
	var found []Breach
	if faults := unsafeNumbers(doc, nil); len(faults) > 0 {
		for _, f := range faults {
			found = append(found, Breach{TypeChange, f.Field, "type"})
		}
	} else {
		var invalid *jsonschema.ValidationError
		if errors.As(s.compiled.Validate(doc), &invalid) {
			eachLeaf(invalid, func(leaf *jsonschema.ValidationError) { found = append(found, breachesOf(doc, leaf)...) })
		}
	}
	slices.SortFunc(found, Breach.compare)
	found = slices.Compact(found)
	return found[:min(len(found), maxBreachesOfEvent)]
}

// eachLeaf calls f for what is wrong itself, and not because something within is.
func eachLeaf(e *jsonschema.ValidationError, f func(*jsonschema.ValidationError)) {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains:
		f(e) // which of the causes was meant nobody knows
		return
	}
	if len(e.Causes) == 0 {
		f(e)
	}
	for _, cause := range e.Causes {
		eachLeaf(cause, f)
	}
}

func keyword(e *jsonschema.ValidationError) string {
	path := e.ErrorKind.KeywordPath()
	if len(path) == 0 {
		return "false"
	}
	return path[0]
}

func breachesOf(doc any, e *jsonschema.ValidationError) []Breach {
	at := generalise(doc, e.InstanceLocation)
	each := func(k Kind, names []string) []Breach {
		all := make([]Breach, len(names))
		for i, name := range names {
			all[i] = Breach{k, join(append(slices.Clip(at), name)), keyword(e)}
		}
		return all
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return each(NewField, k.Properties)
	case *kind.Required:
		return each(MissingField, k.Missing)
	case *kind.DependentRequired:
		return each(MissingField, k.Missing)
	case *kind.Dependency:
		return each(MissingField, k.Missing)
	case *kind.FalseSchema: // under properties, or unevaluatedProperties
		return []Breach{{NewField, join(at), keyword(e)}}
	case *kind.Type:
		return []Breach{{TypeChange, join(at), keyword(e)}}
	}
	return []Breach{{Constraint, join(at), keyword(e)}}
}

// generalise makes segments of a path out of a place in doc: indexes of lists become elements.
func generalise(doc any, place []string) []string {
	segments := make([]string, 0, len(place))
	for _, token := range place {
		switch v := doc.(type) {
		case map[string]any:
			segments, doc = append(segments, token), v[token]
		case []any:
			segments = append(segments, elements)
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
				doc = v[i]
			}
		default:
			segments = append(segments, token)
		}
	}
	return segments
}

// unsafeNumbers finds numbers whose exponent is so large that to compute with them exactly would take
// all memory. Nothing that a schema describes has such.
func unsafeNumbers(doc any, at []string) (faults event.Errors) {
	switch v := doc.(type) {
	case map[string]any:
		for name, member := range v {
			faults = append(faults, unsafeNumbers(member, append(slices.Clip(at), name))...)
		}
	case []any:
		for _, element := range v {
			faults = append(faults, unsafeNumbers(element, append(slices.Clip(at), elements))...)
		}
	case json.Number:
		if _, exponent, has := strings.Cut(strings.ToLower(string(v)), "e"); has {
			if n, err := strconv.Atoi(exponent); err != nil || n > 400 || n < -400 {
				faults.Add(join(at), "is a number out of range")
			}
		}
	}
	return faults
}
