package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/stream"
)

// listener is a source that vendors call.
type listener struct {
	*source.Source
	warn rate.Sometimes // anybody can have deliveries refused: they must not fill the log
}

// warnEvery is how often the log tells that deliveries of a source are refused; metrics count them all.
const warnEvery = 10 * time.Second

// MaxDeliveryBytes is the largest delivery of a webhook, decompressed.
const MaxDeliveryBytes = LeastMemoryBytes / 2

// RegisterWebhooks adds POST /v1/webhooks/{source} for the sources whose vendors call, and GET and HEAD,
// by which some vendors look whether the address is there.
func (g *Gateway) RegisterWebhooks(r gin.IRouter, sources []*source.Source) {
	listening := map[string]*listener{}
	for _, s := range sources {
		if s.Listens() {
			listening[s.Name()] = &listener{Source: s, warn: rate.Sometimes{First: 1, Interval: warnEvery}}
		}
	}
	const route = "/v1/webhooks/:source"
	r.POST(route, g.handler(func(rq *request) *Problem {
		s, ok := listening[rq.Param("source")]
		if !ok {
			return unknownSource()
		}
		return g.delivery(rq, s)
	}))
	answer := func(c *gin.Context) {
		if _, ok := listening[c.Param("source")]; !ok {
			unknownSource().write(c)
			return
		}
		c.Status(http.StatusOK)
	}
	r.GET(route, answer)
	r.HEAD(route, answer)
	r.Match([]string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, route, wrongMethod)
}

func unknownSource() *Problem {
	return problem(http.StatusNotFound, "unknown-source", "No source of this name takes deliveries", "Sources are configured under sources: in the configuration file.")
}

// delivery takes a vendor's call in.
func (g *Gateway) delivery(rq *request, s *listener) *Problem {
	if p := g.holdDelivery(rq, bodyRoom(rq.Request.ContentLength, rq.Request.Header.Get("Content-Encoding") != "", MaxDeliveryBytes)); p != nil {
		return p
	}
	if p := readBytes(rq.Request, MaxDeliveryBytes, rq.body); p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(rq.Request.Context(), g.config.AppendTimeout)
	defer cancel()
	reply, err := s.Receive(ctx, &connector.Request{
		Method: rq.Request.Method, URL: addressOf(rq.Request), Header: rq.Request.Header, Body: *rq.body, Received: rq.received,
	}, g.log)
	if err != nil {
		return g.undelivered(ctx, rq, s, err)
	}
	rq.Data(reply.Status, reply.ContentType, reply.Body)
	return nil
}

// undelivered says why nothing of a delivery was kept. The log names the source and the kind of fault,
// never what came.
func (g *Gateway) undelivered(ctx context.Context, rq *request, s *listener, err error) *Problem {
	var unreadable *source.DeliveryError
	switch {
	case errors.Is(err, connector.ErrUnsigned), errors.Is(err, connector.ErrSignature), errors.Is(err, connector.ErrStale):
		s.warn.Do(func() {
			g.logger.WarnContext(ctx, "delivery refused", "source", s.Name(), "reason", err.Error())
		})
		return problem(http.StatusUnauthorized, "unproven-delivery", "The delivery is not proven to be the vendor's", err.Error()+".")
	case errors.As(err, &unreadable):
		g.logger.WarnContext(ctx, "delivery cannot be read", "source", s.Name())
		return malformedBody(unreadable.Error())
	case errors.Is(err, stream.ErrTooLarge):
		return tooLarge("The log does not take records of this size.")
	case errors.Is(err, stream.ErrFull):
		return unavailable("log-full", "There is no room for more events", g.config.RetryAfter)
	case rq.Request.Context().Err() != nil:
		return gone()
	case ctx.Err() == nil:
		g.logger.ErrorContext(ctx, "append to log", "error", err, "source", s.Name())
	}
	return unavailable("unavailable", "The log does not take events at present", g.config.RetryAfter)
}

// addressOf is the address that the vendor called, as far as this server can tell: behind a proxy it
// is another, and connectors of vendors that sign it have it as a setting.
func addressOf(r *http.Request) *url.URL {
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return &u
}
