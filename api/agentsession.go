package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Sessions makes, finds and ends agent sessions; auth.Sessions does.
type Sessions interface {
	Make(maker *auth.Key, n auth.NewSession) (token string, session *auth.Key, err error)
	// Lookup fails as Keys.Lookup does.
	Lookup(ctx context.Context, token string) (*auth.Key, error)
	End(ctx context.Context, workspace string, id uuid.UUID) error
}

// agentSessionBody says whom a session is about, in which conversation.
type agentSessionBody struct {
	Identifiers  []identifierBody `json:"identifiers,omitempty"`
	Address      string           `json:"address,omitempty"`
	Conversation string           `json:"conversation"`
	Purpose      string           `json:"purpose,omitempty"`
	Scopes       []auth.Scope     `json:"scopes,omitempty"`
	TTL          *int             `json:"ttl_s,omitempty"`
}

// agentSessionView is a session that was made: the only time that its token is told.
type agentSessionView struct {
	Token           string             `json:"token" policy:"meta"`
	Session         uuid.UUID          `json:"session" policy:"meta"`
	ExpiresAt       time.Time          `json:"expires_at" policy:"meta"`
	Scopes          []string           `json:"scopes" policy:"meta"`
	Subject         sessionSubjectView `json:"subject" policy:"-"`
	IdentityVersion uint64             `json:"identity_version" policy:"meta"`
}

// sessionSubjectView is whom a session is bound to: an observation, and the profile that has it now.
type sessionSubjectView struct {
	Profile     uuid.UUID `json:"profile" policy:"meta"`
	Observation uuid.UUID `json:"observation" policy:"meta"`
}

// endedSessionView is a session that was ended.
type endedSessionView struct {
	Session uuid.UUID `json:"session" policy:"meta"`
	EndedAt time.Time `json:"ended_at" policy:"meta"`
}

// check reports every fault of a body, and returns whom it names and how long the session is to last.
func (b *agentSessionBody) check() (profiles.Address, time.Duration, error) {
	d := problem.New(problem.Invalid, "")
	fault := func(field, reason string) {
		d.Errors = append(d.Errors, problem.FieldError{Field: field, Reason: reason})
	}
	var address profiles.Address
	var err error
	switch {
	case b.Address != "" && len(b.Identifiers) > 0:
		fault("address", "cannot stand beside identifiers")
	case b.Address != "":
		if address, err = profiles.ParseAddress(b.Address); err != nil {
			fault("address", "must be type:value, such as email:… or observation:<uuid>")
		}
	default:
		var named *problem.Document
		if address, err = addressIn(b.Identifiers); errors.As(err, &named) {
			d.Errors = append(d.Errors, named.Errors...)
		}
	}
	if reason := event.FieldFault(b.Conversation); reason != "" {
		fault("conversation", reason)
	}
	lasts := auth.DefaultSession
	if b.TTL != nil {
		const least, most = int(auth.MinSession / time.Second), int(auth.MaxSession / time.Second)
		if *b.TTL < least || *b.TTL > most { // as seconds: nanoseconds of far too many may be anything
			fault("ttl_s", fmt.Sprintf("must be %d to %d", least, most))
		}
		lasts = time.Duration(*b.TTL) * time.Second
	}
	if len(d.Errors) > 0 {
		return nil, 0, d
	}
	return address, lasts, nil
}

// postAgentSession makes a session. What is read of its subject, here already, is read as the session: a key that has
// found somebody by two identifiers passes no level on.
func (a *API) postAgentSession(c *gin.Context) {
	v, err := a.makeSession(c)
	if err != nil {
		a.fail(c, sessionProblem(err))
		return
	}
	a.answerAs(c, http.StatusCreated, v)
}

func (a *API) makeSession(c *gin.Context) (*agentSessionView, error) {
	x := readingOf(c)
	if err := x.key.MaySession(); err != nil {
		return nil, err
	}
	var body agentSessionBody
	if err := newQuery(c).err(); err != nil {
		return nil, err
	}
	if err := decode(c, &body); err != nil {
		return nil, err
	}
	address, lasts, err := body.check()
	if err != nil {
		return nil, err
	}
	if body.Purpose != "" {
		if err := x.narrow(body.Purpose); err != nil {
			return nil, err
		}
	}
	found, err := a.Profiles.Get(c.Request.Context(), x.key.Workspace, address)
	if err != nil {
		return nil, err
	}
	token, session, err := a.Sessions.Make(x.key, auth.NewSession{
		Observation: observationOf(address, found), Conversation: body.Conversation, Purpose: auth.Purpose(x.purpose),
		Scopes: body.Scopes, Lasts: lasts,
	})
	if err != nil {
		return nil, err
	}
	x.key, x.conversation = session, session.Session.Conversation
	return &agentSessionView{
		Token: token, Session: session.Session.ID, ExpiresAt: session.Session.Expires,
		Scopes:  each(session.Scopes, func(s *auth.Scope) string { return string(*s) }),
		Subject: sessionSubjectView{found.Profile.ID, session.Session.Observation}, IdentityVersion: found.IdentityVersion,
	}, a.noteSession(c, session)
}

// observationOf is the observation that an address names, else the one that founded the profile.
func observationOf(address profiles.Address, found *profiles.Answer) identity.ObservationID {
	if address[0].Type == profiles.TypeObservation {
		return uuid.MustParse(address[0].Value) // it was found
	}
	return found.Profile.ID
}

// noteSession puts on record who made a session. What cannot be recorded is not made.
func (a *API) noteSession(c *gin.Context, session *auth.Key) error {
	err := a.Notes.Note(c.Request.Context(), session.Workspace, unify.AuditNote{
		Action: "session.create", SubjectKind: "session", Subject: session.Session.ID.String(), Outcome: store.AuditDone,
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a session is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.Any("error", err))
		return problem.New(problem.Unavailable, "the session cannot be recorded now, and none is made without that")
	}
	return nil
}

// sessionProblem says why a session was not made.
func sessionProblem(err error) error {
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return problem.New(problem.Forbidden, "the key makes no sessions: "+said(err, auth.ErrNoSession))
	case errors.Is(err, auth.ErrBeyond):
		return problem.New(problem.Forbidden, said(err, auth.ErrBeyond))
	}
	return err
}

// deleteAgentSession ends a session before its time.
func (a *API) deleteAgentSession(c *gin.Context) {
	err := newQuery(c).err()
	var id uuid.UUID
	if err == nil {
		if id, err = uuid.Parse(c.Param("id")); err != nil {
			err = problem.Field("id", "must be the id of a session")
		}
	}
	now := a.Now().UTC().Truncate(time.Millisecond)
	if err == nil {
		err = a.Sessions.End(c.Request.Context(), keyOf(c).Workspace, id)
	}
	if errors.Is(err, auth.ErrUnknown) {
		err = problem.New(problem.NotFound, "no session has this id")
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, endedSessionView{id, now})
}
