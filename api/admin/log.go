package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"tributary/api/problem"
	"tributary/ingest/stream"
)

// Log is the log, to be read; stream.Log is one.
type Log interface {
	Partitions(ctx context.Context) ([]stream.PartitionInfo, error)
	Reader(p stream.Partition, from uint64) (stream.Reader, error)
}

// logTrimmed is the problem of offsets that the log has forgotten.
var logTrimmed = problem.Kind{Name: "log-trimmed", Status: http.StatusGone, Title: "The log no longer holds these records"}

func (h *handlers) partitions(r *http.Request) ([]stream.PartitionInfo, error) {
	infos, err := h.Log.Partitions(r.Context())
	return append([]stream.PartitionInfo{}, infos...), err
}

// wireEntry is a stream.Entry as the socket carries it.
type wireEntry struct {
	Offset uint64     `json:"offset"`
	Record wireRecord `json:"record"`
}

// readLog returns some records of a partition; it does not wait for more.
func (h *handlers) readLog(r *http.Request) ([]wireEntry, error) {
	number := func(name string, bits int) (uint64, error) {
		n, err := strconv.ParseUint(r.URL.Query().Get(name), 10, bits)
		if err != nil {
			return 0, problem.Field(name, "must be a whole number")
		}
		return n, nil
	}
	partition, err := number("partition", 32)
	if err != nil {
		return nil, err
	}
	from, err := number("from", 64)
	if err != nil {
		return nil, err
	}
	limit, err := number("limit", 16)
	if err == nil && limit == 0 {
		err = problem.Field("limit", "must be more than 0")
	}
	if err != nil {
		return nil, err
	}
	infos, err := h.Log.Partitions(r.Context())
	if err != nil {
		return nil, err
	}
	for _, info := range infos {
		if info.ID == stream.Partition(partition) && from < info.Next {
			return h.readEntries(r.Context(), info.ID, from, int(min(limit, info.Next-from)))
		}
	}
	return nil, problem.Field("from", "is beyond the end of the partition")
}

func (h *handlers) readEntries(ctx context.Context, p stream.Partition, from uint64, limit int) ([]wireEntry, error) {
	reader, err := h.Log.Reader(p, from)
	if err != nil {
		return nil, err
	}
	entries, err := reader.Next(ctx, limit)
	if err := errors.Join(err, reader.Close()); err != nil {
		return nil, err
	}
	wire := make([]wireEntry, len(entries))
	for i, e := range entries {
		wire[i] = wireEntry{e.Offset, wireRecord(e.Record)}
	}
	return wire, nil
}

// RemoteLog reads the log of the server, for programs that cannot open it because the server has it open.
// Its readers do not wait at the end of a partition: what is not there is an error.
type RemoteLog struct{ client *Client }

// Log returns the server's log.
func (c *Client) Log() RemoteLog { return RemoteLog{c} }

// Partitions lists all partitions, ordered by ID.
func (l RemoteLog) Partitions(ctx context.Context) ([]stream.PartitionInfo, error) {
	return call[[]stream.PartitionInfo](ctx, l.client, http.MethodGet, "log/partitions", nil, nil)
}

// Reader reads one partition from an offset on.
func (l RemoteLog) Reader(p stream.Partition, from uint64) (stream.Reader, error) {
	return &remoteReader{l.client, p, from}, nil
}

type remoteReader struct {
	client    *Client
	partition stream.Partition
	next      uint64
}

func (r *remoteReader) Next(ctx context.Context, limit int) ([]stream.Entry, error) {
	wire, err := call[[]wireEntry](ctx, r.client, http.MethodGet, "log/records", url.Values{
		"partition": {strconv.FormatUint(uint64(r.partition), 10)}, "from": {strconv.FormatUint(r.next, 10)}, "limit": {strconv.Itoa(limit)},
	}, nil)
	if err != nil {
		return nil, err
	}
	entries := make([]stream.Entry, len(wire))
	for i, e := range wire {
		entries[i] = stream.Entry{Position: stream.Position{Partition: r.partition, Offset: e.Offset}, Record: stream.Record(e.Record)}
		r.next = e.Offset + 1
	}
	return entries, nil
}

func (r *remoteReader) Close() error { return nil }
