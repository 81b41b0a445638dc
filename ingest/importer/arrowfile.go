package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// The two formats of Arrow (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc):
// a file begins with its name, a stream with a continuation.
var (
	magicArrowFile   = []byte("ARROW1")
	magicArrowStream = []byte{0xff, 0xff, 0xff, 0xff}
)

const errNotArrow = "is neither a file nor a stream of Arrow IPC"

// openArrowFile opens Arrow's file format.
func openArrowFile(r ipc.ReadAtSeeker, columns []string) (*arrowTable, error) {
	b := &fileBatches{}
	err := guarded(func() (err error) {
		b.file, err = ipc.NewFileReader(r, ipc.WithAllocator(&boundedMemory{}))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot be read as an Arrow file; is it whole? %w", err)
	}
	paths, err := bindArrow(b.file.Schema(), columns)
	return &arrowTable{batches: b, columns: columns, paths: paths}, err
}

// fileBatches are the record batches of an Arrow file, in their order.
type fileBatches struct {
	file *ipc.FileReader
	read int // record batches
}

func (b *fileBatches) next() (rows arrow.Record, err error) {
	if b.read >= b.file.NumRecords() {
		return nil, io.EOF
	}
	err = guarded(func() (err error) {
		rows, err = b.file.Record(b.read)
		return notEOF(err)
	})
	b.read++
	return rows, err
}

// notEOF keeps an end in the middle of something from passing for the end of the rows.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip leaves out nothing: how many rows a record batch has is in itself alone.
func (b *fileBatches) skip(int) (int, error) { return 0, nil }

func (b *fileBatches) share() (read, total int64) {
	return int64(b.read), int64(b.file.NumRecords())
}

// openArrowStream opens Arrow's stream format.
func openArrowStream(r io.Reader, columns []string) (*arrowTable, error) {
	buffered := bufio.NewReaderSize(r, 1<<20)
	b := &streamBatches{from: buffered}
	if magic, err := buffered.Peek(len(magicArrowStream)); err != nil || !bytes.Equal(magic, magicArrowStream) {
		return nil, errors.New(errNotArrow)
	}
	err := guarded(func() (err error) {
		b.stream, err = ipc.NewReader(buffered, ipc.WithAllocator(&boundedMemory{}))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot be read as an Arrow stream; is it whole? %w", err)
	}
	paths, err := bindArrow(b.stream.Schema(), columns)
	return &arrowTable{batches: b, columns: columns, paths: paths}, err
}

// streamBatches are the record batches of an Arrow stream.
type streamBatches struct {
	from   *bufio.Reader
	stream *ipc.Reader
}

func (b *streamBatches) next() (rows arrow.Record, err error) {
	err = guarded(func() error {
		if b.stream.Next() {
			rows = b.stream.Record()
			return nil
		}
		return b.stream.Err()
	})
	if err == nil && rows == nil {
		err = io.EOF
	}
	return rows, err
}

func (b *streamBatches) skip(int) (int, error) { return 0, nil }
func (b *streamBatches) share() (_, _ int64)   { return 0, 0 }
