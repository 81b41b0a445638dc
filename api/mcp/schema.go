package mcp

import (
	"fmt"
	"slices"
	"strings"
)

const (
	schemaPrefix = "#/components/schemas/"
	defsPrefix   = "#/$defs/"
)

// keywords are those of JSON Schema that tools show. Others, such as examples, are for people who read the
// document.
var keywords = []string{
	"$ref", "type", "properties", "items", "prefixItems", "additionalProperties", "allOf", "anyOf", "oneOf", "not", "enum", "const",
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
	"pattern", "format", "default", "description", "required", "propertyNames", "minProperties", "maxProperties",
}

// closure copies schemas out of the document, and gathers those that they refer to.
type closure struct {
	document *document
	defs     schema
	// partly: members need not be there. What the reader policy withholds is left out of an answer, whether
	// it is required or not.
	partly bool
}

// copy returns a schema of which all references lead into c.defs.
func (c *closure) copy(s schema) (schema, error) {
	out := schema{}
	for key, value := range s {
		if !slices.Contains(keywords, key) || key == "required" && c.partly {
			continue
		}
		var err error
		switch key {
		case "$ref":
			out[key], err = c.refer(value)
		case "properties":
			out[key], err = c.properties(value)
		case "enum", "const", "default", "required":
			out[key] = value
		default:
			out[key], err = c.value(value)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *closure) value(v any) (any, error) {
	switch v := v.(type) {
	case schema:
		return c.copy(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			var err error
			if list[i], err = c.value(one); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return v, nil
}

func (c *closure) properties(v any) (any, error) {
	all, ok := v.(schema)
	if !ok {
		return nil, fmt.Errorf("properties are a %T", v)
	}
	out := schema{}
	for name, one := range all {
		var err error
		if out[name], err = c.value(one); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *closure) refer(v any) (any, error) {
	ref, _ := v.(string)
	name, ok := strings.CutPrefix(ref, schemaPrefix)
	target := c.document.Components.Schemas[name]
	if !ok || target == nil {
		return nil, fmt.Errorf("%s is not in the document", ref)
	}
	if c.defs[name] == nil {
		c.defs[name] = schema{} // it may refer to itself
		s, err := c.copy(target)
		if err != nil {
			return nil, err
		}
		c.defs[name] = s
	}
	return defsPrefix + name, nil
}

// output is the schema of a tool's answer: that of the route's, which of a report may be shortened, or a problem document.
func (d *document) output(o *operation, report bool) (schema, error) {
	answer, err := o.answer()
	if err != nil {
		return nil, err
	}
	c := closure{document: d, defs: schema{}, partly: true}
	answered, err := c.copy(answer)
	if err != nil {
		return nil, fmt.Errorf("operation %s: answer: %w", o.ID, err)
	}
	if report {
		answered = schema{"allOf": []any{answered}, "properties": schema{shortenedName: shortenedSchema}}
	}
	whole := closure{document: d, defs: c.defs}
	problem, err := whole.refer(schemaPrefix + "Problem")
	if err != nil {
		return nil, err
	}
	return schema{"type": "object", "anyOf": []any{answered, schema{"$ref": problem}}, "$defs": c.defs}, nil
}

// input is the schema of a tool's arguments.
func (d *document) input(arguments []argument) (schema, error) {
	c := closure{document: d, defs: schema{}}
	properties, required := schema{}, []string{}
	for _, a := range arguments {
		s, err := c.copy(a.schema)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", a.name, err)
		}
		if a.description != "" {
			s["description"] = strings.TrimSpace(a.description)
		}
		properties[a.name] = s
		if a.required {
			required = append(required, a.name)
		}
	}
	out := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	if len(c.defs) > 0 {
		out["$defs"] = c.defs
	}
	return out, nil
}
