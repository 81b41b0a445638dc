package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// source is what the log remembers of a source.
type source struct {
	stream.SourceKey
	shard uint16
	days  map[stream.Day]*counter
	last  *counter // of the day that was asked for last
}

// counter is how many records of a source were received on one day.
type counter struct {
	day     stream.Day
	key     []byte
	count   uint64 // records given an offset; the appender's alone
	durable uint64 // under sources.mu
	touched bool   // in the batch that is being built
}

// sources counts records by source and day. The appender alone adds to the maps.
type sources struct {
	mu    sync.RWMutex
	byKey map[stream.SourceKey]*source

	shards int
}

func (s *sources) load(db *pebble.DB, shards int) error {
	s.shards = shards
	s.byKey = make(map[stream.SourceKey]*source)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixCounter}, UpperBound: []byte{prefixCounter + 1}})
	if err != nil {
		return fmt.Errorf("read counters: %w", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		err = s.loadOne(it.Key(), it.Value())
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return fmt.Errorf("read counters: %w", err)
	}
	return nil
}

func (s *sources) loadOne(key, value []byte) error {
	k, err := decodeCounterKey(key)
	if err != nil {
		return err
	}
	if len(value) != 8 {
		return ErrFormat
	}
	c := s.on(s.get(k.Workspace, k.Source), k.Day)
	c.count = binary.BigEndian.Uint64(value)
	c.durable = c.count
	return nil
}

// get returns the source, made if need be. The names may be cut from a large buffer, so copies are
// kept.
func (s *sources) get(workspace, name string) *source {
	k := stream.SourceKey{Workspace: workspace, Source: name}
	if src := s.byKey[k]; src != nil {
		return src
	}
	k = stream.SourceKey{Workspace: strings.Clone(workspace), Source: strings.Clone(name)}
	src := &source{SourceKey: k, shard: stream.Shard(workspace, name, s.shards), days: map[stream.Day]*counter{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey[k] = src
	return src
}

// on returns the source's counter of a day, made if need be.
func (s *sources) on(src *source, day stream.Day) *counter {
	if src.last != nil && src.last.day == day {
		return src.last
	}
	c := src.days[day]
	if c == nil {
		c = &counter{day: day, key: counterKey(stream.SourceDay{SourceKey: src.SourceKey, Day: day})}
		s.mu.Lock()
		defer s.mu.Unlock()
		src.days[day] = c
	}
	src.last = c
	return c
}

// publish makes a group that is on disk visible: what it counts together with its records.
func (s *sources) publish(g *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range g.counters {
		c.counter.durable = c.count
	}
	for _, p := range g.partitions {
		p.partition.publish(p.next)
	}
}

func (s *sources) received(partitions []*partition) *stream.Received {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := &stream.Received{Counts: map[stream.SourceDay]uint64{}, Next: map[stream.Partition]uint64{}}
	for k, src := range s.byKey {
		for day, c := range src.days {
			if c.durable > 0 {
				r.Counts[stream.SourceDay{SourceKey: k, Day: day}] = c.durable
			}
		}
	}
	for _, p := range partitions {
		r.Next[p.id] = p.info().Next
	}
	return r
}
