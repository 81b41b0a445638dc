package api

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
)

// addressOf parses the {address} of a path: "type:value", percent-encoded where it needs to be.
func addressOf(c *gin.Context) (profiles.Address, error) {
	text := c.Param("address")
	if c.Request.URL.RawPath != "" { // then gin matched, and gives, the path as it was sent
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return nil, problem.Field("address", "is not percent-encoded right")
		}
		text = decoded
	}
	address, err := profiles.ParseAddress(text)
	if err != nil {
		return nil, problem.Field("address", "must be type:value, such as email:… or profile:<uuid>")
	}
	return mine(keyOf(c), address), nil
}

// ofPath names the one field that an address in a path has.
func ofPath(err error) error {
	var fault *profiles.AddressError
	if errors.As(err, &fault) {
		return problem.Field("address", fault.Reason)
	}
	return err
}

// identifierBody is an identifier in a body.
type identifierBody struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// lookupBody is the body of a lookup.
type lookupBody struct {
	Identifiers  []identifierBody `json:"identifiers"`
	AsOf         *time.Time       `json:"as_of,omitempty"`
	Alternatives bool             `json:"alternatives,omitempty"`
}

func (b *lookupBody) address() (profiles.Address, error) { return addressIn(b.Identifiers) }

// addressIn is the address that the identifiers of a body are together.
func addressIn(identifiers []identifierBody) (profiles.Address, error) {
	if len(identifiers) == 0 {
		return nil, problem.Field("identifiers", "needs at least one")
	}
	d := problem.New(problem.Invalid, "")
	var address profiles.Address
	for i, id := range identifiers {
		for _, f := range []struct{ name, value string }{{"type", id.Type}, {"value", id.Value}} {
			if f.value == "" {
				d.Errors = append(d.Errors, problem.FieldError{Field: fmt.Sprintf("identifiers[%d].%s", i, f.name), Reason: "is required"})
			}
		}
		address = append(address, identity.Identifier{Type: id.Type, Value: id.Value})
	}
	if len(d.Errors) > 0 {
		return nil, d
	}
	return address, nil
}

// query reads the parameters of a query, and names every one that is not right or not known.
type query struct {
	values url.Values
	known  []string
	faults []problem.FieldError
}

func newQuery(c *gin.Context) *query {
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	q := &query{values: values}
	if x := readingOf(c); x != nil && x.rule.ofPeople() {
		q.known = append(q.known, personalParameters...)
	}
	if err != nil {
		q.fault("query", "is not encoded right")
	}
	return q
}

func (q *query) fault(field, reason string) {
	q.faults = append(q.faults, problem.FieldError{Field: field, Reason: reason})
}

func (q *query) text(name string) string {
	q.known = append(q.known, name)
	if len(q.values[name]) > 1 {
		q.fault(name, "is given more than once")
	}
	return q.values.Get(name)
}

// addresses reads a parameter that may be given several times, each of the form type:value.
func (q *query) addresses(name string, most int) []profiles.Address {
	q.known = append(q.known, name)
	list := q.values[name]
	if len(list) > most {
		q.fault(name, fmt.Sprintf("is given more than %d times", most))
		return nil
	}
	var all []profiles.Address
	for _, text := range list {
		address, err := profiles.ParseAddress(text)
		if err != nil {
			q.fault(name, "must be type:value, such as email:…")
			return nil
		}
		all = append(all, address)
	}
	return all
}

// channels reads a parameter that may be given several times.
func (q *query) channels(name string) (all []event.Channel) {
	q.known = append(q.known, name)
	for _, text := range q.values[name] {
		channel := event.Channel(text)
		if !event.ValidChannel(channel) || slices.Contains(all, channel) {
			q.fault(name, "must be channels, such as chat, each once")
			return nil
		}
		all = append(all, channel)
	}
	return all
}

// texts are all values of a parameter that may be repeated.
func (q *query) texts(name string) []string {
	q.known = append(q.known, name)
	return q.values[name]
}

// number reads a number between low and high; 0 if it is not given.
func (q *query) number(name string, low, high int) int {
	text := q.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		q.fault(name, fmt.Sprintf("must be a number from %d to %d", low, high))
		return 0
	}
	return n
}

// time reads an RFC 3339 time; zero if it is not given.
func (q *query) time(name string) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.fault(name, "must be a time in the form of RFC 3339")
	}
	return t.UTC()
}

// moment reads an RFC 3339 time; nil if it is not given.
func (q *query) moment(name string) *time.Time {
	t := q.time(name)
	if t.IsZero() {
		return nil
	}
	return &t
}

// flag reads true or false; false if it is not given.
func (q *query) flag(name string) bool {
	switch q.text(name) {
	case "true":
		return true
	case "", "false":
	default:
		q.fault(name, "must be true or false")
	}
	return false
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (q *query) err() error {
	for name := range q.values {
		if !slices.Contains(q.known, name) {
			q.fault("query", "has a parameter that is not known; known are: "+or(strings.Join(q.known, ", "), "none"))
			break
		}
	}
	if len(q.faults) == 0 {
		return nil
	}
	d := problem.New(problem.Invalid, "")
	d.Errors = q.faults
	return d
}

// id reads a UUID; the zero one if it is not given.
func (q *query) id(name string) uuid.UUID {
	text := q.text(name)
	if text == "" {
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		q.fault(name, "is none that an answer gave")
	}
	return id
}
