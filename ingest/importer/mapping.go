package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Mapping says how rows of a file become events; examples/ holds commented ones.
type Mapping struct {
	Version int    `yaml:"version"`
	RowID   string `yaml:"row_id"`
	Time    struct {
		Layouts []string `yaml:"layouts"` // of the time package; default RFC 3339
		Zone    string   `yaml:"zone"`    // IANA name; default UTC
	} `yaml:"time"`
	Identifiers map[string]Field `yaml:"identifiers"`
	Attributes  map[string]Field `yaml:"attributes"`
	Channel     *Field           `yaml:"channel"`
	CX          map[string]Field `yaml:"cx"`
	Events      []EventMapping   `yaml:"events"`
}

// EventMapping is one event that a row may make.
type EventMapping struct {
	Type       string           `yaml:"type"` // default track
	Name       string           `yaml:"name"`
	When       *Condition       `yaml:"when"`
	At         []string         `yaml:"at"`
	CX         map[string]Field `yaml:"cx"`
	Properties []string         `yaml:"properties"`
	Traits     []string         `yaml:"traits"`
}

// Condition holds when the column is filled (or empty), or equals a value; where both are given,
// both must hold.
type Condition struct {
	Column string  `yaml:"column"`
	Filled *bool   `yaml:"filled"`
	Equals *string `yaml:"equals"`
}

// Field is where a value comes from: a column, through a table of words if there is one, or a
// constant.
type Field struct {
	Column string            `yaml:"column"`
	Values map[string]string `yaml:"values"`
	Value  *string           `yaml:"value"`
}

// UnmarshalYAML takes a plain string as a column's name.
func (f *Field) UnmarshalYAML(text []byte) error {
	var column string
	if err := yaml.Unmarshal(text, &column); err == nil {
		f.Column = column
		return nil
	}
	type plain Field
	return yaml.UnmarshalWithOptions(text, (*plain)(f), yaml.Strict())
}

// ReadMapping reads a mapping; keys that do not exist are errors. It reports every fault.
func ReadMapping(r io.Reader) (*Mapping, error) {
	var m Mapping
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&m); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	return &m, nil
}

func (m *Mapping) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if m.Version != 1 {
		fault("version: %d is not known; write 1", m.Version)
	}
	if _, err := time.LoadLocation(m.Time.Zone); err != nil {
		fault("time.zone: %q is not a time zone", m.Time.Zone)
	}
	if len(m.Events) == 0 {
		fault("events: at least one is needed")
	}
	for i, e := range m.Events {
		at := fmt.Sprintf("events[%d]", i)
		if e.Name == "" && e.Type != "identify" {
			fault("%s.name: must be given", at)
		}
		if len(e.At) == 0 {
			fault("%s.at: name at least one column", at)
		}
		if e.When != nil && (e.When.Column == "" || e.When.Filled == nil && e.When.Equals == nil) {
			fault("%s.when: needs column, and filled or equals", at)
		}
		faults = append(faults, checkFields(at+".cx", e.CX, cxFieldNames)...)
	}
	faults = append(faults, checkFields("cx", m.CX, cxFieldNames)...)
	faults = append(faults, checkFields("identifiers", m.Identifiers, nil)...)
	faults = append(faults, checkFields("attributes", m.Attributes, nil)...)
	if m.Channel != nil {
		faults = append(faults, checkFields("", map[string]Field{"channel": *m.Channel}, nil)...)
	}
	return errors.Join(faults...)
}

// checkFields reports fields without exactly one origin and, where a list is given, unknown names.
func checkFields(at string, fields map[string]Field, known []string) []error {
	var faults []error
	for name, f := range fields {
		path := name
		if at != "" {
			path = at + "." + name
		}
		if (f.Column == "") == (f.Value == nil) {
			faults = append(faults, fmt.Errorf("%s: needs a column or a value, one of them", path))
		}
		if known != nil && !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("%s: no such field; known are %v", path, known))
		}
	}
	return faults
}
