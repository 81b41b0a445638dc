package mapping

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/itchyny/gojq"
)

// Expr is a jq expression, compiled once. Expressions that only go down a path (".ticket.id") are
// followed without jq, for most are. It is safe for concurrent use.
type Expr struct {
	source   string
	path     []string // of isPath
	isPath   bool
	constant any // of isConstant
	fixed    bool
	code     *gojq.Code
}

// Vars are what expressions may name beside their input.
type Vars struct {
	Headers  map[string]any // $headers: of a delivery, names in lower case
	Settings map[string]any // $settings: of the source, without secrets
	Body     any            // $body: the whole that the item is a part of
}

var variables = []string{"$headers", "$settings", "$body"}

// List is the variables in the order in which expressions take them.
func (v *Vars) List() []any {
	orEmpty := func(m map[string]any) any {
		if m == nil {
			return map[string]any{}
		}
		return m
	}
	return []any{orEmpty(v.Headers), orEmpty(v.Settings), v.Body}
}

// barred are functions that give another result the next time or elsewhere, or reach out of the item.
var barred = map[string]string{
	"now": "gives another time at each repetition; leave at out, and it is the time of receipt",
	"env": "reads the environment", "$ENV": "reads the environment",
	"input": "reads other input", "inputs": "reads other input", "input_filename": "reads other input", "input_line_number": "reads other input",
	"debug": "writes to the program's output", "stderr": "writes to the program's output",
	"halt": "ends the program", "halt_error": "ends the program",
	"localtime": "depends on the machine's zone", "strflocaltime": "depends on the machine's zone",
	"modulemeta": "reads files", "get_search_list": "reads files", "$__prog_args": "reads the program's arguments",
}

// Compile compiles a jq expression.
func Compile(source string) (*Expr, error) {
	query, err := gojq.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("is not jq: %w", err)
	}
	if len(query.Imports) > 0 {
		return nil, errors.New("must not import modules")
	}
	if name := calls(reflect.ValueOf(query)); name != "" {
		return nil, fmt.Errorf("must not use %s, which %s", name, barred[name])
	}
	x := &Expr{source: source}
	if x.path, x.isPath = pathOf(query); x.isPath {
		return x, nil
	}
	if t := query.Term; t != nil && t.Type == gojq.TermTypeString && len(t.SuffixList) == 0 && len(t.Str.Queries) == 0 && t.Format == "" {
		x.constant, x.fixed = t.Str.Str, true
		return x, nil
	}
	if x.code, err = gojq.Compile(query, gojq.WithVariables(variables)); err != nil {
		return nil, fmt.Errorf("is not jq that can be run: %w", err)
	}
	return x, nil
}

// calls looks through a parsed expression for a barred function.
func calls(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if f, ok := v.Interface().(*gojq.Func); ok && f != nil {
			if _, bad := barred[f.Name]; bad {
				return f.Name
			}
		}
		return calls(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if name := calls(v.Field(i)); name != "" {
				return name
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if name := calls(v.Index(i)); name != "" {
				return name
			}
		}
	default: // texts and numbers call nothing
	}
	return ""
}

// pathOf is the keys of an expression that is "." or goes down by names, such as ".a.b?".
func pathOf(q *gojq.Query) ([]string, bool) {
	t := q.Term
	if t == nil || len(q.FuncDefs) > 0 {
		return nil, false
	}
	path := []string{}
	switch {
	case t.Type == gojq.TermTypeIdentity:
	case t.Type == gojq.TermTypeIndex && t.Index.Name != "":
		path = append(path, t.Index.Name)
	default:
		return nil, false
	}
	for _, s := range t.SuffixList {
		switch {
		case s.Iter || s.Optional:
			return nil, false
		case s.Index == nil || s.Index.Name == "":
			return nil, false
		}
		path = append(path, s.Index.Name)
	}
	return path, true
}

var errObject = errors.New("goes into what is no object")

// First is the expression's first result; nil if it has none. See Bounded for the context.
func (x *Expr) First(ctx context.Context, in any, vars []any) (any, error) {
	switch {
	case x.fixed:
		return x.constant, nil
	case x.isPath:
		return follow(in, x.path)
	}
	v, ok := x.code.RunWithContext(ctx, in, vars...).Next()
	if !ok {
		return nil, nil
	}
	if err, failed := v.(error); failed {
		return nil, x.failure(ctx, err)
	}
	return v, nil
}

// failure is an error that repeats no value of the item.
func (x *Expr) failure(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	var value gojq.ValueError
	if errors.As(err, &value) && value.Value() != nil {
		return errors.New("raises an error")
	}
	return errors.New("cannot be applied to the item's values")
}

// All is every result, at most a number of them.
func (x *Expr) All(ctx context.Context, in any, vars []any, most int) ([]any, error) {
	if x.isPath || x.fixed {
		v, err := x.First(ctx, in, vars)
		return []any{v}, err
	}
	var all []any
	for iter := x.code.RunWithContext(ctx, in, vars...); ; {
		v, ok := iter.Next()
		if !ok {
			return all, nil
		}
		if err, failed := v.(error); failed {
			return nil, x.failure(ctx, err)
		}
		if len(all) == most {
			return nil, fmt.Errorf("gives more than %d results", most)
		}
		all = append(all, v)
	}
}

// follow goes down by keys; null all the way from where something is missing.
func follow(in any, path []string) (any, error) {
	for _, key := range path {
		switch m := in.(type) {
		case map[string]any:
			in = m[key]
		case nil:
			return nil, nil
		default:
			return nil, errObject
		}
	}
	return in, nil
}

// truthy is what jq takes for true.
func truthy(v any) bool { return v != nil && v != false }

// Path is the keys that an expression goes down by, if it does nothing else; "." is no key.
func (x *Expr) Path() (keys []string, ok bool) { return x.path, x.isPath }
