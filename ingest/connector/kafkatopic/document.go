package kafkatopic

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"tributary/ingest/connector"
)

// Document is what a Mapper sees of a record, as JSON.
type Document struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	// Timestamp is when the producer wrote it, or the broker, as the topic is set.
	Timestamp string `json:"timestamp,omitempty"`
	// Key is the text of the key, what its schema makes of it, or base64 if it is neither.
	Key     json.RawMessage   `json:"key,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Value is null in a tombstone, which says that what has this key is deleted.
	Value   json.RawMessage `json:"value"`
	Deleted bool            `json:"deleted,omitempty"`
}

const timeFormat = "2006-01-02T15:04:05.000Z"

// place names a record for ever: topic/partition/offset.
func (p *Puller) place(r *record) string {
	return fmt.Sprintf("%s/%d/%d", p.o.Topic, r.Partition, r.Offset)
}

// record adds what a record makes. An error is one of the registry: the record is as good as unread.
func (p *Puller) record(ctx context.Context, b *connector.Batch, r *record) error {
	document, err := p.document(ctx, r)
	var fault *Fault
	if errors.As(err, &fault) {
		b.Reject(p.place(r), fault.Field, fault.Reason, p.payload(r))
		return nil
	}
	if err != nil {
		return err
	}
	events, rejected := len(b.Events), len(b.Rejected)
	p.mapper.Map(ctx, b, document)
	for i := range b.Events[events:] {
		e := &b.Events[events+i]
		if e.MessageID == "" {
			e.MessageID = p.place(r)
			if i > 0 {
				e.MessageID += fmt.Sprintf("/%d", i)
			}
		}
		if e.OriginalAt.IsZero() && r.Time.Unix() > 0 {
			e.OriginalAt = r.Time.UTC()
		}
	}
	for i := range b.Rejected[rejected:] {
		if part := &b.Rejected[rejected+i]; part.ID == "" {
			part.ID = p.place(r)
		}
	}
	return nil
}

// Fault is why a record cannot be read. It repeats nothing of it.
type Fault struct{ Field, Reason string }

// Error names the field.
func (f *Fault) Error() string { return f.Field + ": " + f.Reason }

func (p *Puller) document(ctx context.Context, r *record) ([]byte, error) {
	d := Document{Topic: p.o.Topic, Partition: r.Partition, Offset: r.Offset, Deleted: r.Value == nil}
	if r.Time.Unix() > 0 {
		d.Timestamp = r.Time.UTC().Format(timeFormat)
	}
	var err error
	if d.Key, err = p.key(ctx, r.Key); err != nil {
		return nil, err
	}
	if !d.Deleted {
		if d.Value, err = p.value(ctx, r.Value); err != nil {
			return nil, err
		}
	}
	for _, h := range r.Headers {
		if d.Headers == nil {
			d.Headers = make(map[string]string)
		}
		d.Headers[h.Key] = text(h.Value)
	}
	document, err := json.Marshal(d)
	if err != nil {
		return nil, &Fault{"value", "is not JSON"}
	}
	return document, nil
}

// framed says whether data begins with a zero and the number of a schema.
func framed(data []byte) bool { return len(data) >= 5 && data[0] == 0 }

func (p *Puller) value(ctx context.Context, data []byte) (json.RawMessage, error) {
	if p.schemas != nil {
		return p.schemas.json(ctx, "value", data)
	}
	if framed(data) {
		data = data[5:]
	}
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, &Fault{"value", "is not JSON"}
	}
	return bytes.TrimSpace(data), nil
}

// key is never a reason to reject a record: what a schema does not explain is text or base64.
func (p *Puller) key(ctx context.Context, data []byte) (json.RawMessage, error) {
	if data == nil {
		return nil, nil
	}
	if p.schemas != nil && framed(data) {
		key, err := p.schemas.json(ctx, "key", data)
		if fault := new(Fault); !errors.As(err, &fault) {
			return key, err
		}
	}
	return connector.JSON(text(data)), nil
}

// text is data as it is, or in base64 if it is no text.
func text(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// payload is what the quarantine keeps of a record that cannot be read.
func (p *Puller) payload(r *record) []byte {
	return connector.JSON(struct {
		Topic     string    `json:"topic"`
		Partition int       `json:"partition"`
		Offset    int64     `json:"offset"`
		Timestamp time.Time `json:"timestamp"`
		Key       string    `json:"key"`
		Value     string    `json:"value"`
	}{p.o.Topic, r.Partition, r.Offset, r.Time.UTC(), text(r.Key), text(r.Value)})
}

// rejectGap tells of records that were deleted from the topic before they were read.
func (p *Puller) rejectGap(b *connector.Batch, partition int, from, to int64) {
	b.Reject(fmt.Sprintf("%s/%d/%d-%d", p.o.Topic, partition, from, to-1), "offset", "records were deleted from the topic before they were read",
		connector.JSON(map[string]any{"topic": p.o.Topic, "partition": partition, "first_offset": from, "last_offset": to - 1}))
}
