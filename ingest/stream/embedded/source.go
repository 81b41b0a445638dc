package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// source is what the log remembers of a source.
type source struct {
	key     []byte
	count   uint64 // records given an offset; the appender's alone
	durable atomic.Uint64
	shard   uint16
	touched bool // in the batch that is being built
}

// sources counts records by source. The appender alone adds to the map.
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
	n := binary.BigEndian.Uint64(value)
	src := s.add(k)
	src.count = n
	src.durable.Store(n)
	return nil
}

// get returns the source, made if need be.
func (s *sources) get(workspace, name string) *source {
	k := stream.SourceKey{Workspace: workspace, Source: name}
	if src := s.byKey[k]; src != nil {
		return src
	}
	return s.add(k)
}

// add makes a source. The strings may be cut from a large buffer, so copies are kept.
func (s *sources) add(k stream.SourceKey) *source {
	k = stream.SourceKey{Workspace: strings.Clone(k.Workspace), Source: strings.Clone(k.Source)}
	src := &source{key: counterKey(k), shard: stream.Shard(k.Workspace, k.Source, s.shards)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey[k] = src
	return src
}

func (s *sources) received() map[stream.SourceKey]uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counts := make(map[stream.SourceKey]uint64, len(s.byKey))
	for k, src := range s.byKey {
		if n := src.durable.Load(); n > 0 {
			counts[k] = n
		}
	}
	return counts
}
