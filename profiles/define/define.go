// Package define is the one document in which a workspace declares what it makes of its customers: which
// of several values of a trait survives, which traits are computed from events, and which segments there
// are.
//
//	survivorship:
//	  default: {by: newest}
//	computed:
//	  - {name: orders_30d, of: count, events: [order.placed], window: 30d}
//	segments:
//	  - name: regulars
//	    when: {computed: orders_30d, at_least: 3}
package define

import (
	"bytes"
	_ "embed"
	"errors"
	"io"

	"github.com/goccy/go-yaml"

	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/computed"
	"tributary/profiles/segment"
)

// Example is a commented document that can be set as it is.
//
//go:embed example.yaml
var Example string

// MaxBytes bounds a document.
const MaxBytes = 1 << 20

// Definitions is a document.
type Definitions struct {
	Survivorship profiles.Rules        `yaml:"survivorship,omitempty" json:"survivorship,omitzero"`
	Computed     []computed.Definition `yaml:"computed,omitempty" json:"computed,omitempty"`
	Segments     []segment.Definition  `yaml:"segments,omitempty" json:"segments,omitempty"`
}

// Program is a document that was found right, ready to work by.
type Program struct {
	Definitions
	Computed *computed.Program
	Segments *segment.Program
}

// Compile reads a document, YAML or JSON, strictly. The error is event.Errors: every fault, with its path. An
// empty document declares nothing.
func Compile(text []byte) (*Program, error) {
	p := &Program{}
	if len(text) > MaxBytes {
		return nil, fault("are larger than 1 MiB")
	}
	if err := refuse(text); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(&p.Definitions); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault(yaml.FormatError(err, false, false))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fault("are one YAML document; there is a second")
	}
	return p, p.compile()
}

func (p *Program) compile() (err error) {
	var all event.Errors
	add := func(prefix string, err error) {
		var some event.Errors
		if errors.As(err, &some) {
			all = append(all, some...)
			return
		}
		for _, one := range parts(err) {
			all.Add(prefix, one.Error())
		}
	}
	add("survivorship", p.Survivorship.Validate())
	p.Computed, err = computed.Compile(p.Definitions.Computed)
	add("computed", err)
	p.Segments, err = segment.Compile(p.Definitions.Segments, segment.Known{Computed: p.Names()})
	add("segments", err)
	return all.Err()
}

// Names lists the computed traits in the order of the document.
func (d *Definitions) Names() []string {
	names := make([]string, len(d.Computed))
	for i := range d.Computed {
		names[i] = d.Computed[i].Name
	}
	return names
}

// fault is one of the document as a whole.
func fault(reason string) error { return event.Errors{{Field: "definitions", Reason: reason}} }

// parts are the errors that were joined into one.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
