package mcp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// argument is one argument of a tool, and where in the request it goes.
type argument struct {
	name        string
	in          place
	target      string // the name that the route has for it
	description string
	required    bool
	schema      schema
}

type place int

const (
	inPath place = iota
	inQuery
	inHeader
	inBody
	// inBodyAsWhom is the customer's address in a body: its member address or subject, or identifiers and profile.
	inBodyAsWhom
)

// customerName is the argument that says whom a tool is about. A token of one customer has none.
const customerName = "customer"

// self is the address by which a token that is bound to one customer names them.
const self = "subject:me"

var customerArgument = argument{
	name: customerName, required: true,
	description: "Whom it is about, as type:value, such as email:ada@example.com, user_id:42, or profile:<uuid> with the id of an earlier answer. " +
		"Errors name it address.",
	schema: schema{"type": "string", "pattern": "^[^:]+:.+$"},
}

// arguments are those of an operation: its parameters and the members of its body.
func (d *document) arguments(o *operation, e *entry) ([]argument, error) {
	var all []argument
	for _, p := range o.Parameters {
		all = append(all, ofParameter(p))
	}
	body, err := d.body(o)
	if err != nil {
		return nil, err
	}
	members, err := ofBody(body, e.whom)
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", o.ID, err)
	}
	for _, a := range members { // what is written goes before what narrows the reading
		all = append(without(all, a.name), a)
	}
	all = without(all, e.hide...)
	seen := map[string]bool{}
	for _, a := range all {
		if seen[a.name] {
			return nil, fmt.Errorf("operation %s: has two arguments %s", o.ID, a.name)
		}
		seen[a.name] = true
	}
	return all, nil
}

func ofParameter(p parameter) argument {
	a := argument{name: p.Name, target: p.Name, description: p.Description, required: p.Required, schema: p.Schema}
	switch {
	case p.In == "path" && p.Name == "address":
		a = customerArgument
		a.target, a.in = p.Name, inPath
	case p.In == "path":
		a.in = inPath
	case p.In == "header":
		a.in, a.name = inHeader, strings.ToLower(strings.ReplaceAll(p.Name, "-", "_"))
	default:
		a.in = inQuery
	}
	return a
}

// whomMembers are the members of bodies that say whom they are about.
var whomMembers = []string{"identifiers", "profile", "address", "subject"}

// ofBody are the members of a body. Those that say whom it is about are one argument.
func ofBody(body schema, whom string) ([]argument, error) {
	properties, _ := body["properties"].(schema)
	if body != nil && properties == nil {
		return nil, errors.New("the body has no members")
	}
	var all []argument
	if whom != "" {
		a := customerArgument
		a.in, a.target = inBodyAsWhom, whom
		if properties[whom] == nil {
			return nil, fmt.Errorf("the body has no member %s", whom)
		}
		all = append(all, a)
	}
	required, _ := body["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if whom != "" && slices.Contains(whomMembers, name) {
			continue
		}
		s, ok := properties[name].(schema)
		if !ok {
			return nil, fmt.Errorf("member %s of the body has no schema", name)
		}
		description, _ := s["description"].(string)
		all = append(all, argument{
			name: name, target: name, in: inBody, description: description, required: slices.Contains(required, any(name)), schema: s,
		})
	}
	return all, nil
}

// without leaves arguments out.
func without(all []argument, names ...string) []argument {
	return slices.DeleteFunc(slices.Clone(all), func(a argument) bool { return slices.Contains(names, a.name) })
}
