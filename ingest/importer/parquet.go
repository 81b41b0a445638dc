package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

var magicParquet = []byte("PAR1")

// What is read of a row group at once: as many rows, or about as many bytes.
const (
	parquetRows  = 4096
	parquetBytes = 4 << 20
)

// openParquet opens a Parquet file, of which only the wanted columns are read.
func openParquet(r parquet.ReaderAtSeeker, columns []string) (*arrowTable, error) {
	b := &parquetBatches{}
	var paths []arrowPath
	err := guarded(func() (err error) {
		paths, err = b.open(r, columns)
		return err
	})
	return &arrowTable{batches: b, columns: columns, paths: paths}, err
}

// parquetBatches are the rows of a Parquet file, row group after row group.
type parquetBatches struct {
	reader *pqarrow.FileReader
	leaves []int // columns of the file that are read
	group  int   // the next row group
	rows   pqarrow.RecordReader
	left   int64 // rows of the row group that were not read
	read   int64
	total  int64
}

func (b *parquetBatches) open(r parquet.ReaderAtSeeker, columns []string) ([]arrowPath, error) {
	magic := make([]byte, len(magicParquet))
	if _, err := r.ReadAt(magic, 0); err != nil || !bytes.Equal(magic, magicParquet) {
		return nil, errors.New("is not a Parquet file: it does not begin with PAR1")
	}
	var mem memory.Allocator = &boundedMemory{}
	properties := parquet.NewReaderProperties(mem)
	properties.BufferedStreamEnabled = true // a page at a time, not a column of a row group
	properties.BufferSize = 64 << 10
	parts, err := file.NewParquetReader(r, file.WithReadProps(properties))
	if err != nil {
		return nil, fmt.Errorf("cannot be read as a Parquet file; was it written to its end? %w", err)
	}
	if b.reader, err = pqarrow.NewFileReader(parts, pqarrow.ArrowReadProperties{}, mem); err != nil {
		return nil, err
	}
	names, err := b.reader.Schema()
	if err != nil {
		return nil, err
	}
	paths, err := bindArrow(names, columns)
	if err != nil {
		return nil, err
	}
	for i := range paths {
		b.addLeaves(&paths[i], parts.MetaData().Schema)
	}
	b.total = parts.NumRows()
	return paths, nil
}

// addLeaves adds the columns of the file that lie under a path.
func (b *parquetBatches) addLeaves(path *arrowPath, columns *schema.Schema) {
	fields := b.reader.Manifest.Fields
	var at *pqarrow.SchemaField
	for _, name := range path.names {
		for i := range fields {
			if fields[i].Field.Name == name {
				at = &fields[i]
				break
			}
		}
		fields = at.Children
	}
	if len(at.Children) == 0 {
		_, logical := columns.Column(at.ColIndex).LogicalType().(schema.UUIDLogicalType)
		path.uuid = path.uuid || logical
	}
	b.leaves = appendLeaves(b.leaves, at)
}

func appendLeaves(to []int, at *pqarrow.SchemaField) []int {
	if len(at.Children) == 0 { // IsLeaf says so of lists, too
		return append(to, at.ColIndex)
	}
	for i := range at.Children {
		to = appendLeaves(to, &at.Children[i])
	}
	return to
}

func (b *parquetBatches) next() (rows arrow.Record, err error) {
	err = guarded(func() (err error) {
		rows, err = b.nextOf()
		return err
	})
	return rows, err
}

func (b *parquetBatches) nextOf() (arrow.Record, error) {
	for b.left == 0 {
		if b.group == b.groups() {
			return nil, io.EOF
		}
		if err := b.openGroup(); err != nil {
			return nil, err
		}
	}
	if !b.rows.Next() {
		if err := notEOF(b.rows.Err()); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the file is broken: %d rows of row group %d are missing", b.left, b.group)
	}
	rows := b.rows.Record()
	b.left -= rows.NumRows()
	b.read += rows.NumRows()
	if b.left < 0 {
		return nil, fmt.Errorf("the file is broken: row group %d has more rows than it says", b.group)
	}
	return rows, nil
}

func (b *parquetBatches) groups() int { return b.reader.ParquetReader().NumRowGroups() }

func (b *parquetBatches) groupRows() int64 {
	return b.reader.ParquetReader().MetaData().RowGroup(b.group).NumRows()
}

// openGroup begins the next row group.
func (b *parquetBatches) openGroup() (err error) {
	if b.rows != nil {
		b.rows.Release()
		b.rows = nil
	}
	b.left = b.groupRows()
	rowBytes := b.reader.ParquetReader().MetaData().RowGroup(b.group).TotalByteSize() / max(1, b.left)
	b.reader.Props.BatchSize = min(parquetRows, max(1, parquetBytes/max(1, rowBytes)))
	b.rows, err = b.reader.GetRecordReader(context.Background(), b.leaves, []int{b.group})
	b.group++
	return err
}

// skip leaves out whole row groups.
func (b *parquetBatches) skip(n int) (done int, err error) {
	err = guarded(func() error {
		for b.group < b.groups() && done+int(b.groupRows()) <= n {
			done += int(b.groupRows())
			b.group++
		}
		b.read = int64(done)
		return nil
	})
	return done, err
}

func (b *parquetBatches) share() (read, total int64) { return b.read, b.total }
