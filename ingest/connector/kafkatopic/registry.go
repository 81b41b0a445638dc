package kafkatopic

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/twmb/avro"
)

// Registry is a schema registry with the HTTP API of Confluent's
// (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).
type Registry struct {
	URL string
	// Username and Password are for basic authentication; empty for none.
	Username, Password string
}

const maxSchemaBytes = 8 << 20

// schemas fetches each schema once: a number never changes its meaning.
type schemas struct {
	registry Registry
	http     *http.Client

	mu   sync.Mutex
	byID map[uint32]*avro.Schema
}

func newSchemas(r Registry, h *http.Client) *schemas {
	return &schemas{registry: r, http: h, byID: make(map[uint32]*avro.Schema)}
}

// json reads a value that stands behind the number of its schema. It returns a *Fault if the value
// cannot be read, and another error if the registry cannot be asked.
func (s *schemas) json(ctx context.Context, field string, data []byte) (json.RawMessage, error) {
	if !framed(data) {
		return nil, &Fault{field, "does not begin with a zero and the number of a schema"}
	}
	schema, err := s.schema(ctx, binary.BigEndian.Uint32(data[1:]))
	if fault := new(Fault); errors.As(err, &fault) {
		return nil, &Fault{field, fault.Reason}
	}
	if err != nil {
		return nil, err
	}
	var value any
	rest, err := schema.Decode(data[5:], &value)
	if err != nil || len(rest) > 0 {
		return nil, &Fault{field, "is not what its Avro schema says"}
	}
	text, err := schema.EncodeJSON(value)
	if err != nil {
		return nil, &Fault{field, "has no form in JSON"}
	}
	return text, nil
}

func (s *schemas) schema(ctx context.Context, id uint32) (*avro.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema := s.byID[id]; schema != nil {
		return schema, nil
	}
	answer, err := s.get(ctx, fmt.Sprintf("/schemas/ids/%d", id))
	if err != nil {
		return nil, err
	}
	if answer.Type != "" && answer.Type != "AVRO" {
		return nil, &Fault{Reason: "has a schema that is not Avro"}
	}
	var cache avro.SchemaCache
	if err := s.define(ctx, &cache, answer.References, maxReferences); err != nil {
		return nil, err
	}
	schema, err := cache.Parse(answer.Schema)
	if err != nil {
		return nil, &Fault{Reason: "has a schema that cannot be read"}
	}
	s.byID[id] = schema
	return schema, nil
}

// maxReferences is how deep schemas may refer to others.
const maxReferences = 16

// define adds the schemas that others refer to, those first that they refer to themselves.
func (s *schemas) define(ctx context.Context, cache *avro.SchemaCache, references []reference, depth int) error {
	if depth == 0 {
		return &Fault{Reason: "has a schema whose references go too deep"}
	}
	for _, r := range references {
		answer, err := s.get(ctx, fmt.Sprintf("/subjects/%s/versions/%d", url.PathEscape(r.Subject), r.Version))
		if err != nil {
			return err
		}
		if err := s.define(ctx, cache, answer.References, depth-1); err != nil {
			return err
		}
		if _, err := cache.Parse(answer.Schema); err != nil {
			return &Fault{Reason: "has a schema that refers to one that cannot be read"}
		}
	}
	return nil
}

// registered is what the registry says of a schema.
type registered struct {
	Schema     string      `json:"schema"`
	Type       string      `json:"schemaType"` // empty: AVRO
	References []reference `json:"references"`
}

type reference struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// get asks the registry. That it does not know a schema is a *Fault of the record.
func (s *schemas) get(ctx context.Context, path string) (*registered, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.registry.URL+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("schema registry: %w", err)
	}
	request.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json")
	if s.registry.Username != "" {
		request.SetBasicAuth(s.registry.Username, s.registry.Password)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("schema registry: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusNotFound && known(response.Body):
		return nil, &Fault{Reason: "has a schema that the registry does not know"}
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("schema registry: GET %s: status %d", path, response.StatusCode)
	}
	var answer registered
	if err := json.NewDecoder(io.LimitReader(response.Body, maxSchemaBytes)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("schema registry: GET %s: %w", path, err)
	}
	return &answer, nil
}

// known says whether it is a registry that answered 404, by its error codes (40401 to 40403), and not
// something else at this address.
func known(body io.Reader) bool {
	var answer struct {
		Code int `json:"error_code"`
	}
	err := json.NewDecoder(io.LimitReader(body, maxSchemaBytes)).Decode(&answer)
	return err == nil && answer.Code/100 == 404
}
