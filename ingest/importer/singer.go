package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bytedance/sonic"

	"tributary/ingest/event"
)

// singerSource reads the messages of a Singer tap, one a line
// (https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md). ACTIVATE_VERSION and the
// version of a record are an extension of singer-python
// (https://github.com/singer-io/singer-python/blob/master/singer/messages.py); _sdc_deleted_at is the
// column by which taps tell that a record was deleted
// (https://sdk.meltano.com/en/latest/implementation/record_metadata.html).
type singerSource struct {
	lines    *lineReader
	message  *jsonTree
	values   []value // of the message
	streams  map[string]*singerStream
	mappings *Streams
	origin   Origin
	received time.Time
	replaced []string // notes on versions
}

// The members of a message, by their places in singerSource.values.
const (
	messageType = iota
	messageStream
	messageRecord
	messageExtracted
	messageVersion
	messageKey
	messageBookmark
	messageValue
)

var messageColumns = []string{"type", "stream", "record", "time_extracted", "version", "key_properties", "bookmark_properties", "value"}

const deletedColumn = "_sdc_deleted_at"

// singerStream is a stream that the tap has sent something of.
type singerStream struct {
	name   string
	mapper *mapper // nil: it has no mapping
	tree   *jsonTree
	row    row // its values: the mapping's columns, then those below
	// Places in values of the key and the bookmark; -1 where the schema names none.
	mapping  *Mapping
	keys     []int
	bookmark int
	deleted  int
}

func newSingerSource(lines *lineReader, mappings *Streams, origin Origin, received time.Time) *singerSource {
	return &singerSource{
		lines: lines, message: newJSONTree(messageColumns), values: make([]value, len(messageColumns)),
		streams: map[string]*singerStream{}, mappings: mappings, origin: origin, received: received,
	}
}

func (s *singerSource) next(b *batch) error {
	for {
		kind, err := s.read()
		if err != nil {
			return placed(err, s.lines.number, s.lines.line)
		}
		if kind == "RECORD" || kind == "ACTIVATE_VERSION" {
			return placed(s.take(kind, b), s.lines.number, s.lines.line)
		}
		if kind == "STATE" {
			b.state = json.RawMessage(strings.Clone(s.raw(messageValue)))
			return nil
		}
	}
}

// read reads a message. That of a schema it obeys.
func (s *singerSource) read() (kind string, err error) {
	if err := s.lines.object(); err != nil {
		return "", err
	}
	if s.lines.fault != "" {
		return "", &RowError{Field: "line", Reason: s.lines.fault}
	}
	s.message.read(string(s.lines.text), s.values)
	kind = strings.ToUpper(s.values[messageType].String())
	switch kind {
	case "STATE":
		if s.values[messageValue].kind == kindNull {
			return "", &RowError{Field: "value", Reason: "is missing: a STATE message has one"}
		}
		return kind, nil
	case "SCHEMA", "RECORD", "ACTIVATE_VERSION":
		if s.values[messageStream].kind != kindText || s.values[messageStream].text == "" {
			return "", &RowError{Field: "stream", Reason: "is missing: a " + kind + " message names one"}
		}
	case "":
		return "", &RowError{Field: "type", Reason: "is missing: is this the output of a Singer tap?"}
	case "BATCH":
		return "", &RowError{Field: "type", Reason: "is BATCH: its records are in files of the tap; take batch_config out of the tap's configuration"}
	default:
		return "", &RowError{Field: "type", Reason: "is not known; known are SCHEMA, RECORD, STATE and ACTIVATE_VERSION", Value: kind}
	}
	if kind == "SCHEMA" {
		return kind, s.schema()
	}
	return kind, nil
}

func (s *singerSource) raw(place int) string {
	v := &s.values[place]
	return string(v.appendJSON(nil))
}

// schema learns the key of a stream.
func (s *singerSource) schema() error {
	var keys, bookmarks []string
	for _, list := range []struct {
		place int
		names *[]string
	}{{messageKey, &keys}, {messageBookmark, &bookmarks}} {
		if s.values[list.place].kind == kindNull {
			continue
		}
		if sonic.UnmarshalString(s.raw(list.place), list.names) != nil {
			return &RowError{Field: messageColumns[list.place], Reason: "must be a list of names"}
		}
	}
	name := strings.Clone(s.values[messageStream].text)
	stream, err := s.stream(name, keys, bookmarks)
	if before := s.streams[name]; before != nil {
		stream.tree.inherit(before.tree) // taps repeat schemas
	}
	s.streams[name] = stream
	return err
}

// stream makes a stream with its mapping, if it has one.
func (s *singerSource) stream(name string, keys, bookmarks []string) (*singerStream, error) {
	t := &singerStream{name: name, mapping: s.mappings.Streams[name], bookmark: -1}
	var columns []string
	if t.mapping != nil {
		columns = t.mapping.columnNames()
	}
	mapped := len(columns)
	column := func(name string) int {
		if i := slices.Index(columns, name); i >= 0 {
			return i
		}
		columns = append(columns, name)
		return len(columns) - 1
	}
	for _, key := range keys {
		t.keys = append(t.keys, column(key))
	}
	if len(bookmarks) == 1 {
		t.bookmark = column(bookmarks[0])
	}
	t.deleted = column(deletedColumn)
	t.tree, t.row.values = newJSONTree(columns), make([]value, len(columns))
	if t.mapping == nil {
		return t, nil
	}
	origin := s.origin
	origin.Stream = name
	var err error
	t.mapper, err = newMapper(t.mapping, columns[:mapped], origin, s.received)
	return t, err
}

// take makes events of a message about a stream.
func (s *singerSource) take(kind string, b *batch) error {
	name := s.values[messageStream].text
	t := s.streams[name]
	if t == nil { // the tap tells no schema
		var err error
		if t, err = s.stream(strings.Clone(name), nil, nil); err != nil {
			return err
		}
		s.streams[t.name] = t
	}
	if t.mapper == nil && s.mappings.Others == OtherStreamsSkip {
		b.part.Skipped++
		return nil
	}
	if kind == "ACTIVATE_VERSION" {
		return s.activate(t, b)
	}
	record := s.values[messageRecord]
	if record.kind != kindNested || record.text[0] != '{' {
		return &RowError{Field: "record", Reason: "must be an object"}
	}
	b.part.Rows++
	err := s.record(t, record.text, b)
	if err != nil {
		b.part.Rows-- // who rejects it counts it
	}
	return err
}

func (s *singerSource) record(t *singerStream, record string, b *batch) error {
	t.tree.read(record, t.row.values)
	if err := t.describe(record, s.values[messageExtracted]); err != nil {
		return err
	}
	if t.mapper == nil {
		return s.free(t, "singer."+t.name, record, b)
	}
	before := len(b.records)
	if err := t.mapper.row(&t.row, b); err != nil {
		return err
	}
	if t.row.deleted && len(b.records) == before {
		return s.free(t, "singer."+t.name+".deleted", record, b)
	}
	return nil
}

// describe fills in what the row is called, how new it is, and whether it is still there.
func (t *singerStream) describe(record string, extracted value) error {
	r := &t.row
	r.id, r.version, r.extracted = "", "", time.Time{}
	r.deleted = isTrue(r.values[t.deleted].String())
	parts := make([]string, len(t.keys))
	for i, column := range t.keys {
		if parts[i] = r.values[column].String(); parts[i] == "" {
			return &RowError{Field: "record." + t.tree.columns[column], Reason: "is empty, and is in the key of the stream"}
		}
	}
	r.id = contentID([]byte(record))
	if len(parts) > 0 {
		r.id = joinID(parts)
	}
	if t.bookmark >= 0 {
		r.version = r.values[t.bookmark].String()
	}
	if text := extracted.String(); text != "" {
		at, err := event.ParseTime(text)
		if err != nil {
			return &RowError{Field: "time_extracted", Reason: err.Error()}
		}
		r.extracted = at
	}
	return nil
}

// free adds an event with the record as its properties, where no mapping says more. Each content of
// the record is another event.
func (s *singerSource) free(t *singerStream, name, record string, b *batch) error {
	e := &event.Event{
		Workspace: s.origin.Workspace, Source: s.origin.Source, Type: event.TypeTrack, Name: name,
		MessageID:  boundedID(t.name + "/" + t.row.id + ":" + name + ":" + contentID([]byte(record))[len("sha256:"):]),
		Properties: json.RawMessage(record),
	}
	e.Stamp(t.row.extracted, time.Time{}, s.received)
	if err := e.Validate(); err != nil {
		return &RowError{Field: name, Reason: err.Error()}
	}
	return b.add(e)
}

// activate keeps the message that all records of a stream with another version are gone. Which they
// are it does not say, and nobody here remembers: it stays an event.
func (s *singerSource) activate(t *singerStream, b *batch) error {
	version := s.raw(messageVersion)
	note := fmt.Sprintf("stream %s was replaced as a whole (version %s): records that it no longer has stay as they were", t.name, version)
	if !slices.Contains(s.replaced, note) {
		s.replaced = append(s.replaced, note)
	}
	properties := append(appendQuoted([]byte(`{"stream":`), t.name), `,"version":`...)
	t.row.id, t.row.extracted = "", time.Time{}
	return s.free(t, "singer.activate_version", string(append(append(properties, version...), '}')), b)
}

func (s *singerSource) payload() []byte { return s.lines.payload() }

// skip reads over n messages; what they say of streams holds.
func (s *singerSource) skip(ctx context.Context, n int) error {
	for s.lines.number < n {
		_, err := s.read()
		var fault *RowError
		if err != nil && !errors.As(err, &fault) {
			return err
		}
		if s.lines.number%batchRecords == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (s *singerSource) position() int { return s.lines.number }

func (s *singerSource) neverFilled() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.mappings.Streams)) {
		t := s.streams[name]
		if t == nil {
			names = append(names, name)
			continue
		}
		for _, column := range t.tree.neverFilled() {
			if slices.Contains(t.mapper.columns, column) {
				names = append(names, name+"."+column)
			}
		}
	}
	return names
}

func (s *singerSource) notes() []string { return s.replaced }
