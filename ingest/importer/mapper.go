package importer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/event"
)

// mapper turns the rows of one table into events, by a mapping whose columns are resolved to places
// once. Its events are in memory that the next one uses again. It is not safe for concurrent use.
type mapper struct {
	columns     []string // that rows must hold, in their order
	origin      Origin
	zone        *time.Location
	layouts     []string
	rowID       []int
	identifiers []fieldPlan // by type
	attributes  []fieldPlan
	channel     *fieldPlan
	events      []eventPlan
	received    time.Time

	event      event.Event
	cx         event.CX
	record     event.Record
	subject    []event.Identifier
	described  map[string]string
	medium     event.Channel
	scratch    []byte
	madeOfThis []string // names of the events of the row, to find one that stands twice
}

// Origin says where the rows come from.
type Origin struct {
	Workspace string
	Source    string
	// File identifies the file's content (a digest); it is part of the message ids of mappings
	// without a row_id.
	File string
	// Stream is the name of the table, where an import has several; it begins the ids of its rows.
	Stream string
}

// fieldPlan is a Field with its column resolved.
type fieldPlan struct {
	name   string
	column int // of a constant: -1
	table  map[string]string
	value  string
	cx     cxField // of a typed field
}

type propertyPlan struct {
	key    []byte // the quoted name and a colon
	column int
	as     As
}

type eventPlan struct {
	kind               event.Type
	name               string
	when               *Condition
	whenColumn         int
	at                 []int
	record             *recordPlan
	cx                 []fieldPlan
	properties, traits []propertyPlan
}

// recordPlan holds columns, or -1.
type recordPlan struct{ id, version, deleted int }

// newMapper makes a mapper of a valid mapping; columns are those that its rows hold.
func newMapper(m *Mapping, columns []string, origin Origin, received time.Time) (*mapper, error) {
	zone, err := time.LoadLocation(m.Time.Zone)
	if err != nil {
		return nil, err
	}
	p := &mapper{columns: columns, origin: origin, zone: zone, layouts: m.Time.Layouts, received: received, described: map[string]string{}}
	if len(p.layouts) == 0 {
		p.layouts = []string{time.RFC3339Nano}
	}
	p.rowID = p.places(m.RowID)
	p.identifiers, p.attributes = p.fields(m.Identifiers), p.fields(m.Attributes)
	if m.Channel != nil {
		channel := p.field("channel", *m.Channel)
		p.channel = &channel
	}
	for i := range m.Events {
		p.events = append(p.events, p.plan(m, &m.Events[i]))
	}
	return p, nil
}

func (m *mapper) place(column string) int { return slices.Index(m.columns, column) }

func (m *mapper) places(columns []string) []int {
	places := make([]int, len(columns))
	for i, column := range columns {
		places[i] = m.place(column)
	}
	return places
}

func (m *mapper) field(name string, f Field) fieldPlan {
	if f.Value != nil {
		return fieldPlan{name: name, column: -1, value: *f.Value}
	}
	return fieldPlan{name: name, column: m.place(f.Column), table: f.Values}
}

func (m *mapper) fields(fields map[string]Field) []fieldPlan {
	var plans []fieldPlan
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		plans = append(plans, m.field(name, fields[name]))
	}
	return plans
}

func (m *mapper) plan(mapping *Mapping, em *EventMapping) eventPlan {
	p := eventPlan{
		kind: event.Type(cmp.Or(em.Type, string(event.TypeTrack))), name: em.Name, when: em.When, at: m.places(em.At),
		properties: m.propertyPlans(em.Properties), traits: m.propertyPlans(em.Traits),
	}
	if em.When != nil {
		p.whenColumn = m.place(em.When.Column)
	}
	if r := em.Record; r != nil {
		p.record = &recordPlan{id: m.place(r.ID), version: m.place(r.Version), deleted: m.place(r.Deleted)}
	}
	// The event's own fields come last, and win.
	for _, f := range slices.Concat(m.fields(mapping.CX), m.fields(em.CX)) {
		f.cx = newCXField(&m.cx, f.name)
		p.cx = append(p.cx, f)
	}
	return p
}

func (m *mapper) propertyPlans(properties []Property) []propertyPlan {
	var plans []propertyPlan
	for _, p := range properties {
		key := append(appendQuoted(nil, cmp.Or(p.Name, p.Column)), ':')
		plans = append(plans, propertyPlan{key: key, column: m.place(p.Column), as: p.As})
	}
	slices.SortFunc(plans, func(a, b propertyPlan) int { return strings.Compare(string(a.key), string(b.key)) })
	return plans
}

// row adds the events of one row to b. A fault is a *RowError without the row's number.
func (m *mapper) row(r *row, b *batch) error {
	id, fault := m.id(r)
	if fault != nil {
		return fault
	}
	if fault := m.about(r.values); fault != nil {
		return fault
	}
	m.madeOfThis = m.madeOfThis[:0]
	for i := range m.events {
		p := &m.events[i]
		if !p.holds(r.values) || r.deleted && p.record == nil {
			continue
		}
		if slices.Contains(m.madeOfThis, p.name) {
			return &RowError{Field: p.name, Reason: "the row makes two events of this name; their conditions (when) must exclude each other"}
		}
		m.madeOfThis = append(m.madeOfThis, p.name)
		if fault := m.fill(p, id, r); fault != nil {
			return fault
		}
		if err := b.add(&m.event); err != nil {
			return err
		}
	}
	return nil
}

// id names the row: by its own columns, or the name it comes with, or the file and its number.
func (m *mapper) id(r *row) (string, *RowError) {
	id := r.id
	switch {
	case len(m.rowID) > 0:
		parts := make([]string, len(m.rowID))
		for i, column := range m.rowID {
			if parts[i] = r.values[column].String(); parts[i] == "" {
				return "", &RowError{Field: m.columns[column], Reason: "is empty, and names the row"}
			}
			if r.values[column].kind == kindNested {
				return "", &RowError{Field: m.columns[column], Reason: notOne}
			}
		}
		id = joinID(parts)
	case id == "":
		id = m.origin.File + ":" + strconv.Itoa(r.number)
	}
	if m.origin.Stream != "" {
		id = m.origin.Stream + "/" + id
	}
	return id, nil
}

// joinID makes one name of several, different for different ones.
func joinID(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = url.PathEscape(part)
	}
	return strings.Join(escaped, "/")
}

// about finds out what all events of the row have in common.
func (m *mapper) about(values []value) *RowError {
	m.subject = m.subject[:0]
	for i := range m.identifiers {
		value, fault := m.resolve(&m.identifiers[i], values)
		if fault != nil {
			return fault
		}
		if value != "" {
			m.subject = append(m.subject, event.Identifier{Type: m.identifiers[i].name, Value: value})
		}
	}
	clear(m.described)
	for i := range m.attributes {
		value, fault := m.resolve(&m.attributes[i], values)
		if fault != nil {
			return fault
		}
		if value != "" {
			m.described[m.attributes[i].name] = value
		}
	}
	if m.channel == nil {
		return nil
	}
	channel, fault := m.resolve(m.channel, values)
	m.medium = event.Channel(channel)
	return fault
}

// fill makes m.event the event of a plan.
func (m *mapper) fill(p *eventPlan, id string, r *row) *RowError {
	e := &m.event
	*e = event.Event{
		Workspace: m.origin.Workspace, Source: m.origin.Source, Type: p.kind, Name: p.name, Channel: m.medium,
		Identifiers: m.subject, Attributes: m.described,
	}
	if len(m.subject) == 0 {
		e.Identifiers = nil
	}
	if len(m.described) == 0 {
		e.Attributes = nil
	}
	if fault := m.typed(p, r.values); fault != nil {
		return fault
	}
	m.scratch = m.scratch[:0]
	var fault *RowError
	if e.Properties, fault = m.object(p.properties, r.values); fault != nil {
		return fault
	}
	if e.Traits, fault = m.object(p.traits, r.values); fault != nil {
		return fault
	}
	if fault := m.stamp(p, id, r); fault != nil {
		return fault
	}
	if err := e.Validate(); err != nil {
		return &RowError{Field: p.name, Reason: err.Error()}
	}
	return nil
}

// typed sets the typed fields.
func (m *mapper) typed(p *eventPlan, values []value) *RowError {
	m.cx = event.CX{}
	for i := range p.cx {
		f := &p.cx[i]
		text, fault := m.resolve(f, values)
		if fault != nil {
			return fault
		}
		if text == "" {
			continue
		}
		if err := f.cx.set(text); err != nil {
			return &RowError{Field: f.name, Reason: err.Error(), Value: text}
		}
		m.event.CX = &m.cx
	}
	return nil
}

// stamp sets the times, the record and the id. What happened has the row's id; each content of a
// record has another.
func (m *mapper) stamp(p *eventPlan, id string, r *row) *RowError {
	e := &m.event
	at, fault := m.at(p, r)
	if fault != nil {
		return fault
	}
	messageID := id + ":" + p.name
	if p.record != nil {
		m.record = event.Record{ID: id, Version: r.version, Deleted: r.deleted}
		p.record.fill(&m.record, r.values)
		e.Record = &m.record
		e.OriginalAt = at
		content, err := event.Encode(e)
		if err != nil {
			return &RowError{Field: p.name, Reason: "cannot be encoded"}
		}
		sum := sha256.Sum256(content)
		messageID += ":" + hex.EncodeToString(sum[:12])
		if at.IsZero() {
			at = r.extracted
		}
	}
	e.MessageID = boundedID(messageID)
	e.Stamp(at, time.Time{}, m.received) // a file says no sending time to compare clocks by
	return nil
}

func (p *recordPlan) fill(r *event.Record, values []value) {
	if p.id >= 0 {
		r.ID = values[p.id].String()
	}
	if p.version >= 0 {
		r.Version = values[p.version].String()
	}
	if p.deleted >= 0 {
		r.Deleted = r.Deleted || isTrue(values[p.deleted].String())
	}
}

// isTrue says whether a column that is a flag, or the time since which one holds, says yes.
func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "", "0", "false", "f", "no", "n":
		return false
	}
	return true
}

// boundedID keeps ids as people know them, unless they are too long.
func boundedID(id string) string {
	if len(id) <= event.MaxMessageIDBytes {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

const notOne = "is a list or an object, not one value; name a member of it, such as column.member"

// resolve returns what a field's column holds; a word that its table does not have is a fault, not a
// guess.
func (m *mapper) resolve(f *fieldPlan, values []value) (string, *RowError) {
	if f.column < 0 {
		return f.value, nil
	}
	v := &values[f.column]
	if v.kind == kindNested {
		return "", &RowError{Field: m.columns[f.column], Reason: notOne}
	}
	text := v.String()
	if f.table == nil || text == "" {
		return text, nil
	}
	word, ok := f.table[text]
	if !ok {
		return "", &RowError{Field: m.columns[f.column], Reason: "has no entry under " + f.name + ".values", Value: text}
	}
	return word, nil
}

func (p *eventPlan) holds(values []value) bool {
	if p.when == nil {
		return true
	}
	text := values[p.whenColumn].String()
	if p.when.Filled != nil && *p.when.Filled != (text != "") {
		return false
	}
	return p.when.Equals == nil || *p.when.Equals == text
}

// at is the time in the first of the columns that is filled; zero if a record has none.
func (m *mapper) at(p *eventPlan, r *row) (time.Time, *RowError) {
	for _, column := range p.at {
		v := &r.values[column]
		text := v.String()
		if text == "" {
			continue
		}
		at, ok := v.time(m.layouts, m.zone)
		if !ok {
			return time.Time{}, &RowError{Field: m.columns[column], Reason: m.noTime(), Value: text}
		}
		return at, nil
	}
	if p.record != nil {
		return time.Time{}, nil
	}
	names := make([]string, len(p.at))
	for i, column := range p.at {
		names[i] = m.columns[column]
	}
	return time.Time{}, &RowError{Field: strings.Join(names, ", "), Reason: "no time: all are empty"}
}

func (m *mapper) noTime() string {
	if len(m.layouts) == 1 && m.layouts[0] == time.RFC3339Nano {
		return "is not a time as RFC 3339 has them (2024-01-02T03:04:05Z); name its layout under time.layouts"
	}
	return fmt.Sprintf("is not a time in any of the layouts %q", m.layouts)
}

// object is a JSON object of those properties that are said; nil if there is none. It lies in scratch.
func (m *mapper) object(properties []propertyPlan, values []value) ([]byte, *RowError) {
	start := len(m.scratch)
	m.scratch = append(m.scratch, '{')
	for i := range properties {
		p := &properties[i]
		v, err := values[p.column].as(p.as)
		if err != nil {
			return nil, &RowError{Field: m.columns[p.column], Reason: err.Error(), Value: values[p.column].String()}
		}
		if v.kind == kindNull {
			continue
		}
		if len(m.scratch) > start+1 {
			m.scratch = append(m.scratch, ',')
		}
		m.scratch = v.appendJSON(append(m.scratch, p.key...))
	}
	if len(m.scratch) == start+1 {
		m.scratch = m.scratch[:start]
		return nil, nil
	}
	m.scratch = append(m.scratch, '}')
	return m.scratch[start:], nil
}
