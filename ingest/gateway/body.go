package gateway

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// bodies are the buffers that requests are read into. A buffer goes back when the answer is
// written: nothing that outlives the request refers to it.
var bodies = sync.Pool{New: func() any { return new(make([]byte, 0, 4<<10)) }}

var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads the whole body of a call of Segment's API: JSON in UTF-8.
func readBody(r *http.Request, limit int, into *[]byte) *Problem {
	if p := checkType(r.Header.Get("Content-Type")); p != nil {
		return p
	}
	if p := readBytes(r, limit, into); p != nil {
		return p
	}
	if !utf8.Valid(*into) {
		return malformedBody("is not UTF-8")
	}
	return nil
}

// readBytes reads the whole body, decompressed, into *into. It takes at most limit bytes, before
// and after decompression, so that neither a large body nor a small one that inflates takes memory.
func readBytes(r *http.Request, limit int, into *[]byte) *Problem {
	if r.ContentLength > int64(limit) {
		return bodyTooLarge(limit)
	}
	source := io.Reader(r.Body)
	switch encoding := r.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
	case strings.EqualFold(encoding, "gzip"):
		z := unzippers.Get().(*gzip.Reader)
		defer unzippers.Put(z)
		if err := z.Reset(io.LimitReader(r.Body, int64(limit)+1)); err != nil {
			return readProblem(err)
		}
		source = z
	default:
		return unsupported("Content-Encoding must be gzip or absent.")
	}
	if size := int(r.ContentLength); size >= cap(*into) {
		*into = make([]byte, 0, size+1) // one more, to see the end without growing
	}
	var err error
	if *into, err = readAll(source, limit, (*into)[:0]); err != nil {
		return readProblem(err)
	}
	if len(*into) > limit {
		return bodyTooLarge(limit)
	}
	return nil
}

// readAll reads until the end or until it has more than limit bytes.
func readAll(r io.Reader, limit int, into []byte) ([]byte, error) {
	for len(into) <= limit {
		if len(into) == cap(into) {
			into = append(into, 0)[:len(into)]
		}
		n, err := r.Read(into[len(into):cap(into)])
		into = into[:len(into)+n]
		if errors.Is(err, io.EOF) {
			return into, nil
		}
		if err != nil {
			return into, err
		}
	}
	return into, nil
}

// checkType takes JSON under its own name and as text/plain, the type that browsers send across
// origins without asking first and that beacons of a string have.
func checkType(header string) *Problem {
	switch header {
	case "", "application/json", "text/plain", "application/json; charset=utf-8", "text/plain;charset=UTF-8":
		return nil
	}
	mediaType, parameters, err := mime.ParseMediaType(header)
	if err != nil || (mediaType != "application/json" && mediaType != "text/plain") {
		return unsupported("Content-Type must be application/json or text/plain.")
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("The charset must be UTF-8.")
	}
	return nil
}

func bodyTooLarge(limit int) *Problem {
	p := tooLarge(fmt.Sprintf("The body may have %d bytes, decompressed.", limit))
	p.closeAfter = true
	return p
}

// readProblem tells a client that was too slow from one that sent something unreadable.
func readProblem(err error) *Problem {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p := problem(http.StatusRequestTimeout, "timeout", "The body did not arrive in time", "")
		p.closeAfter = true
		return p
	}
	p := malformedBody("is incomplete or not in its content encoding")
	p.closeAfter = true
	return p
}
