package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/problem"
)

// Keys finds, makes and takes back keys; auth.Keys does.
type Keys interface {
	// Lookup fails with auth.ErrUnknown, auth.ErrRevoked, auth.ErrExpired, auth.ErrClosed, or because it
	// cannot be told at present.
	Lookup(ctx context.Context, secret string) (*auth.Key, error)
	CreateBy(ctx context.Context, creator *auth.Key, n auth.New) (secret string, key *auth.Key, err error)
	Rotate(ctx context.Context, id string, grace time.Duration) (secret string, key *auth.Key, err error)
	Revoke(ctx context.Context, id string) (*auth.Key, error)
	Get(id string) (*auth.Key, error)
	List(workspace string) ([]*auth.Key, error)
	FromBrowsers(workspace, source string) (bool, error)
}

// Tokens says what the bearer of a token may do; auth.Tokens does.
type Tokens interface {
	// Lookup fails with *auth.TokenError, auth.ErrClosed, or because it cannot be told at present.
	Lookup(ctx context.Context, token string) (*auth.Key, error)
}

// Trail reads the audit trail; audit.Trail is one.
type Trail interface {
	Page(ctx context.Context, r audit.Request) (*audit.Page, error)
}

// keyView is a key as an administrator sees it: never its text.
type keyView struct {
	ID            string    `json:"id" policy:"meta"`
	Kind          string    `json:"kind" policy:"meta"`
	Scopes        []string  `json:"scopes" policy:"meta"`
	Purpose       string    `json:"purpose,omitempty" policy:"meta"`
	Reader        string    `json:"reader,omitempty" policy:"meta"`
	Source        string    `json:"source,omitempty" policy:"meta"`
	Lane          string    `json:"lane,omitempty" policy:"meta"`
	Origins       []string  `json:"origins,omitempty" policy:"meta"`
	RatePerSecond float64   `json:"rate_per_second,omitempty" policy:"meta"`
	Note          string    `json:"note,omitempty" policy:"meta"`
	Created       time.Time `json:"created" policy:"meta"`
	Expires       time.Time `json:"expires,omitzero" policy:"meta"`
	Revoked       time.Time `json:"revoked,omitzero" policy:"meta"`
	LastUsed      time.Time `json:"last_used,omitzero" policy:"meta"`
	Chain         string    `json:"chain,omitempty" policy:"meta"`
	Replaces      string    `json:"replaces,omitempty" policy:"meta"`
	ReplacedBy    string    `json:"replaced_by,omitempty" policy:"meta"`
}

type keysView struct {
	Keys []keyView `json:"keys" policy:"-"`
}

// madeKeyView is the answer to who makes or rotates a key: the only time that its text is told.
type madeKeyView struct {
	Secret string  `json:"secret" policy:"meta"`
	Key    keyView `json:"key" policy:"-"`
}

// workspaceView is the workspace of the key that asks.
type workspaceView struct {
	Workspace string `json:"workspace" policy:"meta"`
}

func newKeyView(k *auth.Key) keyView {
	return keyView{
		ID: k.ID, Kind: string(k.Kind), Scopes: each(k.Scopes, func(s *auth.Scope) string { return string(*s) }),
		Purpose: string(k.Purpose), Reader: string(k.Reader), Source: k.Source, Lane: k.Lane, Origins: k.Origins,
		RatePerSecond: k.RatePerSecond, Note: k.Note, Created: k.Created, Expires: k.Expires, Revoked: k.Revoked, LastUsed: k.LastUsed,
		Chain: k.Chain, Replaces: k.Replaces, ReplacedBy: k.ReplacedBy,
	}
}

// newKeyBody says what a key is to be; its workspace is that of the key that asks.
type newKeyBody struct {
	Kind          auth.Kind    `json:"kind"`
	Scopes        []auth.Scope `json:"scopes,omitempty"`
	Purpose       auth.Purpose `json:"purpose,omitempty"`
	Reader        auth.Reader  `json:"reader,omitempty"`
	Source        string       `json:"source,omitempty"`
	Lane          string       `json:"lane,omitempty"`
	Origins       []string     `json:"origins,omitempty"`
	RatePerSecond float64      `json:"rate_per_second,omitempty"`
	Note          string       `json:"note,omitempty"`
	Expires       time.Time    `json:"expires,omitzero"`
}

// rotateBody says how long the old key goes on.
type rotateBody struct {
	Grace string `json:"grace,omitempty"` // such as 24h; default auth.DefaultGrace
}

func (a *API) getWorkspace(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, workspaceView{keyOf(c).Workspace})
}

func (a *API) getKeys(c *gin.Context) {
	err := newQuery(c).err()
	var keys []*auth.Key
	if err == nil {
		keys, err = a.Keys.List(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, keysView{append([]keyView{}, each(keys, func(k **auth.Key) keyView { return newKeyView(*k) })...)})
}

func (a *API) createKey(c *gin.Context) {
	var b newKeyBody
	if err := decodeAlone(c, &b); err != nil {
		a.fail(c, err)
		return
	}
	a.answerMade(c)(a.Keys.CreateBy(c.Request.Context(), keyOf(c), auth.New{
		Kind: b.Kind, Workspace: keyOf(c).Workspace, Scopes: b.Scopes, Purpose: b.Purpose, Reader: b.Reader, Source: b.Source,
		Lane: b.Lane, Origins: b.Origins, RatePerSecond: b.RatePerSecond, Note: b.Note, Expires: b.Expires,
	}))
}

func (a *API) rotateKey(c *gin.Context) {
	body, grace := rotateBody{}, auth.DefaultGrace
	key, err := a.ownKey(c)
	if err == nil {
		err = keyOf(c).MayGive(key)
	}
	if err == nil && c.Request.ContentLength != 0 {
		err = decode(c, &body)
	}
	if err == nil && body.Grace != "" {
		if grace, err = time.ParseDuration(body.Grace); err != nil {
			err = problem.Field("grace", "must be a duration such as 24h")
		}
	}
	if err != nil {
		a.fail(c, keyProblem(err))
		return
	}
	a.answerMade(c)(a.Keys.Rotate(c.Request.Context(), key.ID, grace))
}

func (a *API) revokeKey(c *gin.Context) {
	key, err := a.ownKey(c)
	if err == nil {
		key, err = a.Keys.Revoke(c.Request.Context(), key.ID)
	}
	if err != nil {
		a.fail(c, keyProblem(err))
		return
	}
	a.answer(c, newKeyView(key))
}

// ownKey finds the key that the path names, in the workspace of the key that asks.
func (a *API) ownKey(c *gin.Context) (*auth.Key, error) {
	if err := newQuery(c).err(); err != nil {
		return nil, err
	}
	key, err := a.Keys.Get(c.Param("id"))
	if err == nil && key.Workspace != keyOf(c).Workspace {
		err = auth.ErrUnknown
	}
	return key, err
}

func (a *API) answerMade(c *gin.Context) func(secret string, key *auth.Key, err error) {
	return func(secret string, key *auth.Key, err error) {
		if err != nil {
			a.fail(c, keyProblem(err))
			return
		}
		a.answer(c, madeKeyView{secret, newKeyView(key)})
	}
}

// keyProblem says why a key was not made, rotated or revoked. What auth says names fields and rules, and
// repeats nothing.
func keyProblem(err error) error {
	switch {
	case errors.Is(err, auth.ErrUnknown):
		return problem.New(noSuchKey, "")
	case errors.Is(err, auth.ErrRevoked), errors.Is(err, auth.ErrExpired):
		return problem.New(problem.Conflict, reason(err))
	case errors.Is(err, auth.ErrBeyond):
		return problem.New(problem.Forbidden, said(err, auth.ErrBeyond))
	case errors.Is(err, auth.ErrInvalid):
		d := problem.New(problem.Invalid, "")
		for line := range strings.Lines(said(err, auth.ErrInvalid)) {
			field, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
			d.Errors = append(d.Errors, problem.FieldError{Field: field, Reason: why})
		}
		return d
	}
	return err
}

// said is what an error says beyond the one that it wraps.
func said(err, wrapped error) string { return strings.TrimPrefix(err.Error(), wrapped.Error()+": ") }

func (a *API) getAudit(c *gin.Context) {
	q := newQuery(c)
	r := audit.Request{
		Workspace: keyOf(c).Workspace, Since: q.time("since"), Until: q.time("until"),
		Actor: q.text("actor"), Action: q.text("action"), Outcome: q.text("outcome"),
		Cursor: q.text("cursor"), Limit: q.number("limit", 1, audit.MaxLimit),
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	page, err := a.Trail.Page(c.Request.Context(), r)
	switch {
	case errors.Is(err, audit.ErrCursor):
		err = problem.Field("cursor", "is not one of the audit trail; start again without it")
	case err != nil && c.Request.Context().Err() == nil:
		a.Logger.ErrorContext(c.Request.Context(), "the audit trail cannot be read", "error", err)
		err = problem.New(problem.Unavailable, "the audit trail cannot be read now")
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, page)
}
