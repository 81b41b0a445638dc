// Package apitest holds answers of the API against its OpenAPI document, for tests.
package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is the OpenAPI document. It is safe for concurrent use.
type Document struct{ *openapi3.T }

// Load reads a document, as YAML or JSON.
func Load(content []byte) (*Document, error) {
	d, err := openapi3.NewLoader().LoadFromData(content)
	if err != nil {
		return nil, err
	}
	return &Document{d}, nil
}

// always are the headers of every answer, which the document does not list.
var always = []string{
	"Content-Type", "Content-Length", "Date", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy",
	"Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Cache-Control",
}

// Find returns the operation that a request is for, and its name: method and path. It is nil if there is none. The
// path is as it was sent, percent-encoded.
func (d *Document) Find(method, path string) (*openapi3.Operation, string) {
	var found *openapi3.Operation
	var best string
	parts := strings.Split(path, "/")
	fits := func(a, b string) bool { return a == b || strings.HasPrefix(a, "{") && b != "" }
	for name, item := range d.Paths.Map() {
		o := item.GetOperation(method)
		if o == nil || !slices.EqualFunc(strings.Split(name, "/"), parts, fits) {
			continue
		}
		if found == nil || strings.Count(name, "{") < strings.Count(best, "{") {
			found, best = o, name
		}
	}
	return found, method + " " + best
}

// Faults says what of an answer is not as the document says: its status, media type, headers, each value, and each
// member of an object that the document does not name, or that is there twice. Of a request that is for no operation only headers count.
func (d *Document) Faults(method, path string, status int, header http.Header, body []byte) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, method+" "+path+": "+fmt.Sprintf(format, args...))
	}
	for name := range header {
		listed := func(one string) bool { return strings.EqualFold(one, name) }
		if !slices.Contains(always, name) && !slices.ContainsFunc(slices.Collect(maps.Keys(d.Components.Headers)), listed) {
			fault("header %s is not in the document", name)
		}
	}
	o, name := d.Find(method, path)
	if o == nil {
		return faults
	}
	response := o.Responses.Status(status)
	if response == nil {
		fault("%s answered %d, which the document does not say", name, status)
		return faults
	}
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	content := response.Value.Content[media]
	if content == nil && len(body) > 0 {
		fault("%s answered %d as %q, documented are %v", name, status, media, slices.Sorted(maps.Keys(response.Value.Content)))
	}
	if content == nil || content.Schema == nil || !strings.HasSuffix(media, "json") {
		return faults
	}
	var value map[string]any
	if err := json.Unmarshal(body, &value); err != nil {
		fault("%s answered %d with what is no object", name, status)
		return faults
	}
	for _, member := range twice(json.NewDecoder(bytes.NewReader(body))) {
		fault("%s answered %d with two members %s of one object", name, status, member)
	}
	for _, member := range unknown("", content.Schema.Value, value) {
		fault("%s answered %d with %s, which the document does not name", name, status, member)
	}
	if list, _ := value["withheld"].([]any); len(list) > 0 { // then what is always there may not be
		return faults
	}
	if err := content.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors(), openapi3.EnableFormatValidation()); err != nil {
		fault("%s answered %d with what the document does not allow: %.1500v", name, status, err)
	}
	return faults
}

// twice lists the names that an object of a JSON value has more than once: readers differ in which they take.
func twice(d *json.Decoder) (names []string) {
	seen := map[string]bool{}
	opened, err := d.Token()
	if delim, ok := opened.(json.Delim); err != nil || !ok || delim != '{' && delim != '[' {
		return nil
	}
	for d.More() {
		if opened == json.Delim('{') {
			name, _ := d.Token()
			if text, _ := name.(string); seen[text] {
				names = append(names, text)
			} else {
				seen[text] = true
			}
		}
		names = append(names, twice(d)...)
	}
	_, _ = d.Token() // what closes it
	return names
}

// unknown lists the members of a value, by their paths, that no part of its schema names.
func unknown(path string, schema *openapi3.Schema, value any) (members []string) {
	parts := flat(schema)
	switch v := value.(type) {
	case []any:
		for _, part := range parts {
			if part.Items != nil {
				for i, item := range v {
					members = append(members, unknown(fmt.Sprintf("%s[%d]", path, i), part.Items.Value, item)...)
				}
			}
		}
	case map[string]any:
		for name, member := range v {
			at := path + "." + name
			of, named := memberOf(parts, name)
			if !named {
				members = append(members, at)
			} else if of != nil {
				members = append(members, unknown(at, of, member)...)
			}
		}
	}
	slices.Sort(members)
	return members
}

// memberOf is the schema of an object's member, and whether the object may have it; nil of one that may be anything.
func memberOf(parts []*openapi3.Schema, name string) (*openapi3.Schema, bool) {
	free := true
	for _, part := range parts {
		if p := part.Properties[name]; p != nil {
			return p.Value, true
		}
		free = free && len(part.Properties) == 0
	}
	for _, part := range parts {
		if more := part.AdditionalProperties; more.Schema != nil {
			return more.Schema.Value, true
		} else if more.Has != nil {
			return nil, *more.Has
		}
	}
	return nil, free
}

// flat are a schema and all that it is made of.
func flat(schema *openapi3.Schema) []*openapi3.Schema {
	all := []*openapi3.Schema{schema}
	for _, refs := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, ref := range refs {
			all = append(all, flat(ref.Value)...)
		}
	}
	return all
}
