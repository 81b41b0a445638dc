package gateway

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/ingest/event"
)

// Problem is an error answer as RFC 9457 has it. Errors is an extension member: every fault of the
// request, each with its field, such as "properties.currency".
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors event.Errors `json:"errors,omitempty"`

	retryAfter time.Duration
	closeAfter bool // the rest of the request cannot be read
}

const problemType = "application/problem+json"

func problem(status int, kind, title, detail string) *Problem {
	return &Problem{Type: "urn:tributary:problem:" + kind, Title: title, Status: status, Detail: detail}
}

func invalid(faults event.Errors) *Problem {
	p := problem(http.StatusBadRequest, "invalid-event", "The event is not valid", faults.Error())
	p.Errors = faults
	return p
}

// malformed is for a body that cannot be taken apart; invalid for calls that say wrong things.
func malformed(faults event.Errors) *Problem {
	p := problem(http.StatusBadRequest, "malformed-request", "The request cannot be read", faults.Error())
	p.Errors = faults
	return p
}

func malformedBody(reason string) *Problem {
	return malformed(event.Errors{{Field: "body", Reason: reason}})
}

// unreadable says whether the faults are of the body as a whole.
func unreadable(faults event.Errors) bool { return len(faults) > 0 && faults[0].Field == "body" }

func unauthorized(detail string) *Problem {
	return problem(http.StatusUnauthorized, "unauthorized", "No valid write key", detail)
}

func tooLarge(detail string) *Problem {
	return problem(http.StatusRequestEntityTooLarge, "too-large", "The request is too large", detail)
}

func unsupported(detail string) *Problem {
	return problem(http.StatusUnsupportedMediaType, "unsupported-media-type", "The body is in a form that is not read here", detail)
}

func limited(wait time.Duration) *Problem {
	p := problem(http.StatusTooManyRequests, "rate-limited", "Too many events for this write key", "")
	p.retryAfter = wait
	return p
}

func unavailable(kind, title string, wait time.Duration) *Problem {
	p := problem(http.StatusServiceUnavailable, kind, title, "Nothing of the request is known to be kept; send it again with the same message ids.")
	p.retryAfter = wait
	return p
}

// statusGone is what is counted for a client that did not wait for its answer, which is no failure
// of ours. Nobody reads it. (nginx's number.)
const statusGone = 499

func gone() *Problem {
	p := problem(statusGone, "client-gone", "The client has gone", "")
	p.closeAfter = true
	return p
}

// write answers the request with the problem.
func (p *Problem) write(c *gin.Context) {
	header := c.Writer.Header()
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Basic realm="write key"`)
	case http.StatusUnsupportedMediaType:
		header.Set("Accept-Encoding", "gzip")
	}
	if p.closeAfter {
		header.Set("Connection", "close")
	}
	body, _ := json.Marshal(p) // strings and numbers always encode
	c.Data(p.Status, problemType, body)
}
