package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// recordBatches yields the rows of a file in parts.
type recordBatches interface {
	// next returns rows that are valid until it is called again, and io.EOF after the last.
	next() (arrow.Record, error)
	// skip leaves out as many whole parts as have no more than n rows, and returns how many rows
	// these were.
	skip(n int) (int, error)
	// share is which part of the file was read, of how much.
	share() (read, total int64)
}

// arrowTable is a file that is read in record batches: Parquet, Arrow.
type arrowTable struct {
	batches recordBatches
	columns []string
	paths   []arrowPath
	rows    arrow.Record
	cells   []cells // of rows
	index   int     // in rows, of the next one
	number  int
	last    []value // as read, for payload
}

// bindArrow finds the wanted columns in a schema.
func bindArrow(schema *arrow.Schema, columns []string) ([]arrowPath, error) {
	var faults []error
	paths := make([]arrowPath, len(columns))
	for i, column := range columns {
		var ok bool
		if paths[i], ok = findPath(schema.Fields(), column); !ok {
			faults = append(faults, missingColumn(column))
		}
	}
	if len(faults) > 0 {
		var names []string
		for _, f := range schema.Fields() {
			names = append(names, f.Name)
		}
		faults = append(faults, fmt.Errorf("the file has the columns %q", names))
	}
	return paths, errors.Join(faults...)
}

func (t *arrowTable) read(values []value) error {
	for t.rows == nil || t.index == int(t.rows.NumRows()) {
		if err := t.load(); err != nil {
			return err
		}
	}
	i := t.index
	t.index++
	t.number++
	t.last = values
	clear(values)
	var fault error
	for k, read := range t.cells {
		v, err := read(i)
		if err != nil && fault == nil {
			fault = &RowError{Field: t.columns[k], Reason: err.Error()}
		}
		values[k] = v
	}
	return fault
}

// load brings in the next record batch.
func (t *arrowTable) load() error {
	rows, err := t.batches.next()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("after row %d: %w", t.number, err)
		}
		return err
	}
	t.rows, t.index, t.cells = rows, 0, t.cells[:0]
	for i := range t.paths {
		t.cells = append(t.cells, t.paths[i].cells(rows))
	}
	return nil
}

func (t *arrowTable) skip(ctx context.Context, n int) error {
	done, err := t.batches.skip(n)
	if err != nil {
		return err
	}
	t.number = done
	for t.number < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.load(); err != nil {
			return err
		}
		t.index = min(n-t.number, int(t.rows.NumRows()))
		t.number += t.index
	}
	return nil
}

// payload is an object of the columns that the mapping names.
func (t *arrowTable) payload() []byte {
	to := []byte{'{'}
	for i := range t.last {
		if i > 0 {
			to = append(to, ',')
		}
		to = t.last[i].appendJSON(append(appendQuoted(to, t.columns[i]), ':'))
	}
	return append(to, '}')
}

func (t *arrowTable) at() (number, line int) { return t.number, 0 }

// maxBatchBytes bounds one buffer of a record batch, page or dictionary: a file that says that it has
// more is broken, or was written in parts that are too large to read.
const maxBatchBytes = 1 << 30

// boundedMemory is Go's memory, but not in pieces of any size: what sizes a file tells is not true
// until it was read.
type boundedMemory struct{ memory.GoAllocator }

func (m *boundedMemory) Allocate(size int) []byte {
	checkSize(size)
	return m.GoAllocator.Allocate(size)
}

func (m *boundedMemory) Reallocate(size int, b []byte) []byte {
	checkSize(size)
	return m.GoAllocator.Reallocate(size, b)
}

var errLargeBatch = fmt.Errorf("has a record batch, or page, of more than %d MiB; write it in smaller ones", maxBatchBytes>>20)

func checkSize(size int) {
	if size < 0 || size > maxBatchBytes {
		panic(errLargeBatch) // the library returns no error; guarded takes it
	}
}

// guarded runs f; the library panics at what is broken in a file.
func guarded(f func() error) (err error) {
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case error:
			if err = fmt.Errorf("the file is broken: %w", fault); errors.Is(fault, errLargeBatch) {
				err = fault
			}
		default:
			err = fmt.Errorf("the file is broken: %v", fault)
		}
	}()
	return f()
}
