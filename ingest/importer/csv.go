package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvReader reads rows of RFC 4180, as encoding/csv does (fuzz tests compare them), but in bounded
// memory: a row that is longer than the window may be is read over to its end and not kept.
type csvReader struct {
	w     window
	comma byte
	line  int // on which the row begins
	next  int // on which the next one does
	row   []byte
	fault string   // why the row is none, or ""
	cells []string // of split
	plain []byte   // values without their quotes, one after the other
	ends  []int    // of the values in plain
}

const (
	csvBareQuote   = `has a quote (") within a value that does not begin with one; double it, and put the value in quotes`
	csvQuote       = `has text after the quote (") that ends a value; a quote within a value must be doubled`
	csvLong        = "is longer than 4 MiB; is a quote missing?"
	shownOfRow     = 1 << 10 // bytes of a row that is not kept, for the quarantine
	csvOpenAtEnd   = "opens a quote (\") that is never closed: all from there to the end of the file is one value. It is not imported, all before it is. Close the quote and import the file again; if the mapping has no row_id, leave only the rows from this one on in it"
	carriageReturn = '\r'
)

func newCSVReader(r io.Reader, comma byte) *csvReader {
	return &csvReader{w: window{r: r}, comma: comma, next: 1}
}

// read finds the next row that is not an empty line. What is wrong with it is in c.fault. It returns
// io.EOF after the last.
func (c *csvReader) read() error {
	for {
		if err := c.find(); err != nil {
			return err
		}
		if c.fault != "" || len(c.row) > 0 {
			return nil
		}
	}
}

// find takes the bytes up to the end of a row, without its line break, and moves behind them.
func (c *csvReader) find() error {
	c.line, c.fault = c.next, ""
	var s csvState
	looked := 0
	for {
		view := c.w.bytes()
		if end := s.end(view, looked, c.comma); end >= 0 {
			c.take(view[:end], &s)
			c.w.drop(end)
			return nil
		}
		looked = len(view)
		switch err := c.w.more(); {
		case errors.Is(err, errLong):
			return c.skipLong(&s)
		case errors.Is(err, io.EOF):
			return c.last(&s)
		case err != nil:
			return err
		}
	}
}

// take keeps a row, which ends in a line break unless it is the last.
func (c *csvReader) take(row []byte, s *csvState) {
	c.next += bytes.Count(row, newline)
	row = bytes.TrimSuffix(row, newline)
	c.row, c.fault = bytes.TrimSuffix(row, []byte{carriageReturn}), s.fault
}

var newline = []byte{'\n'}

// last takes what is left at the end of the file.
func (c *csvReader) last(s *csvState) error {
	rest := c.w.bytes()
	if len(rest) == 0 {
		return io.EOF
	}
	if s.at == csvQuoted {
		return fmt.Errorf("line %d %s", c.line, csvOpenAtEnd)
	}
	c.take(rest, s)
	c.w.drop(len(rest))
	return nil
}

// skipLong reads over the rest of a row that does not fit into memory.
func (c *csvReader) skipLong(s *csvState) error {
	c.row = append([]byte(nil), c.w.bytes()[:shownOfRow]...)
	for {
		c.next += bytes.Count(c.w.bytes(), newline)
		c.w.drop(len(c.w.bytes()))
		err := c.w.more()
		if errors.Is(err, io.EOF) && s.at == csvQuoted {
			return fmt.Errorf("line %d %s", c.line, csvOpenAtEnd)
		}
		c.fault = csvLong
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if end := s.end(c.w.bytes(), 0, c.comma); end >= 0 {
			c.next += bytes.Count(c.w.bytes()[:end], newline)
			c.w.drop(end)
			return nil
		}
	}
}

// csvState is where in a row the reader is.
type csvState struct {
	at    csvPlace
	fault string
}

type csvPlace uint8

const (
	csvStart  csvPlace = iota // of a value
	csvPlain                  // in a value without quotes
	csvQuoted                 // in a value in quotes
	csvClosed                 // behind a quote in a value in quotes
	csvReturn                 // behind a carriage return that follows such a quote
	csvBroken                 // behind a fault: the row goes to the end of the line
)

// end looks for the end of the row from a place on, before which it has looked. It returns the place
// behind it, or -1.
func (s *csvState) end(view []byte, from int, comma byte) int {
	line := from // the place of the next line break, unless it lies before from; len(view) if there is none
	for from < len(view) {
		if s.at == csvQuoted {
			quote := bytes.IndexByte(view[from:], '"')
			if quote < 0 {
				return -1
			}
			s.at, from = csvClosed, from+quote+1
			continue
		}
		if line <= from {
			if line = bytes.IndexByte(view[from:], '\n'); line < 0 {
				line = len(view)
			} else {
				line += from
			}
		}
		if from = s.step(view, from, line, comma); from == line && s.at != csvQuoted {
			if line < len(view) {
				return line + 1
			}
			return -1
		}
	}
	return -1
}

// step goes on outside of quotes, to the next quote or to the end of the line.
func (s *csvState) step(view []byte, from, line int, comma byte) int {
	switch s.at {
	case csvBroken:
		return line
	case csvClosed, csvReturn:
		return s.behindQuote(view[from], from, line, comma)
	default:
	}
	quote := bytes.IndexByte(view[from:line], '"')
	if quote < 0 {
		if line > from {
			s.at = csvPlain
			if view[line-1] == comma {
				s.at = csvStart
			}
		}
		return line
	}
	if quote > 0 && view[from+quote-1] != comma || quote == 0 && s.at == csvPlain {
		s.at, s.fault = csvBroken, csvBareQuote
		return line
	}
	s.at = csvQuoted
	return from + quote + 1
}

// behindQuote takes the byte behind a quote that may have ended a value.
func (s *csvState) behindQuote(c byte, from, line int, comma byte) int {
	switch {
	case c == '\n':
		return line
	case s.at == csvReturn:
		s.at, s.fault = csvBroken, csvQuote
		return line
	case c == '"':
		s.at = csvQuoted
	case c == comma:
		s.at = csvStart
	case c == carriageReturn:
		s.at = csvReturn
	default:
		s.at, s.fault = csvBroken, csvQuote
		return line
	}
	return from + 1
}

// split returns the values of the row. They are valid as long as the caller likes, the slice until
// the next call.
func (c *csvReader) split() []string {
	c.cells = c.cells[:0]
	if bytes.IndexByte(c.row, '"') < 0 {
		row := string(c.row)
		for {
			i := strings.IndexByte(row, c.comma)
			if i < 0 {
				c.cells = append(c.cells, row)
				return c.cells
			}
			c.cells = append(c.cells, row[:i])
			row = row[i+1:]
		}
	}
	c.plain, c.ends = c.plain[:0], c.ends[:0]
	for rest, more := c.row, true; more; {
		rest, more = c.cell(rest)
		c.ends = append(c.ends, len(c.plain))
	}
	row, start := string(c.plain), 0
	for _, end := range c.ends {
		c.cells = append(c.cells, row[start:end])
		start = end
	}
	return c.cells
}

// cell takes the first value off a row that has no fault, and appends it to c.plain.
func (c *csvReader) cell(row []byte) (rest []byte, more bool) {
	if len(row) == 0 || row[0] != '"' {
		end := bytes.IndexByte(row, c.comma)
		if end < 0 {
			c.plain = append(c.plain, row...)
			return nil, false
		}
		c.plain = append(c.plain, row[:end]...)
		return row[end+1:], true
	}
	start := len(c.plain)
	for row = row[1:]; ; row = row[1:] {
		end := bytes.IndexByte(row, '"')
		c.plain = append(c.plain, row[:end]...)
		if row = row[end+1:]; len(row) == 0 || row[0] != '"' {
			break
		}
		c.plain = append(c.plain, '"')
	}
	if value := c.plain[start:]; bytes.IndexByte(value, carriageReturn) >= 0 {
		c.plain = append(c.plain[:start], bytes.ReplaceAll(value, returnNewline, newline)...)
	}
	if len(row) == 0 || row[0] != c.comma {
		return nil, false
	}
	return row[1:], true
}

var returnNewline = []byte("\r\n")

// notUTF8 returns the place of the first value that is not UTF-8, or -1.
func (c *csvReader) notUTF8(cells []string) int {
	if utf8.Valid(c.row) {
		return -1
	}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			return i
		}
	}
	return -1
}
