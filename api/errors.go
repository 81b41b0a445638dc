package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/journeys"
	"tributary/profiles"
)

// statusGone is what the log and the metrics hold of a request whose client did not wait for the
// answer. Nobody receives it.
const statusGone = 499

// retryUnavailable is when to ask again what a part of the server could not answer, in seconds.
const retryUnavailable = "5"

// fail answers with the problem that an error is, and logs those that are ours.
func (a *API) fail(c *gin.Context, err error) {
	if errors.Is(c.Request.Context().Err(), context.Canceled) && !tooSlow(err) {
		c.AbortWithStatus(statusGone)
		return
	}
	d := a.foreignProblem(c, toProblem(err))
	if d.Candidates != nil {
		d = a.disclosedProblem(c, d)
	}
	if d.Status >= http.StatusInternalServerError {
		a.Logger.ErrorContext(c.Request.Context(), "request failed",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()), slog.Any("error", err))
	}
	write(c, d)
}

func write(c *gin.Context, d *problem.Document) {
	c.Abort()
	d.Instance = "urn:tributary:request:" + c.GetString(requestIDKey)
	if d.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", retryUnavailable)
	}
	d.Write(c.Writer)
}

// toProblem says what an error means to a client. What is not known is ours, and is not told.
func toProblem(err error) *problem.Document {
	var (
		document  *problem.Document
		address   *profiles.AddressError
		ambiguous *profiles.AmbiguousError
		tooLarge  *http.MaxBytesError
	)
	if d := pastProblem(err); d != nil {
		return d
	}
	if d := problem.OfPrivacy(err); d != nil {
		return d
	}
	if d := problem.OfExport(err); d != nil {
		return d
	}
	if d := searchProblem(err); d != nil {
		return d
	}
	if d := customersProblem(err); d != nil {
		return d
	}
	switch {
	case errors.As(err, &document):
		return document
	case errors.As(err, &address):
		return problem.Field(address.Field, address.Reason)
	case errors.As(err, &ambiguous):
		return ambiguousProblem(ambiguous)
	case errors.As(err, &tooLarge):
		return problem.New(problem.TooLarge, "the body may have 64 KiB")
	case errors.Is(err, identity.ErrTooLarge):
		return problem.New(problem.Unavailable, "more observations hang together than can be explained at once")
	case errors.Is(err, profiles.ErrNotFound):
		return problem.New(problem.NotFound, "")
	case errors.Is(err, journeys.ErrCursor):
		return problem.Field("cursor", "is not one of this list; start again without it")
	case errors.Is(err, journeys.ErrArchive):
		return problem.New(problem.Unavailable, "older events cannot be read now")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem.New(problem.Timeout, "")
	}
	return problem.New(problem.Internal, "")
}

func ambiguousProblem(e *profiles.AmbiguousError) *problem.Document {
	kind := problem.Ambiguous
	if e.Split {
		kind = problem.Split
	}
	d := problem.New(kind, "do not choose one: ask the customer for something that only one of them has, and look that up as well")
	candidates := make([]candidateView, len(e.Candidates))
	for i, c := range e.Candidates {
		candidates[i] = candidateView{
			Profile: c.Profile, Observations: c.Observations, Events: c.Events, FirstSeen: c.FirstSeen, LastSeen: c.LastSeen,
		}
	}
	d.CandidatesTotal = e.Total
	d.Candidates, d.DecidedBy, d.IdentityVersion = candidates, e.DecidedBy, &e.IdentityVersion
	return d
}

// jsonName says what a value of a type is in JSON.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	default:
		return "a number"
	}
}

// tooSlow says whether a client did not send its body in time. It waits for the answer all the same, though
// net/http ends a request's context once reading of it fails.
func tooSlow(err error) bool {
	var d *problem.Document
	return errors.As(err, &d) && d.Status == http.StatusRequestTimeout
}

// unread says why a body could not be read: the client took longer than the server waits, or what the error
// says.
func unread(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem.New(problem.TooSlow, "")
	}
	return err
}

// decodeAlone is decode for a route whose query has no parameters of its own: another one is a fault.
func decodeAlone(c *gin.Context, v any) error {
	if err := newQuery(c).err(); err != nil {
		return err
	}
	return decode(c, v)
}

// decode reads a JSON body strictly into v.
func decode(c *gin.Context, v any) error {
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
		return problem.New(problem.MediaType, "")
	}
	d := json.NewDecoder(c.Request.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			return problem.Field("body", "has something after the JSON object")
		}
		return nil
	}
	var tooLarge *http.MaxBytesError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return unread(err)
	case errors.As(err, &wrong):
		return problem.Field(wrong.Field, "must be "+jsonName(wrong.Type))
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil && len(name) <= 64 {
			return problem.Field(name, "is not known")
		}
	}
	return problem.Field("body", "is not the JSON object that is expected")
}
