package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"tributary/ingest/event"
)

// Mapping says how rows of a file become events; examples/ holds commented ones. Where a file nests
// (JSON, structs of Parquet and Arrow), a column is a path with points: customer.email.
type Mapping struct {
	Version int `yaml:"version"`
	// RowID are the columns that name a row for ever; together, if there are several.
	RowID Columns `yaml:"row_id"`
	CSV   struct {
		Delimiter string `yaml:"delimiter"` // one character; default a comma
	} `yaml:"csv"`
	Time struct {
		// Layouts are those of package time, "unix" (seconds) or "unix_ms"; default RFC 3339. Files
		// that have times of their own (Parquet, Arrow) do not need them.
		Layouts []string `yaml:"layouts"`
		Zone    string   `yaml:"zone"` // IANA name, of times without a zone; default UTC
	} `yaml:"time"`
	Identifiers map[string]Field `yaml:"identifiers"`
	Attributes  map[string]Field `yaml:"attributes"`
	Channel     *Field           `yaml:"channel"`
	CX          map[string]Field `yaml:"cx"`
	Events      []EventMapping   `yaml:"events"`
}

// EventMapping is one event that a row may make.
type EventMapping struct {
	Type string     `yaml:"type"` // default track
	Name string     `yaml:"name"`
	When *Condition `yaml:"when"`
	// At are columns, of which the first that is filled says when it happened. An event with a
	// record may do without: it then states what is so now.
	At         []string         `yaml:"at"`
	Record     *RecordMapping   `yaml:"record"`
	CX         map[string]Field `yaml:"cx"`
	Properties []Property       `yaml:"properties"`
	Traits     []Property       `yaml:"traits"`
}

// RecordMapping makes an event state the present content of a record of the source (event.Record)
// instead of something that happened: each new content is another event, the newest holds.
type RecordMapping struct {
	ID      string `yaml:"id"`      // column; default: what names the row
	Version string `yaml:"version"` // column by which versions are ordered; default: time
	Deleted string `yaml:"deleted"` // column that is filled, and not false, where the record is gone
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
	type plain Field
	return stringOr(text, &f.Column, (*plain)(f))
}

// As is what a property is in JSON.
type As string

// What a property may be. Without one it is what the file says: a text in CSV, whatever it is in
// other formats.
const (
	AsText    As = "text"
	AsNumber  As = "number"
	AsBoolean As = "boolean"
	AsJSON    As = "json"
)

// Property is a column that goes into properties or traits.
type Property struct {
	Column string `yaml:"column"`
	Name   string `yaml:"name"` // default: the column
	As     As     `yaml:"as"`
}

// UnmarshalYAML takes a plain string as a column's name.
func (p *Property) UnmarshalYAML(text []byte) error {
	type plain Property
	return stringOr(text, &p.Column, (*plain)(p))
}

// Columns are names of columns, in YAML one or a list.
type Columns []string

// UnmarshalYAML takes a plain string as the only column.
func (c *Columns) UnmarshalYAML(text []byte) error {
	var one string
	if err := yaml.Unmarshal(text, &one); err == nil {
		*c = Columns{one}
		return nil
	}
	type plain Columns
	return yaml.UnmarshalWithOptions(text, (*plain)(c), yaml.Strict())
}

func stringOr(text []byte, s *string, object any) error {
	var plain string
	if err := yaml.Unmarshal(text, &plain); err == nil {
		*s = plain
		return nil
	}
	return yaml.UnmarshalWithOptions(text, object, yaml.Strict())
}

// ReadMapping reads a mapping; keys that do not exist are errors. It reports every fault.
func ReadMapping(r io.Reader) (*Mapping, error) {
	var m Mapping
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&m); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	if err := errors.Join(append(checkVersion(m.Version), m.faults("")...)...); err != nil {
		return nil, fmt.Errorf("mapping:\n%w", err)
	}
	return &m, nil
}

func checkVersion(version int) []error {
	if version == 1 {
		return nil
	}
	return []error{fmt.Errorf("version: %d is not known; write 1", version)}
}

// digest names what the mapping says, however it is written.
func digest(mapping any) string {
	text, err := json.Marshal(mapping)
	if err != nil {
		panic(err) // strings, lists and maps of them always encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// faults finds all that is wrong with a mapping that stands under a path, which ends in a point.
func (m *Mapping) faults(path string) []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(path+format, args...)) }
	if _, err := time.LoadLocation(m.Time.Zone); err != nil {
		fault("time.zone: %q is not a time zone; write an IANA name such as Europe/Paris", m.Time.Zone)
	}
	if !validDelimiter(m.CSV.Delimiter) {
		fault("csv.delimiter: must be one character, and no quote or line break")
	}
	if slices.Contains(m.RowID, "") {
		fault("row_id: must not be empty")
	}
	if len(m.Events) == 0 {
		fault("events: at least one is needed")
	}
	for i := range m.Events {
		at := fmt.Sprintf("%sevents[%d]", path, i)
		faults = append(faults, m.Events[i].faults(at)...)
		if r := m.Events[i].Record; r != nil && r.ID == "" && len(m.RowID) == 0 && path == "" {
			faults = append(faults, fmt.Errorf("%s.record.id: name the column of the record's id, or row_id", at))
		}
	}
	faults = append(faults, checkFields(path+"cx", m.CX, cxFieldNames)...)
	faults = append(faults, checkFields(path+"identifiers", m.Identifiers, nil)...)
	faults = append(faults, checkFields(path+"attributes", m.Attributes, nil)...)
	if m.Channel != nil {
		faults = append(faults, checkField(path+"channel", m.Channel)...)
	}
	return faults
}

func validDelimiter(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return s == "" || size == len(s) && size == 1 && r != '"' && r != '\n' && r != '\r'
}

func (e *EventMapping) faults(at string) []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(at+format, args...)) }
	if e.Name == "" && e.Type != string(event.TypeIdentify) {
		fault(".name: must be given")
	}
	if len(e.At) == 0 && e.Record == nil {
		fault(".at: name at least one column")
	}
	if e.When != nil && (e.When.Column == "" || e.When.Filled == nil && e.When.Equals == nil) {
		fault(".when: needs column, and filled or equals")
	}
	for list, properties := range map[string][]Property{"properties": e.Properties, "traits": e.Traits} {
		for i, p := range properties {
			if p.Column == "" {
				fault(".%s[%d].column: must be given", list, i)
			}
			switch p.As {
			case "", AsText, AsNumber, AsBoolean, AsJSON:
			default:
				fault(".%s[%d].as: must be text, number, boolean or json", list, i)
			}
		}
	}
	return append(faults, checkFields(at+".cx", e.CX, cxFieldNames)...)
}

// checkFields reports fields without exactly one origin and, where a list is given, unknown names.
func checkFields(at string, fields map[string]Field, known []string) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		faults = append(faults, checkField(at+"."+name, &f)...)
		if known != nil && !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("%s.%s: no such field; known are %v", at, name, known))
		}
	}
	return faults
}

func checkField(path string, f *Field) []error {
	if (f.Column == "") == (f.Value == nil) {
		return []error{fmt.Errorf("%s: needs a column or a value, one of them", path)}
	}
	return nil
}

// columnNames lists every column that the mapping names, once.
func (m *Mapping) columnNames() []string {
	names := map[string]bool{}
	addAll := func(fields map[string]Field) {
		for _, f := range fields {
			names[f.Column] = true
		}
	}
	for _, column := range m.RowID {
		names[column] = true
	}
	addAll(m.Identifiers)
	addAll(m.Attributes)
	addAll(m.CX)
	if m.Channel != nil {
		names[m.Channel.Column] = true
	}
	for i := range m.Events {
		e := &m.Events[i]
		addAll(e.CX)
		if e.When != nil {
			names[e.When.Column] = true
		}
		if e.Record != nil {
			names[e.Record.ID], names[e.Record.Version], names[e.Record.Deleted] = true, true, true
		}
		for _, column := range e.At {
			names[column] = true
		}
		for _, p := range slices.Concat(e.Properties, e.Traits) {
			names[p.Column] = true
		}
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names))
}
