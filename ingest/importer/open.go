package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Format is how a file is written.
type Format string

// The formats. Those of text may be compressed by gzip or zstd, which is seen in their content.
const (
	FormatCSV     Format = "csv"
	FormatJSONL   Format = "jsonl"
	FormatParquet Format = "parquet"
	FormatArrow   Format = "arrow"
	FormatSinger  Format = "singer"
)

// input is an open file, or pipe.
type input struct {
	source   source
	name     string
	origin   Origin
	received time.Time
	file     *os.File // nil: a pipe
	info     fs.FileInfo
	counted  *countingReader // of a text
	closers  []func()
}

// open opens the file and binds the mapping to it. With a zero received it is not read as a whole,
// and its rows cannot be.
func (im *Import) open(received time.Time) (in *input, err error) {
	in = &input{name: im.Path, received: received, origin: Origin{Workspace: im.Workspace, Source: im.Source}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", in.name, err), in.close())
		}
	}()
	if im.Stdin != nil {
		in.name = "standard input"
		return in, im.openPipe(in)
	}
	if in.file, err = os.Open(im.Path); err != nil {
		return in, errors.Unwrap(err) // which names the path
	}
	if in.info, err = in.file.Stat(); err != nil {
		return in, err
	}
	switch {
	case in.info.IsDir():
		return in, errors.New("is a folder; name the files in it")
	case !in.info.Mode().IsRegular():
		return in, errors.New("is no regular file; give what it yields to standard input, and - as the file")
	case in.info.Size() == 0:
		return in, errors.New("is empty")
	}
	if !received.IsZero() {
		if in.origin.File, err = contentDigest(in.file); err != nil {
			return in, err
		}
	}
	return in, im.openFile(in)
}

func (im *Import) openFile(in *input) error {
	// What is appended meanwhile is not in the digest, and not read.
	whole := io.NewSectionReader(in.file, 0, in.info.Size())
	magic := make([]byte, 8)
	n, err := whole.ReadAt(magic, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := im.misnamed(magic[:n]); err != nil {
		return err
	}
	switch {
	case im.Format == FormatParquet:
		return im.openTable(in)(openParquet(whole, im.Mapping.columnNames()))
	case im.Format == FormatArrow && bytes.HasPrefix(magic, magicArrowFile):
		return im.openTable(in)(openArrowFile(whole, im.Mapping.columnNames()))
	}
	return im.openStream(in, whole)
}

// openPipe opens standard input. Its rows have no file to be named by.
func (im *Import) openPipe(in *input) error {
	switch {
	case im.Format == FormatParquet:
		return errors.New("a Parquet file is read from its end, which a pipe does not have; write it to a file first")
	case im.Format != FormatSinger && im.Mapping != nil && len(im.Mapping.RowID) == 0:
		return errors.New("the mapping needs row_id: what comes through a pipe has no content to name rows by before it is read")
	}
	return im.openStream(in, im.Stdin)
}

// openStream opens what is read from its beginning.
func (im *Import) openStream(in *input, r io.Reader) error {
	in.counted = &countingReader{r: r}
	if im.Format == FormatArrow {
		return im.openTable(in)(openArrowStream(in.counted, im.Mapping.columnNames()))
	}
	plain, err := in.decompress(in.counted)
	if err != nil {
		return err
	}
	if err := im.notText(plain); err != nil {
		return err
	}
	switch im.Format {
	case FormatSinger:
		in.source = newSingerSource(newLineReader(plain), im.Streams, in.origin, in.received)
		return nil
	case FormatJSONL:
		if im.Mapping == nil {
			in.source = newEventSource(newLineReader(plain), in.origin, in.received)
			return nil
		}
		tree := newJSONTree(im.Mapping.columnNames())
		return im.openTable(in)(&jsonTable{lines: newLineReader(plain), tree: tree}, nil)
	default:
		return im.openTable(in)(openCSV(plain, im.Mapping.CSV.Delimiter, im.Mapping.columnNames()))
	}
}

// openTable makes the source of a table that was opened.
func (im *Import) openTable(in *input) func(t table, err error) error {
	return func(t table, err error) error {
		if err != nil {
			return err
		}
		m, err := newMapper(im.Mapping, im.Mapping.columnNames(), in.origin, in.received)
		if err != nil {
			return err
		}
		in.source = newTableSource(t, m)
		return nil
	}
}

// misnamed tells a file that is of another format than it is said to be, by its first bytes.
func (im *Import) misnamed(magic []byte) error {
	for _, f := range []struct {
		format Format
		magic  []byte
	}{{FormatParquet, magicParquet}, {FormatArrow, magicArrowFile}} {
		if bytes.HasPrefix(magic, f.magic) && im.Format != f.format {
			return fmt.Errorf("is a file of the format %s; use: tributary import %s", f.format, f.format)
		}
	}
	if bytes.HasPrefix(magic, []byte("PK\x03\x04")) {
		return errors.New("is a ZIP archive, or a spreadsheet: unpack it, or save the sheet as CSV in UTF-8")
	}
	return nil
}

// notText tells what cannot be a text in UTF-8, and takes a byte order mark off one.
func (im *Import) notText(r *bufio.Reader) error {
	begin, err := r.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("cannot be unpacked: %w", err)
	case bytes.HasPrefix(begin, []byte{0xff, 0xfe}), bytes.HasPrefix(begin, []byte{0xfe, 0xff}):
		return errors.New("is in UTF-16; convert it: iconv -f UTF-16 -t UTF-8")
	case string(begin) == "\ufeff":
		_, err = r.Discard(len(begin))
		return err
	}
	return nil
}

// decompress looks at the first bytes, not at the name.
func (in *input) decompress(r io.Reader) (*bufio.Reader, error) {
	buffered := bufio.NewReaderSize(r, 256<<10)
	magic, err := buffered.Peek(4)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		plain, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("cannot be unpacked: %w", err)
		}
		return bufio.NewReaderSize(plain, 256<<10), nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		plain, err := zstd.NewReader(buffered, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("cannot be unpacked: %w", err)
		}
		in.closers = append(in.closers, plain.Close)
		return bufio.NewReaderSize(plain, 256<<10), nil
	}
	return buffered, nil
}

// contentDigest returns a digest of the whole file as it lies there.
//
// The ids of rows without a row_id rest on it, and so does what is resumed: two files must not have
// the same one, and a file that was changed anywhere must have another. So all is read. That takes
// about 0.8 s of CPU a GB where the processor has instructions for SHA-256, and importing it minutes.
func contentDigest(file *os.File) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)[:12]), nil
}

// share is which part of the file was read, of how much; total is 0 where it is not known.
func (in *input) share() (read, total int64) {
	if t, ok := in.source.(*tableSource); ok && in.counted == nil {
		if a, ok := t.table.(*arrowTable); ok {
			return a.batches.share()
		}
	}
	if in.counted == nil {
		return 0, 0
	}
	if in.info != nil {
		total = in.info.Size()
	}
	return in.counted.n, total
}

// unchanged says whether the file is still the one whose digest was taken.
func (in *input) unchanged() error {
	if in.file == nil {
		return nil
	}
	now, err := in.file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != in.info.Size() || !now.ModTime().Equal(in.info.ModTime()) {
		return fmt.Errorf("%s: was changed while it was read; import it again when it is whole", in.name)
	}
	return nil
}

func (in *input) close() error {
	for _, closer := range in.closers {
		closer()
	}
	if in.file == nil {
		return nil
	}
	return in.file.Close()
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
