package importer

import (
	"errors"
	"io"
)

// maxRow bounds a row, or line, of a text in bytes: the memory that an import takes does not depend
// on what is in the file.
const maxRow = 4 << 20

const firstWindow = 256 << 10

// errLong is returned by more when the view has the size it may have.
var errLong = errors.New("row is too long")

// window is a sliding view of a stream, in which a row lies whole.
type window struct {
	r          io.Reader
	buf        []byte
	start, end int
	limit      int // 0: maxRow
	err        error
}

// bytes is what is in view; it is valid until more is called.
func (w *window) bytes() []byte { return w.buf[w.start:w.end] }

// drop moves the view forward.
func (w *window) drop(n int) { w.start += n }

// more brings more of the stream into view. At its end it returns io.EOF.
func (w *window) more() error {
	if w.err != nil {
		return w.err
	}
	limit := w.limit
	if limit == 0 {
		limit = maxRow
	}
	switch {
	case w.end-w.start >= limit:
		return errLong
	case w.start > 0 && w.end == len(w.buf):
		w.end = copy(w.buf, w.buf[w.start:w.end])
		w.start = 0
	}
	if w.end == len(w.buf) {
		grown := make([]byte, min(max(firstWindow, 2*len(w.buf)), limit+firstWindow))
		copy(grown, w.buf[:w.end])
		w.buf = grown
	}
	for {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		if n > 0 || err != nil {
			w.err = err
			if n > 0 {
				return nil
			}
			return err
		}
	}
}
