package chdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// ClickHouse's error codes that this package raises itself or maps to an HTTP status.
const (
	codeUnknownTable      = 60
	codeSyntaxError       = 62
	codeUnknownDatabase   = 81
	codeUnknownSetting    = 115
	codeNotImplemented    = 48
	codeReadOnly          = 164
	codeTooManyQueries    = 202
	codeConstraint        = 452
	codeBadRequest        = 36
	codeAccessDenied      = 497
	codeStdException      = 1001
	exceptionCodeHeader   = "X-ClickHouse-Exception-Code"
	exceptionTagHeader    = "X-ClickHouse-Exception-Tag"
	exceptionTag          = "tributaryengine1" // 16 bytes, as the framing has it
	exceptionMarker       = "\r\n__exception__\r\n"
	maxExceptionText      = 15 << 10 // what clients keep of a framed exception
	contentTypeText       = "text/plain; charset=UTF-8"
	exceptionTruncatedEnd = " …"
)

var exceptionCode = regexp.MustCompile(`^Code: (\d+)\.`)

// exception is a refusal that goes to the client as ClickHouse would word it.
type exception struct {
	code int
	text string
}

func (e *exception) Error() string { return e.text }

// refuse makes an exception of this package's own.
func refuse(code int, name, format string, args ...any) *exception {
	return &exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// asException gives an engine's error its code; an error without one is a std::exception to
// clients, as with a server.
func asException(err error) *exception {
	var own *exception
	if errors.As(err, &own) {
		return own
	}
	text := strings.TrimSpace(err.Error())
	if m := exceptionCode.FindStringSubmatch(text); m != nil {
		code, _ := strconv.Atoi(m[1])
		return &exception{code, text}
	}
	return &exception{codeStdException, fmt.Sprintf("Code: %d. DB::Exception: %s. (STD_EXCEPTION)", codeStdException, text)}
}

func (e *exception) status() int {
	switch e.code {
	case codeUnknownTable, codeUnknownDatabase:
		return http.StatusNotFound
	case codeSyntaxError, codeUnknownSetting, codeBadRequest:
		return http.StatusBadRequest
	case codeReadOnly, codeAccessDenied, codeConstraint:
		return http.StatusForbidden
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyQueries:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// response is the answer to a request that failed before any of its result was sent.
func (e *exception) response(req *http.Request) *http.Response {
	header := http.Header{}
	header.Set("Content-Type", contentTypeText)
	header.Set(exceptionCodeHeader, strconv.Itoa(e.code))
	return newResponse(req, e.status(), header, []byte(e.text+"\n"))
}

// framed is the tail that ends a result which failed after part of it was sent.
func (e *exception) framed() []byte {
	text := e.text
	if len(text) > maxExceptionText {
		text = text[:maxExceptionText] + exceptionTruncatedEnd
	}
	return fmt.Appendf(nil, "%s%s\r\n%s\n%d %s%s", exceptionMarker, exceptionTag, text, len(text)+1, exceptionTag, exceptionMarker)
}

func newResponse(req *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
