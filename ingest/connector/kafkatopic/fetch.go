package kafkatopic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// span is what a partition holds, first <= o < end, and where a new reader begins. What belongs to a
// transaction that is not committed lies behind the end.
type span struct{ first, begin, end int64 }

// spans returns those of all partitions, by number.
func (p *Puller) spans(ctx context.Context, since time.Time) ([]span, error) {
	m, err := p.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{p.o.Topic}})
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	if err := m.Topics[0].Error; err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	var requests []kafka.OffsetRequest
	for i := range m.Topics[0].Partitions {
		requests = append(requests, kafka.FirstOffsetOf(i), kafka.LastOffsetOf(i))
		if !since.IsZero() {
			requests = append(requests, kafka.TimeOffsetOf(i, since))
		}
	}
	res, err := p.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{p.o.Topic: requests}, IsolationLevel: kafka.ReadCommitted,
	})
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	spans := make([]span, len(m.Topics[0].Partitions))
	for _, o := range res.Topics[p.o.Topic] {
		if o.Error != nil {
			return nil, fmt.Errorf("list offsets of partition %d: %w", o.Partition, o.Error)
		}
		s := span{first: max(o.FirstOffset, 0), end: max(o.LastOffset, 0)}
		s.begin = s.first
		if !since.IsZero() {
			s.begin = s.end // nothing is as new
			for offset := range o.Offsets {
				if offset >= s.first && offset < s.end {
					s.begin = min(s.begin, offset)
				}
			}
		}
		spans[o.Partition] = s
	}
	return spans, nil
}

// record is a record of the topic. A nil value is a tombstone: what has its key is deleted.
type record struct {
	Partition  int
	Offset     int64
	Time       time.Time
	Key, Value []byte
	Headers    []kafka.Header
}

// fetch returns committed records from an offset on, and the offset after all that was looked at. That
// is the same offset if what follows, up to the end of its batch, was compacted away.
func (p *Puller) fetch(ctx context.Context, partition int, from int64) ([]record, int64, error) {
	answer, err := p.request(ctx, partition, from, p.fetchBytes)
	if err != nil {
		return nil, from, err
	}
	aborted := newAborted(answer.AbortedTransactions)
	var records []record
	next := from
	for _, batch := range batches(answer) {
		keep := aborted.keeps(batch)
		for {
			r, err := batch.ReadRecord()
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			if err != nil {
				return nil, from, fmt.Errorf("decode: %w", err)
			}
			got, err := read(partition, r)
			if err != nil {
				return nil, from, fmt.Errorf("decode: %w", err)
			}
			aborted.sees(batch, got.Key)
			if got.Offset < from { // a batch comes whole
				continue
			}
			next = got.Offset + 1
			if keep {
				records = append(records, got)
			}
		}
	}
	return records, next, nil
}

func (p *Puller) request(ctx context.Context, partition int, from int64, bytes int32) (*fetch.ResponsePartition, error) {
	ctx, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	answer, err := p.transport.RoundTrip(ctx, p.client.Addr, &fetch.Request{
		ReplicaID: -1, MaxWaitTime: 1000, MinBytes: 1, MaxBytes: bytes, IsolationLevel: int8(kafka.ReadCommitted),
		SessionID: -1, SessionEpoch: -1,
		Topics: []fetch.RequestTopic{{Topic: p.o.Topic, Partitions: []fetch.RequestPartition{{
			Partition: int32(partition), CurrentLeaderEpoch: -1, FetchOffset: from, LogStartOffset: -1, PartitionMaxBytes: bytes,
		}}}},
	})
	if err != nil {
		return nil, err
	}
	res := answer.(*fetch.Response)
	if res.ErrorCode != 0 {
		return nil, kafka.Error(res.ErrorCode)
	}
	if len(res.Topics) == 0 || len(res.Topics[0].Partitions) == 0 {
		return nil, errors.New("the answer is empty")
	}
	got := &res.Topics[0].Partitions[0]
	if got.ErrorCode != 0 {
		return nil, kafka.Error(got.ErrorCode)
	}
	return got, nil
}

// batches are those of an answer, markers of transactions included, in their order.
func batches(answer *fetch.ResponsePartition) []protocol.RecordReader {
	switch r := answer.RecordSet.Records.(type) {
	case nil:
		return nil
	case *protocol.RecordStream:
		return r.Records
	default:
		return []protocol.RecordReader{r}
	}
}

func read(partition int, r *protocol.Record) (out record, err error) {
	out = record{Partition: partition, Offset: r.Offset, Time: r.Time, Headers: r.Headers}
	if r.Key != nil {
		defer func() { _ = r.Key.Close() }()
		if out.Key, err = protocol.ReadAll(r.Key); err != nil {
			return out, err
		}
	}
	if r.Value != nil {
		defer func() { _ = r.Value.Close() }()
		if out.Value, err = protocol.ReadAll(r.Value); err != nil {
			return out, err
		}
		if out.Value == nil {
			out.Value = []byte{}
		}
	}
	return out, nil
}

// skip returns the first offset behind from that is not in the same batch, by halving: kafka-go does
// not tell where a batch ends whose last records were compacted away.
func (p *Puller) skip(ctx context.Context, partition int, from, end int64) (int64, error) {
	base, err := p.base(ctx, partition, from)
	if err != nil {
		return from, err
	}
	within, step := from, int64(1)
	outside := end
	for within+step < end {
		at, err := p.base(ctx, partition, within+step)
		if err != nil {
			return from, err
		}
		if at != base {
			outside = within + step
			break
		}
		within, step = within+step, 2*step
	}
	for within+1 < outside {
		middle := within + (outside-within)/2
		at, err := p.base(ctx, partition, middle)
		if err != nil {
			return from, err
		}
		if at == base {
			within = middle
		} else {
			outside = middle
		}
	}
	return outside, nil
}

// base returns the first offset of the batch that holds an offset, or of the next one; -1 if there is
// none.
func (p *Puller) base(ctx context.Context, partition int, offset int64) (int64, error) {
	answer, err := p.request(ctx, partition, offset, 1)
	if err != nil {
		return -1, err
	}
	for _, batch := range batches(answer) {
		if b, ok := batch.(interface{ Offset() int64 }); ok {
			return b.Offset(), nil
		}
	}
	return -1, nil
}

// aborted follows the transactions that were given up: their records stand in the log, and do not
// count (read_committed, KIP-98).
type aborted struct {
	begins map[int64][]int64 // by producer, ascending
	open   map[int64]bool
}

func newAborted(transactions []fetch.ResponseTransaction) *aborted {
	a := &aborted{begins: make(map[int64][]int64), open: make(map[int64]bool)}
	for _, t := range transactions {
		a.begins[t.ProducerID] = append(a.begins[t.ProducerID], t.FirstOffset)
	}
	return a
}

const transactional = 1 << 4 // attribute of a batch

// keeps says whether the records of a batch count.
func (a *aborted) keeps(batch protocol.RecordReader) bool {
	if _, control := batch.(*protocol.ControlBatch); control {
		return false
	}
	b, ok := batch.(*protocol.RecordBatch)
	if !ok || b.Attributes&transactional == 0 {
		return true
	}
	if begins := a.begins[b.ProducerID]; len(begins) > 0 && begins[0] <= b.BaseOffset {
		a.open[b.ProducerID], a.begins[b.ProducerID] = true, begins[1:]
	}
	return !a.open[b.ProducerID]
}

// sees notes the marker that ends a transaction: the key of a control record is its version and its
// type, 0 for given up.
func (a *aborted) sees(batch protocol.RecordReader, key []byte) {
	if b, control := batch.(*protocol.ControlBatch); control && len(key) >= 4 && key[2] == 0 && key[3] == 0 {
		delete(a.open, b.ProducerID)
	}
}
