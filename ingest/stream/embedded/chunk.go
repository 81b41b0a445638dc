package embedded

import (
	"time"

	"tributary/ingest/stream"
)

const (
	// maxScratch is the largest buffer that a reader keeps between two calls.
	maxScratch = 2 << 20
	// maxInterned is how many different names a reader remembers.
	maxInterned = 4096
)

// chunk gathers the records of one Next. They are copied to scratch first, and from there into one
// buffer of the right size for all values and one string for all message ids: two allocations
// instead of two for each record.
type chunk struct {
	values, messages []byte
	headers          []header
	names            map[string]string
}

type header struct {
	kind                 stream.Kind
	received             time.Time
	workspace, source    string
	valueEnd, messageEnd int
}

func (c *chunk) reset() {
	if cap(c.values) > maxScratch {
		c.values = nil
	}
	if c.names == nil || len(c.names) > maxInterned {
		c.names = make(map[string]string)
	}
	c.values, c.messages, c.headers = c.values[:0], c.messages[:0], c.headers[:0]
}

func (c *chunk) size() int { return len(c.values) }

func (c *chunk) add(value []byte) error {
	f, err := decodeFrame(value)
	if err != nil {
		return err
	}
	c.values = append(c.values, f.value...)
	c.messages = append(c.messages, f.message...)
	c.headers = append(c.headers, header{
		kind: f.kind, received: f.receivedAt(),
		workspace: c.intern(f.workspace), source: c.intern(f.source),
		valueEnd: len(c.values), messageEnd: len(c.messages),
	})
	return nil
}

func (c *chunk) intern(name []byte) string {
	s, ok := c.names[string(name)]
	if !ok {
		s = string(name)
		c.names[s] = s
	}
	return s
}

// entries returns what was added, with offsets from the given one on.
func (c *chunk) entries(id stream.Partition, offset uint64) []stream.Entry {
	values := append(make([]byte, 0, len(c.values)), c.values...)
	messages := string(c.messages)
	entries := make([]stream.Entry, len(c.headers))
	var v, m int
	for i, h := range c.headers {
		entries[i] = stream.Entry{
			Position: stream.Position{Partition: id, Offset: offset + uint64(i)},
			Record: stream.Record{
				Lane: id.Lane(), Kind: h.kind, ReceivedAt: h.received,
				Workspace: h.workspace, Source: h.source, MessageID: messages[m:h.messageEnd],
				Value: values[v:h.valueEnd:h.valueEnd],
			},
		}
		v, m = h.valueEnd, h.messageEnd
	}
	return entries
}
