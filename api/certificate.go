package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/profiles/privacy/erase"
)

// Certificates finds certificates of erasures; erase.Archive is one.
type Certificates interface {
	Certificate(ctx context.Context, workspace string, id uuid.UUID) (*erase.Certificate, error)
}

// getCertificate answers with the certificate of an erasure, as JSON, or as text to whoever prefers text/markdown.
func (a *API) getCertificate(c *gin.Context) {
	if a.Certificates == nil {
		a.fail(c, problem.New(problem.Unavailable, "requests of privacy are not taken here"))
		return
	}
	id, err := erasureID(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	certificate, err := a.Certificates.Certificate(c.Request.Context(), keyOf(c).Workspace, id)
	switch {
	case errors.Is(err, erase.ErrUnderWay):
		a.fail(c, problem.New(problem.Conflict, "the erasure is not done yet: it has no certificate"))
	case err != nil:
		a.fail(c, err)
	case c.NegotiateFormat(gin.MIMEJSON, markdown) == markdown:
		c.Data(http.StatusOK, markdown+"; charset=utf-8", []byte(certificate.Markdown()))
	default:
		a.answer(c, certificate)
	}
}

const markdown = "text/markdown"
