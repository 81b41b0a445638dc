package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"tributary/ingest/event"
)

// lineReader reads the lines of a text that are not blank, in bounded memory: of a line that is
// longer than the window may be it keeps the beginning.
type lineReader struct {
	w      window
	line   int // number of the line
	number int // of lines that are not blank
	text   []byte
	fault  string // why the line is no JSON object, or ""
}

const lineLong = "is longer than 4 MiB; is a line break missing?"

func newLineReader(r io.Reader) *lineReader { return &lineReader{w: window{r: r}} }

// read finds the next line. It returns io.EOF after the last.
func (l *lineReader) read() error {
	for {
		if err := l.find(); err != nil {
			return err
		}
		if l.text = bytes.TrimSpace(l.text); l.fault != "" || len(l.text) > 0 {
			l.number++
			return nil
		}
	}
}

// object reads the next line; what is wrong with it, if it is no JSON object, is in l.fault.
func (l *lineReader) object() error {
	if err := l.read(); err != nil || l.fault != "" {
		return err
	}
	switch {
	case event.ValidObject(l.text):
	case !utf8.Valid(l.text):
		l.fault = "is not UTF-8; convert the file first"
	case !json.Valid(l.text):
		l.fault = "is not JSON; each line must be a JSON object"
	case l.text[0] != '{':
		l.fault = "is not a JSON object; each line must be one"
	default:
		l.fault = fmt.Sprintf("is nested more than %d deep", event.MaxDepth)
	}
	return nil
}

func (l *lineReader) find() error {
	l.line++
	l.fault = ""
	looked := 0
	for {
		view := l.w.bytes()
		if i := bytes.IndexByte(view[looked:], '\n'); i >= 0 {
			l.text = view[:looked+i]
			l.w.drop(looked + i + 1)
			return nil
		}
		looked = len(view)
		switch err := l.w.more(); {
		case errors.Is(err, errLong):
			return l.skipLong()
		case errors.Is(err, io.EOF) && len(view) > 0:
			l.text = view
			l.w.drop(len(view))
			return nil
		case err != nil:
			return err
		}
	}
}

// skipLong reads over the rest of a line that does not fit into memory.
func (l *lineReader) skipLong() error {
	l.text, l.fault = append([]byte(nil), l.w.bytes()[:shownOfRow]...), lineLong
	for {
		view := l.w.bytes()
		if i := bytes.IndexByte(view, '\n'); i >= 0 {
			l.w.drop(i + 1)
			return nil
		}
		l.w.drop(len(view))
		if err := l.w.more(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (l *lineReader) skip(ctx context.Context, n int) error {
	for range n {
		if err := l.read(); err != nil {
			return err
		}
		if l.number%batchRecords == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// payload is the line if it is JSON, else a JSON string of it.
func (l *lineReader) payload() []byte {
	if utf8.Valid(l.text) && json.Valid(l.text) {
		return l.text
	}
	return appendQuoted(nil, validText(string(l.text)))
}
