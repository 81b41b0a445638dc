package mcp

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"tributary/api/auth"
)

// document is what is read of the OpenAPI document: it describes the routes, so that no tool describes
// them again.
type document struct {
	Paths      map[string]pathItem `yaml:"paths"`
	Components struct {
		Schemas    map[string]schema    `yaml:"schemas"`
		Parameters map[string]parameter `yaml:"parameters"`
	} `yaml:"components"`
}

// pathItem is a path with its methods; those that no tool has are left out.
type pathItem struct {
	Parameters []parameter `yaml:"parameters"` // of all methods
	Get        *operation  `yaml:"get"`
	Put        *operation  `yaml:"put"`
	Post       *operation  `yaml:"post"`
	Delete     *operation  `yaml:"delete"`
}

func (p *pathItem) operations() map[string]*operation {
	return map[string]*operation{http.MethodGet: p.Get, http.MethodPut: p.Put, http.MethodPost: p.Post, http.MethodDelete: p.Delete}
}

// operation is a method of a path.
type operation struct {
	ID         string             `yaml:"operationId"`
	Scope      auth.Scope         `yaml:"x-scope"`
	Parameters []parameter        `yaml:"parameters"`
	Body       *content           `yaml:"requestBody"`
	Responses  map[string]content `yaml:"responses"`

	method, path string
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name        string `yaml:"name"`
	In          string `yaml:"in"` // path, query or header
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	Schema      schema `yaml:"schema"`
}

// content is a body by its media type.
type content struct {
	Content map[string]struct {
		Schema schema `yaml:"schema"`
	} `yaml:"content"`
}

// schema is a JSON Schema, as it is written.
type schema = map[string]any

const mediaJSON = "application/json"

func readDocument(text []byte) (*document, error) {
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read openapi document: %w", err)
	}
	return &d, nil
}

// operation finds an operation by its id, with its parameters in place of references to them.
func (d *document) operation(id string) (*operation, error) {
	for path, item := range d.Paths {
		for method, o := range item.operations() {
			if o == nil || o.ID != id {
				continue
			}
			parameters, err := d.parameters(slices.Concat(item.Parameters, o.Parameters))
			if err != nil {
				return nil, fmt.Errorf("operation %s: %w", id, err)
			}
			found := *o
			found.method, found.path, found.Parameters = method, path, parameters
			return &found, nil
		}
	}
	return nil, fmt.Errorf("operation %s: is not in the document", id)
}

// parameters resolves references. Of two of a name the last one stands.
func (d *document) parameters(list []parameter) ([]parameter, error) {
	var all []parameter
	for _, p := range list {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = d.Components.Parameters[name]
		}
		if p.Name == "" {
			return nil, fmt.Errorf("parameter %s is not in the document", p.Ref)
		}
		all = slices.DeleteFunc(all, func(q parameter) bool { return q.Name == p.Name })
		all = append(all, p)
	}
	return all, nil
}

// body is the schema of what the operation is sent, nil if that is nothing.
func (d *document) body(o *operation) (schema, error) {
	if o.Body == nil {
		return nil, nil
	}
	s, err := d.resolve(o.Body.Content[mediaJSON].Schema)
	if err != nil {
		return nil, fmt.Errorf("operation %s: body: %w", o.ID, err)
	}
	return s, nil
}

// answer is the schema of what the operation answers where all is well.
func (o *operation) answer() (schema, error) {
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if s := o.Responses[status].Content[mediaJSON].Schema; strings.HasPrefix(status, "2") && s != nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("operation %s: answers no JSON", o.ID)
}

// resolve follows a reference to where the schema is.
func (d *document) resolve(s schema) (schema, error) {
	for range 8 {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s, nil
		}
		s = d.Components.Schemas[strings.TrimPrefix(ref, schemaPrefix)]
	}
	return nil, errors.New("a reference leads nowhere")
}
