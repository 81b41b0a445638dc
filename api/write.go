package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/state"
)

// What agents write are events of event.SourceAgent. A write is named by its Idempotency-Key: the event's message id
// is a keyed hash of it, so that the log's deduplication makes one event of any number of tries, at once or one after
// the other, through restarts, for as long as message ids are remembered.
//
// A handler decodes and validates its body, calls beginWrite, finds whom it is about by a.Profiles.Get, calls write
// unless it is done already, and answers from the state, where the write has its ID.

// Marks remember message ids; state.Store does.
type Marks interface {
	// Seen says what was first taken in under a message id, within the dedupe horizon of received.
	Seen(id state.MessageHash, received time.Time) (mark state.Mark, found bool, err error)
}

// Refusals say of whom nothing may be kept; privacy.Gate does.
type Refusals interface {
	Refuses(workspace string, all []identity.Identifier) bool
}

// actorBody says on whose behalf something is written. It is kept as said, beside who wrote it.
type actorBody struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// maxIdempotencyKey is how long an Idempotency-Key may be, in bytes.
const maxIdempotencyKey = 255

// writing is one write of an agent's.
type writing struct {
	ID         uuid.UUID // the event's message id
	ReceivedAt time.Time // when it was taken in, the first time; zero until it is done
	Done       bool      // it is applied: now, or by an earlier request

	source string // under which it comes into the log
	// behind is what the event must be received later than; zero: anything.
	behind  time.Time
	written event.Written
	request uint64
}

// beginWrite names the write that a request asks for. body is what was decoded, on is its member actor, if it has one.
// It fails with the faults of header and actor, or with problem.IdempotencyConflict.
func (a *API) beginWrite(c *gin.Context, body any, on *actorBody) (*writing, error) {
	return a.beginAs(c, event.SourceAgent, body, on)
}

// beginAs is beginWrite of what comes into the log under another source.
func (a *API) beginAs(c *gin.Context, source string, body any, on *actorBody) (*writing, error) {
	if faults := writeFaults(c, on); len(faults) > 0 {
		d := problem.New(problem.Invalid, "")
		d.Errors = faults
		return nil, d
	}
	asked, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("name a write: %w", err)
	}
	key, route := keyOf(c), c.Request.Method+" "+c.FullPath()
	w := &writing{
		source:  source,
		ID:      uuid.UUID(a.keyed("id", key.Workspace, writer(key), route, c.GetHeader(idempotencyHeader))[:16]),
		request: binary.BigEndian.Uint64(a.keyed("request", c.Request.URL.EscapedPath(), string(asked))),
	}
	w.ID[6], w.ID[8] = w.ID[6]&0x0f|0x80, w.ID[8]&0x3f|0x80 // version 8, of our own making (RFC 9562)
	w.written = event.Written{
		Actor: event.Actor{By: key.Actor(), Kind: authorOf(key.Reader)}, Request: fmt.Sprintf("%016x", w.request),
		RequestID: c.GetString(requestIDKey),
	}
	if on != nil {
		w.written.Actor.ID, w.written.Actor.Name = on.ID, on.Name
	}
	return w, a.find(w, key.Workspace, a.Now())
}

// writeFaults are what is wrong with a write's header and actor, for who reports them with others.
func writeFaults(c *gin.Context, on *actorBody) []problem.FieldError {
	var faults []problem.FieldError
	field := "header." + idempotencyHeader
	switch given := c.Request.Header.Values(idempotencyHeader); {
	case len(given) == 0 || given[0] == "":
		faults = append(faults, problem.FieldError{Field: field, Reason: "is required: a name of the write, so that trying again does it once"})
	case len(given) > 1:
		faults = append(faults, problem.FieldError{Field: field, Reason: "is given more than once"})
	case len(given[0]) > maxIdempotencyKey || strings.ContainsFunc(given[0], func(r rune) bool { return r <= ' ' || r > '~' }):
		faults = append(faults, problem.FieldError{Field: field, Reason: fmt.Sprintf("must be 1 to %d visible ASCII characters", maxIdempotencyKey)})
	}
	if on == nil {
		return faults
	}
	for _, f := range []struct{ name, value string }{{"id", on.ID}, {"name", on.Name}} {
		if reason := event.ActorFault(f.value); reason != "" {
			faults = append(faults, problem.FieldError{Field: "actor." + f.name, Reason: reason})
		}
	}
	return faults
}

// find looks whether the write is done already, or the key named another one.
func (a *API) find(w *writing, workspace string, now time.Time) error {
	mark, found, err := a.Marks.Seen(state.HashMessage(workspace, w.source, w.ID.String()), now)
	switch {
	case err != nil:
		return fmt.Errorf("look for an earlier write: %w", err)
	case found && mark.Payload != w.request:
		return problem.New(problem.IdempotencyConflict, "the Idempotency-Key named another request before: use a new one for each write")
	case found:
		w.Done, w.ReceivedAt = true, mark.Received
	}
	return nil
}

// write appends an event and returns once it is applied. Of the event the caller fills in Name, Observation, Channel,
// CX and Properties; the observation is of a profile that the request looked up. It fails where the subject is not the
// bearer's own, where nothing may be kept of them, and with the faults of the event.
func (a *API) write(c *gin.Context, w *writing, e *event.Event) error {
	key := keyOf(c)
	subject, err := a.subjectOf(c, e.Observation)
	if err != nil {
		return err
	}
	if a.Refusals.Refuses(key.Workspace, identifiersOf(subject)) {
		return errRefused()
	}
	e.Workspace, e.Source, e.MessageID, e.Type = key.Workspace, event.SourceAgent, w.ID.String(), event.TypeTrack
	w.written.Known = knownSince(subject, e.Observation)
	e.Context = w.written.Context()
	if e.CX == nil {
		e.CX = &event.CX{}
	}
	e.CX.AuthorRole = w.written.Actor.Kind
	if key.Session != nil && e.Name != event.NameHandoffExtended && e.Name != event.NameHandoffRead { // which are no contact
		e.CX.ConversationID = key.Session.Conversation
	}
	now := a.Now()
	if least := w.behind.Add(time.Millisecond); now.Before(least) && !w.behind.IsZero() {
		now = least
	}
	e.Stamp(time.Time{}, time.Time{}, now)
	if err := ofEvent(e.Validate()); err != nil {
		return err
	}
	if err := a.Speaker.Say(c.Request.Context(), e); err != nil {
		return err
	}
	if err := a.find(w, key.Workspace, e.ReceivedAt); err != nil {
		return err
	}
	if !w.Done { // it passed the gate, and was refused behind it
		return errRefused()
	}
	return nil
}

// errRefused is the problem of a person of whom nothing may be kept.
func errRefused() error {
	return problem.New(problem.Conflict, "nothing may be kept of this person, who is erased or suppressed")
}

// subjectOf finds the profile that the request looked up and that has an observation.
func (a *API) subjectOf(c *gin.Context, observation identity.ObservationID) (*profiles.Answer, error) {
	x := readingOf(c)
	if x == nil || x.key == nil {
		return nil, fmt.Errorf("something is written outside of a route of people")
	}
	for i := range x.asked {
		if one := x.asked[i].answer; one.Profile.ID == observation || hasObservation(&one.Profile, observation) {
			return one, a.mayRead(c, x, one)
		}
	}
	return nil, fmt.Errorf("something is written about somebody who was not looked up")
}

// knownSince is when an observation of a profile was first heard of.
func knownSince(a *profiles.Answer, id identity.ObservationID) time.Time {
	for i := range a.Profile.Observations {
		if o := &a.Profile.Observations[i]; o.ID == id {
			return o.FirstReceived
		}
	}
	return time.Time{}
}

func identifiersOf(a *profiles.Answer) []identity.Identifier {
	return each(a.Profile.Identifiers, func(h *profiles.HeldIdentifier) identity.Identifier { return h.Identifier })
}

// writer is who a key's Idempotency-Keys belong to: a key and those that came of it by rotation; of sessions, all that
// such keys made for one conversation of one subject, for they are renewed.
func writer(key *auth.Key) string {
	name := key.Payer()
	if key.Chain != "" {
		name = "key:" + key.Chain
	}
	if s := key.Session; s != nil {
		name += "\x00" + s.Observation.String() + "\x00" + s.Conversation
	}
	return name
}

// authorOf is what a reader is as an author. Nobody says it of themselves.
func authorOf(r auth.Reader) event.AuthorRole {
	switch r {
	case auth.ReaderHuman:
		return event.AuthorHuman
	case auth.ReaderSystem:
		return event.AuthorSystem
	default:
		return event.AuthorAI
	}
}

// keyed is a hash of texts, each with its length, that nobody without the key can make.
func (a *API) keyed(what string, texts ...string) []byte {
	h := hmac.New(sha256.New, a.Secret)
	for _, text := range append([]string{what}, texts...) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		h.Write([]byte(text))
	}
	return h.Sum(nil)
}
