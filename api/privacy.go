package api

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// Privacy takes requests of privacy; desk.Desk is one.
type Privacy interface {
	Preview(ctx context.Context, r desk.Request) (*desk.Preview, error)
	Request(ctx context.Context, r desk.Request) (*desk.Preview, error)
	Cancel(ctx context.Context, workspace string, id uuid.UUID, actor string) error
	Get(ctx context.Context, workspace string, id uuid.UUID) (*privacy.Record, error)
	List(ctx context.Context, workspace string) ([]*privacy.Record, error)
	Suppress(ctx context.Context, workspace string, ids []identity.Identifier, actor, reason string) error
	Unsuppress(ctx context.Context, workspace string, ids []identity.Identifier, actor string) error
	Restrict(ctx context.Context, workspace string, who profiles.Address, actor, reason string) (int, error)
	Unrestrict(ctx context.Context, workspace string, who profiles.Address, actor string) (int, error)
	Standing(ctx context.Context, workspace string, id identity.Identifier) (*desk.Standing, error)
}

// desked answers with what the desk says; parameters are those that its query may have. Without a desk nothing can
// be erased by this interface.
func (a *API) desked(
	f func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error), parameters ...string,
) gin.HandlerFunc {
	return func(c *gin.Context) {
		if a.Privacy == nil {
			a.fail(c, problem.New(problem.Unavailable, "requests of privacy are not taken here"))
			return
		}
		q := newQuery(c)
		q.known = append(q.known, parameters...)
		if err := q.err(); err != nil {
			a.fail(c, err)
			return
		}
		key := keyOf(c)
		v, err := f(c.Request.Context(), c, key.Workspace, key.Actor())
		if err != nil {
			a.fail(c, err)
			return
		}
		a.answer(c, v)
	}
}

func (a *API) postErasure() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		q := newQuery(c)
		preview := q.flag("preview")
		if err := q.err(); err != nil {
			return nil, err
		}
		var body desk.Body
		if err := decode(c, &body); err != nil {
			return nil, err
		}
		request, err := body.Request(workspace, actor)
		if err != nil {
			return nil, err
		}
		if preview {
			return a.Privacy.Preview(ctx, request)
		}
		return a.Privacy.Request(ctx, request)
	}, "preview")
}

func (a *API) getErasures() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, _ *gin.Context, workspace, _ string) (any, error) {
		all, err := a.Privacy.List(ctx, workspace)
		return desk.Views(all), err
	})
}

// erasureID reads the id in the path.
func erasureID(c *gin.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, problem.Field("id", "is not a UUID")
	}
	return id, nil
}

func (a *API) getErasure() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, _ string) (any, error) {
		id, err := erasureID(c)
		if err != nil {
			return nil, err
		}
		return a.erasure(ctx, workspace, id)
	})
}

func (a *API) erasure(ctx context.Context, workspace string, id uuid.UUID) (any, error) {
	found, err := a.Privacy.Get(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return desk.View(found), nil
}

func (a *API) deleteErasure() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		id, err := erasureID(c)
		if err == nil {
			err = a.Privacy.Cancel(ctx, workspace, id, actor)
		}
		if err != nil {
			return nil, err
		}
		return a.erasure(ctx, workspace, id)
	})
}

func (a *API) postSuppressions() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		var body desk.Body
		if err := decode(c, &body); err != nil {
			return nil, err
		}
		err := a.Privacy.Suppress(ctx, workspace, body.IDs(), actor, body.Reason)
		return desk.Done{Count: len(body.Identifiers)}, err
	})
}

func (a *API) deleteSuppression() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		who, err := addressOf(c)
		if err != nil {
			return nil, err
		}
		return desk.Done{Count: len(who)}, a.Privacy.Unsuppress(ctx, workspace, who, actor)
	})
}

func (a *API) postRestriction() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		var body desk.Body
		if err := decode(c, &body); err != nil {
			return nil, err
		}
		who, err := body.Who()
		if err != nil {
			return nil, err
		}
		n, err := a.Privacy.Restrict(ctx, workspace, who, actor, body.Reason)
		return desk.Done{Count: n}, err
	})
}

func (a *API) deleteRestriction() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, actor string) (any, error) {
		who, err := addressOf(c)
		if err != nil {
			return nil, err
		}
		n, err := a.Privacy.Unrestrict(ctx, workspace, who, actor)
		return desk.Done{Count: n}, err
	})
}

func (a *API) getPrivacyStanding() gin.HandlerFunc {
	return a.desked(func(ctx context.Context, c *gin.Context, workspace, _ string) (any, error) {
		who, err := addressOf(c)
		if err != nil {
			return nil, err
		}
		return a.Privacy.Standing(ctx, workspace, who[0])
	})
}
