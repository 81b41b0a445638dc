package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

// The headers of a record. The value is the record's as it is, the key is the workspace.
const (
	headerKind      = "kind"
	headerWorkspace = "workspace"
	headerSource    = "source"
	headerMessageID = "message-id"
	headerReceived  = "received-at" // RFC 3339, UTC, to the millisecond
)

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// recordOverhead is more than what Kafka's framing and the headers' names take.
const recordOverhead = 512

func recordSize(r *stream.Record) int {
	return recordOverhead + 2*len(r.Workspace) + len(r.Source) + len(r.MessageID) + len(r.Value)
}

// body is a value in memory that can be sent again.
type body struct {
	bytes.Reader
	data []byte
}

func newBody(data []byte) *body {
	b := &body{data: data}
	b.Reset(data)
	return b
}

// Close implements kafka.Bytes.
func (b *body) Close() error { return nil }

func encode(r *stream.Record) kafka.Record {
	return kafka.Record{
		Time: r.ReceivedAt, Key: newBody([]byte(r.Workspace)), Value: newBody(r.Value),
		Headers: []kafka.Header{
			{Key: headerKind, Value: []byte(r.Kind.String())},
			{Key: headerWorkspace, Value: []byte(r.Workspace)},
			{Key: headerSource, Value: []byte(r.Source)},
			{Key: headerMessageID, Value: []byte(r.MessageID)},
			{Key: headerReceived, Value: []byte(r.ReceivedAt.UTC().Format(timeFormat))},
		},
	}
}

func rewind(r *kafka.Record) {
	for _, b := range []kafka.Bytes{r.Key, r.Value} {
		if b, ok := b.(*body); ok {
			b.Reset(b.data)
		}
	}
}

// decode reads a record. One that was not written by Tributary, such as one without a kind, comes
// back as rejected, with its reason: it must not stop the partition.
func decode(id stream.Partition, r *kafka.Record) (stream.Entry, error) {
	key, err := kafka.ReadAll(r.Key)
	if err != nil {
		return stream.Entry{}, fmt.Errorf("read key: %w", err)
	}
	value, err := kafka.ReadAll(r.Value)
	if err != nil {
		return stream.Entry{}, fmt.Errorf("read value: %w", err)
	}
	e := stream.Entry{
		Position: stream.Position{Partition: id, Offset: uint64(r.Offset)},
		Record: stream.Record{
			Lane: id.Lane(), Workspace: string(key), ReceivedAt: r.Time.UTC(), Value: value,
		},
	}
	if field, reason := readHeaders(&e.Record, r.Headers); reason != "" {
		reject(&e.Record, field, reason)
	}
	return e, nil
}

// readHeaders fills in the record; it returns the header at fault and why, if one is.
func readHeaders(r *stream.Record, headers []kafka.Header) (field, reason string) {
	for _, h := range headers {
		value := string(h.Value)
		switch h.Key {
		case headerKind:
			r.Kind = parseKind(value)
		case headerWorkspace:
			r.Workspace = value
		case headerSource:
			r.Source = value
		case headerMessageID:
			r.MessageID = value
		case headerReceived:
			t, err := time.Parse(timeFormat, value)
			if err != nil {
				return headerReceived, "is not a time in RFC 3339"
			}
			r.ReceivedAt = t.UTC()
		}
	}
	if !r.Kind.Valid() {
		return headerKind, "is missing or unknown"
	}
	return "", ""
}

func parseKind(s string) stream.Kind {
	for k := stream.KindEvent; k.Valid(); k++ {
		if s == k.String() {
			return k
		}
	}
	return 0
}

// reject turns the record into one of stream.KindRejected.
func reject(r *stream.Record, field, reason string) {
	r.Kind = stream.KindRejected
	// Strings always have a JSON form: invalid UTF-8 is replaced.
	r.Value, _ = json.Marshal(struct {
		Reason  string `json:"reason"`
		Field   string `json:"field"`
		Payload string `json:"payload"`
	}{"kafka header " + field + " " + reason, field, string(r.Value)})
}
