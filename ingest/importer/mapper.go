package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tributary/ingest/event"
)

// Mapper turns the rows of one file into events. It is not safe for concurrent use.
type Mapper struct {
	mapping  *Mapping
	columns  map[string]int
	names    []string // of the columns, in their order
	zone     *time.Location
	origin   Origin
	received time.Time
}

// Origin says where the rows come from.
type Origin struct {
	Workspace string
	Source    string
	// File identifies the file's content (a digest); it is part of the message ids of mappings
	// without a row_id.
	File string
}

// NewMapper binds a mapping to a file's header. It fails with every column that the mapping names
// and the header lacks.
func NewMapper(m *Mapping, header []string, origin Origin, received time.Time) (*Mapper, error) {
	columns, names := make(map[string]int, len(header)), make([]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if _, twice := columns[name]; twice {
			return nil, fmt.Errorf("header: column %q stands twice", name)
		}
		columns[name], names[i] = i, name
	}
	var faults []error
	for _, name := range m.columnNames() {
		if _, ok := columns[name]; !ok {
			faults = append(faults, fmt.Errorf("mapping names column %q, which the file does not have", name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(m.Time.Zone)
	if err != nil {
		return nil, err
	}
	return &Mapper{mapping: m, columns: columns, names: names, zone: zone, origin: origin, received: received}, nil
}

// columnNames lists every column that the mapping names, once.
func (m *Mapping) columnNames() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	addAll := func(fields map[string]Field) {
		for _, f := range fields {
			add(f.Column)
		}
	}
	add(m.RowID)
	addAll(m.Identifiers)
	addAll(m.Attributes)
	addAll(m.CX)
	if m.Channel != nil {
		add(m.Channel.Column)
	}
	for _, e := range m.Events {
		addAll(e.CX)
		if e.When != nil {
			add(e.When.Column)
		}
		for _, column := range slices.Concat(e.At, e.Properties, e.Traits) {
			add(column)
		}
	}
	slices.Sort(names)
	return names
}

// RowError is a row that cannot become events. Nothing of the row is imported.
type RowError struct {
	Row    int // 1 is the first after the header
	Field  string
	Reason string // repeats no value, for it goes to the quarantine
	Value  string // what the row holds there, where that helps; for the eyes of who owns the file
}

// shownValue bounds how much of a value Error shows, in bytes.
const shownValue = 60

// Error tells the value too.
func (e *RowError) Error() string {
	text := fmt.Sprintf("row %d: %s: %s", e.Row, e.Field, e.Reason)
	if e.Value != "" {
		text += fmt.Sprintf(" (it is %q)", e.Value[:min(len(e.Value), shownValue)])
	}
	return text
}

// Row returns the events of one row, numbered from 1. An error is a *RowError.
func (m *Mapper) Row(number int, row []string) ([]event.Event, error) {
	if len(row) != len(m.columns) {
		return nil, &RowError{Row: number, Field: "row", Reason: fmt.Sprintf("has %d columns, the header %d", len(row), len(m.columns))}
	}
	for i, text := range row {
		if !utf8.ValidString(text) {
			return nil, &RowError{Row: number, Field: m.names[i], Reason: "is not UTF-8; convert the file first"}
		}
	}
	id := fmt.Sprintf("%s:%d", m.origin.File, number)
	if m.mapping.RowID != "" {
		if id = m.get(row, m.mapping.RowID); id == "" {
			return nil, &RowError{Row: number, Field: m.mapping.RowID, Reason: "is empty, and names the row"}
		}
	}
	var events []event.Event
	for i := range m.mapping.Events {
		em := &m.mapping.Events[i]
		if !m.holds(em.When, row) {
			continue
		}
		e, err := m.event(em, id, row)
		if err != nil {
			err.Row = number
			return nil, err
		}
		events = append(events, *e)
	}
	return events, nil
}

func (m *Mapper) event(em *EventMapping, id string, row []string) (*event.Event, *RowError) {
	e := &event.Event{
		Workspace: m.origin.Workspace, Source: m.origin.Source,
		MessageID: id + ":" + em.Name, Type: event.TypeTrack, Name: em.Name, ReceivedAt: m.received,
	}
	if em.Type != "" {
		e.Type = event.Type(em.Type)
	}
	var fault *RowError
	if e.At, fault = m.at(em.At, row); fault != nil {
		return nil, fault
	}
	e.OriginalAt = e.At // a file says no sending time to compare clocks by
	if m.mapping.Channel != nil {
		channel, fault := m.value("channel", *m.mapping.Channel, row)
		if fault != nil {
			return nil, fault
		}
		e.Channel = event.Channel(channel)
	}
	if fault := m.subject(e, row); fault != nil {
		return nil, fault
	}
	for _, fields := range []map[string]Field{m.mapping.CX, em.CX} {
		for name, f := range fields {
			if fault := m.setCX(e, name, f, row); fault != nil {
				return nil, fault
			}
		}
	}
	e.Properties = m.object(em.Properties, row)
	e.Traits = m.object(em.Traits, row)
	if err := e.Validate(); err != nil {
		return nil, &RowError{Field: em.Name, Reason: err.Error()}
	}
	return e, nil
}

func (m *Mapper) subject(e *event.Event, row []string) *RowError {
	for kind, f := range m.mapping.Identifiers {
		value, fault := m.value(kind, f, row)
		if fault != nil {
			return fault
		}
		if value != "" {
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: kind, Value: value})
		}
	}
	slices.SortFunc(e.Identifiers, func(a, b event.Identifier) int { return strings.Compare(a.Type, b.Type) })
	for name, f := range m.mapping.Attributes {
		value, fault := m.value(name, f, row)
		if fault != nil {
			return fault
		}
		if value != "" {
			if e.Attributes == nil {
				e.Attributes = map[string]string{}
			}
			e.Attributes[name] = value
		}
	}
	return nil
}

func (m *Mapper) setCX(e *event.Event, name string, f Field, row []string) *RowError {
	value, fault := m.value(name, f, row)
	if fault != nil || value == "" {
		return fault
	}
	if e.CX == nil {
		e.CX = &event.CX{}
	}
	if err := setCX(e.CX, name, value); err != nil {
		return &RowError{Field: name, Reason: err.Error(), Value: value}
	}
	return nil
}

// value resolves a field; a word that its table does not have is a fault, not a guess.
func (m *Mapper) value(name string, f Field, row []string) (string, *RowError) {
	if f.Value != nil {
		return *f.Value, nil
	}
	text := m.get(row, f.Column)
	if f.Values == nil || text == "" {
		return text, nil
	}
	word, ok := f.Values[text]
	if !ok {
		return "", &RowError{Field: f.Column, Reason: "has no entry under " + name + ".values", Value: text}
	}
	return word, nil
}

func (m *Mapper) get(row []string, column string) string {
	return strings.TrimSpace(row[m.columns[column]])
}

func (m *Mapper) holds(c *Condition, row []string) bool {
	if c == nil {
		return true
	}
	text := m.get(row, c.Column)
	if c.Filled != nil && *c.Filled != (text != "") {
		return false
	}
	return c.Equals == nil || *c.Equals == text
}

// at is the time in the first of the columns that is not empty.
func (m *Mapper) at(columns []string, row []string) (time.Time, *RowError) {
	layouts := m.mapping.Time.Layouts
	if len(layouts) == 0 {
		layouts = []string{time.RFC3339Nano}
	}
	for _, column := range columns {
		text := m.get(row, column)
		if text == "" {
			continue
		}
		for _, layout := range layouts {
			if at, err := time.ParseInLocation(layout, text, m.zone); err == nil {
				return at.UTC().Truncate(time.Millisecond), nil
			}
		}
		return time.Time{}, &RowError{Field: column, Reason: fmt.Sprintf("is not a time in any of the layouts %q", layouts), Value: text}
	}
	return time.Time{}, &RowError{Field: strings.Join(columns, ", "), Reason: "no time: all are empty"}
}

// object is a JSON object of the filled ones of the columns; nil if there is none.
func (m *Mapper) object(columns []string, row []string) json.RawMessage {
	values := make(map[string]string, len(columns))
	for _, column := range columns {
		if text := m.get(row, column); text != "" {
			values[column] = text
		}
	}
	if len(values) == 0 {
		return nil
	}
	text, _ := json.Marshal(values) // a map of strings always encodes
	return text
}
