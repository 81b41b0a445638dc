package kafka

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

// ErrUncounted is returned by Received when records were deleted that were never counted, as a
// retention does. It wraps stream.ErrTrimmed.
var ErrUncounted = fmt.Errorf("kafka log: records were deleted before they were counted: %w", stream.ErrTrimmed)

const (
	countChunk = 4096    // records read at a time
	countEvery = 100_000 // records counted until what came of it is written down
)

// ledger counts records by source and day, by reading the log from where it was counted to its end.
// What it found is kept in a compacted topic, one record a partition: how many of each lie before an
// offset. That is a function of the partition alone, so whoever counts comes to the same, and no two
// who write it down can contradict each other.
type ledger struct {
	log *Log

	mu     sync.Mutex
	loaded bool
	pages  map[stream.Partition]*page
}

// page is what is known of a partition.
type page struct {
	next    uint64 // counted up to here
	written uint64 // written down up to here
	counts  map[stream.SourceDay]uint64
}

// Received implements stream.Counter: it counts what came since the last time, so that the first call
// of a process takes longer. An interrupted one goes on where it was. It fails with ErrUncounted.
func (l *Log) Received(ctx context.Context) (*stream.Received, error) {
	infos, err := l.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	c := &l.ledger
	c.mu.Lock()
	defer c.mu.Unlock()
	received := &stream.Received{Counts: make(map[stream.SourceDay]uint64), Next: make(map[stream.Partition]uint64)}
	for _, info := range infos {
		p, err := c.count(ctx, info, info.Next)
		if err != nil {
			return nil, l.translate(ctx, "count", err)
		}
		received.Next[info.ID] = p.next
		for key, n := range p.counts {
			received.Counts[key] += n
		}
	}
	return received, nil
}

// forget counts what is about to be deleted, and writes it down.
func (c *ledger) forget(ctx context.Context, info stream.PartitionInfo, before uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.count(ctx, info, before)
	if errors.Is(err, ErrUncounted) {
		return nil // the figure is lost already: that must not fill the disk
	}
	if err != nil || p.written >= before {
		return err
	}
	return c.write(info.ID, p)
}

// count reads a partition up to an offset and returns its page.
func (c *ledger) count(ctx context.Context, info stream.PartitionInfo, to uint64) (*page, error) {
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	p := c.pages[info.ID]
	if p == nil {
		p = &page{counts: make(map[stream.SourceDay]uint64)}
		c.pages[info.ID] = p
	}
	if p.next < info.First {
		return nil, fmt.Errorf("%w: partition %d begins at %d, counted up to %d", ErrUncounted, info.ID, info.First, p.next)
	}
	if p.next >= to {
		return p, nil
	}
	r, err := c.log.Reader(info.ID, p.next)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	for p.next < to {
		entries, err := r.Next(ctx, countChunk)
		if err != nil {
			return nil, err
		}
		p.add(entries, to)
		if p.next-p.written >= countEvery {
			if err := c.write(info.ID, p); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// add counts the entries that lie before an offset.
func (p *page) add(entries []stream.Entry, to uint64) {
	for i := range entries {
		e := &entries[i]
		if e.Offset >= to {
			p.next = to
			return
		}
		if e.Kind.Counted() {
			p.counts[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: e.Workspace, Source: e.Source}, Day: stream.DayOf(e.ReceivedAt)}]++
		}
		p.next = e.Offset + 1
	}
}

// countsRecord is the form of a page in the topic; its key is the partition's number.
type countsRecord struct {
	Partition stream.Partition `json:"partition"`
	Next      uint64           `json:"next"`
	Sources   []sourceCount    `json:"sources"`
}

type sourceCount struct {
	Workspace string                `json:"workspace"`
	Source    string                `json:"source"`
	Days      map[stream.Day]uint64 `json:"days"` // by days since 1970-01-01
}

func (p *page) record(id stream.Partition) countsRecord {
	record := countsRecord{Partition: id, Next: p.next, Sources: []sourceCount{}}
	at := make(map[stream.SourceKey]int)
	for key, n := range p.counts {
		i, ok := at[key.SourceKey]
		if !ok {
			i = len(record.Sources)
			at[key.SourceKey] = i
			record.Sources = append(record.Sources, sourceCount{key.Workspace, key.Source, make(map[stream.Day]uint64)})
		}
		record.Sources[i].Days[key.Day] = n
	}
	slices.SortFunc(record.Sources, func(a, b sourceCount) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Source, b.Source))
	})
	return record
}

func (r *countsRecord) page() *page {
	p := &page{next: r.Next, written: r.Next, counts: make(map[stream.SourceDay]uint64)}
	for _, s := range r.Sources {
		for day, n := range s.Days {
			p.counts[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: s.Workspace, Source: s.Source}, Day: day}] = n
		}
	}
	return p
}

func (c *ledger) write(id stream.Partition, p *page) error {
	value, err := json.Marshal(p.record(id))
	if err != nil {
		return fmt.Errorf("write counts: %w", err)
	}
	key := strconv.FormatUint(uint64(id), 10)
	err = c.log.retry(c.log.ctx, "write counts", func() error {
		_, err := c.log.produceOnce(c.log.countsTopic(), 0, []kafka.Record{{Key: newBody([]byte(key)), Value: newBody(value)}})
		return err
	})
	if err == nil {
		p.written = p.next
	}
	return err
}

// load reads what was written down, once. Of a partition what was counted furthest stands.
func (c *ledger) load(ctx context.Context) error {
	if c.loaded {
		return nil
	}
	pages := make(map[stream.Partition]*page)
	err := c.log.readTopic(ctx, c.log.countsTopic(), func(value []byte) error {
		var record countsRecord
		if err := json.Unmarshal(value, &record); err != nil {
			return fmt.Errorf("a record of topic %s is not what Tributary writes: %w", c.log.countsTopic(), err)
		}
		if old := pages[record.Partition]; old == nil || old.next < record.Next {
			pages[record.Partition] = record.page()
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.pages, c.loaded = pages, true
	return nil
}

// readTopic calls f for each value of a topic's one partition, from its first record to what is its
// end now. What could not be asked for is asked for again, so that f may meet a value twice.
func (l *Log) readTopic(ctx context.Context, topic string, f func(value []byte) error) error {
	return l.retry(ctx, "read counts", func() error {
		ctx, end, err := l.begin(ctx)
		if err != nil {
			return err
		}
		defer end()
		res, err := l.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
			topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)},
		}})
		if err != nil {
			return err
		}
		p := res.Topics[topic][0]
		if p.Error != nil {
			return p.Error
		}
		for offset := max(p.FirstOffset, 0); offset < p.LastOffset; {
			if offset, err = l.readSome(ctx, topic, offset, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// readSome reads what one answer holds, and returns where the next begins.
func (l *Log) readSome(ctx context.Context, topic string, offset int64, f func(value []byte) error) (int64, error) {
	res, err := l.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: topic, Offset: offset, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: longPoll,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return offset, err
	}
	for {
		r, err := res.Records.ReadRecord()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return offset, nil
		}
		if err != nil {
			return offset, err
		}
		value, err := kafka.ReadAll(r.Value)
		if err != nil {
			return offset, err
		}
		if r.Offset >= offset {
			if err := f(value); err != nil {
				return offset, err
			}
			offset = r.Offset + 1
		}
	}
}
