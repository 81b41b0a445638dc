// Package kafkatopic reads any topic of Apache Kafka as a source: JSON, or Avro with a schema registry.
//
// It is a connector.Puller: where it stands in each partition is its checkpoint, saved after what was
// read is durable, and no consumer group is involved. Each record becomes a document (see Document)
// that a Mapper makes events of, such as the mapping of a declarative connector.
package kafkatopic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/connector"
	log "tributary/ingest/stream/kafka"
)

// Format is how the values of a topic are written.
type Format string

// The formats.
const (
	// FormatJSON is JSON text; the five bytes that Confluent's serializers put before it are skipped.
	FormatJSON Format = "json"
	// FormatAvro is Avro's binary encoding behind the number of its schema, as Confluent's serializers
	// write it, https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format.
	FormatAvro Format = "avro"
)

// Mapper makes events of records. It is used by one goroutine at a time.
type Mapper interface {
	// Map adds what a record makes to the batch; document is the JSON of a Document. What it cannot
	// make sense of it rejects. A message id that it leaves empty becomes the record's place.
	Map(ctx context.Context, b *connector.Batch, document []byte)
}

// Options say what is read, and how.
type Options struct {
	// Brokers are addresses, host:port, of which one must answer.
	Brokers []string
	TLS     log.TLS
	SASL    log.SASL
	Topic   string
	Format  Format // default FormatJSON
	// Registry is where the schemas of FormatAvro are.
	Registry Registry
	// PageRecords is about how many records a Pull reads at most. Default 1,000.
	PageRecords int
	// Timeout bounds one request. Default 30 s.
	Timeout time.Duration
}

const (
	defaultPageRecords = 1000
	defaultTimeout     = 30 * time.Second
)

// Puller reads a topic. It implements connector.Puller.
type Puller struct {
	o         Options
	mapper    Mapper
	transport *kafka.Transport
	client    *kafka.Client
	schemas   *schemas // nil: FormatJSON
	// fetchBytes bounds one answer of Kafka, except that one batch always fits.
	fetchBytes int32
}

var _ connector.Puller = (*Puller)(nil)

// New makes a puller. It returns every fault of the options.
func New(o Options, m Mapper) (*Puller, error) {
	if o.Format == "" {
		o.Format = FormatJSON
	}
	if o.PageRecords == 0 {
		o.PageRecords = defaultPageRecords
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	transport, err := log.NewTransport(o.TLS, o.SASL, o.Timeout)
	if err != nil {
		return nil, err
	}
	transport.MetadataTopics = []string{o.Topic}
	p := &Puller{
		o: o, mapper: m, transport: transport,
		client:     &kafka.Client{Addr: kafka.TCP(o.Brokers...), Transport: transport, Timeout: o.Timeout},
		fetchBytes: 1 << 20,
	}
	if o.Format == FormatAvro {
		p.schemas = newSchemas(o.Registry, &http.Client{Timeout: o.Timeout})
	}
	return p, nil
}

func (o Options) validate() error {
	faults := []error{log.ValidateAccess(o.TLS, o.SASL)}
	check := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, errors.New(fault))
		}
	}
	check(len(o.Brokers) > 0, "brokers: must be given")
	check(o.Topic != "", "topic: must be given")
	check(o.Format == FormatJSON || o.Format == FormatAvro, "format: must be json or avro")
	check(o.Format != FormatAvro || o.Registry.URL != "", "registry_url: must be given for avro")
	check(o.PageRecords > 0, "page_records: must be at least 1")
	check(o.Timeout > 0, "timeout: must be greater than 0")
	return errors.Join(faults...)
}

// Close gives up the connections.
func (p *Puller) Close() { p.transport.CloseIdleConnections() }

// checkpoint is the next offset of each partition.
type checkpoint struct {
	Offsets map[int]int64 `json:"offsets"`
}

// Pull implements connector.Puller. A partition that is not in the checkpoint begins at its first
// record, or, at the beginning, with what was written since the position's time.
func (p *Puller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	page, err := p.pull(ctx, from)
	if err != nil {
		return connector.Page{}, fmt.Errorf("topic %s: %w", p.o.Topic, err)
	}
	return page, nil
}

func (p *Puller) pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	at := checkpoint{Offsets: make(map[int]int64)}
	since := from.Since
	if from.Checkpoint != nil {
		since = time.Time{}
		if err := json.Unmarshal(from.Checkpoint, &at); err != nil {
			return connector.Page{}, fmt.Errorf("read checkpoint: %w", err)
		}
	}
	spans, err := p.spans(ctx, since)
	if err != nil {
		return connector.Page{}, err
	}
	var page connector.Page
	waiting, err := p.begin(&page.Batch, at, spans)
	if err != nil {
		return connector.Page{}, err
	}
	for _, partition := range waiting {
		share := max(1, p.o.PageRecords/len(waiting))
		next, err := p.read(ctx, &page.Batch, partition, at.Offsets[partition], spans[partition].end, share)
		if err != nil {
			return connector.Page{}, fmt.Errorf("read partition %d at offset %d: %w", partition, at.Offsets[partition], err)
		}
		at.Offsets[partition] = next
		page.More = page.More || next < spans[partition].end
	}
	page.Checkpoint = connector.JSON(at)
	return page, nil
}

// begin gives each partition its place, and returns those that have records to read.
func (p *Puller) begin(b *connector.Batch, at checkpoint, spans []span) (waiting []int, err error) {
	for partition, s := range spans {
		next, known := at.Offsets[partition]
		switch {
		case !known:
			next = s.begin
		case next < s.first:
			p.rejectGap(b, partition, next, s.first)
			next = s.first
		case next > s.end:
			return nil, fmt.Errorf("partition %d ends at offset %d, but %d were read: if the topic was made anew, read it as a source of another name", partition, s.end, next)
		}
		at.Offsets[partition] = next
		if next < s.end {
			waiting = append(waiting, partition)
		}
	}
	return waiting, nil
}

// read reads a partition until it has read enough records, or all, and returns where to go on.
func (p *Puller) read(ctx context.Context, b *connector.Batch, partition int, from, end int64, limit int) (int64, error) {
	for read := 0; from < end && read < limit; {
		records, next, err := p.fetch(ctx, partition, from)
		if err != nil {
			return from, err
		}
		for i := range records {
			if read == limit {
				return records[i].Offset, nil
			}
			if err := p.record(ctx, b, &records[i]); err != nil {
				return from, err
			}
			read++
		}
		if next == from {
			if next, err = p.skip(ctx, partition, from, end); err != nil {
				return from, err
			}
		}
		from = next
	}
	return from, nil
}
