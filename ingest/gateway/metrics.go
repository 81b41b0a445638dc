package gateway

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/ingest/stream"
)

// Metrics measures a gateway from outside: as a decorator of its log and as a handler in front of
// its routes. Its labels are few: route, status, lane and kind.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	records  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	appends  *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

// NewMetrics registers the gateway's metrics.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_gateway_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_gateway_request_seconds", Help: "Time to answer, by route.", Buckets: buckets}, []string{"route"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_gateway_records_total", Help: "Records made durable, by lane and kind (event, rejected)."}, []string{"lane", "kind"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_gateway_record_bytes_total", Help: "Bytes of records made durable, by lane."}, []string{"lane"}),
		appends: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_gateway_append_seconds", Help: "Time for the log to make an append durable, by lane.", Buckets: buckets}, []string{"lane"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_gateway_append_failures_total", Help: "Appends that failed, by lane and reason (full, closed, other)."}, []string{"lane", "reason"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.records, m.bytes, m.appends, m.failures} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	for lane := range stream.Lanes { // told as 0 from the start, so that the first failure shows as a rate
		for _, reason := range []string{"full", "closed", "other"} {
			m.failures.WithLabelValues(stream.Lane(lane).String(), reason)
		}
	}
	return m, nil
}

// Handler measures the routes that are registered after it.
func (m *Metrics) Handler() gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		route := c.FullPath()
		m.requests.WithLabelValues(route, strconv.Itoa(c.Writer.Status())).Inc()
		m.seconds.WithLabelValues(route).Observe(time.Since(start).Seconds())
	}
}

// Log measures what next takes.
func (m *Metrics) Log(next Log) Log { return &measuredLog{next, m} }

type measuredLog struct {
	next    Log
	metrics *Metrics
}

// Append implements Log.
func (l *measuredLog) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	start := time.Now()
	positions, err := l.next.Append(ctx, records)
	if len(records) == 0 {
		return positions, err
	}
	lane := records[0].Lane.String() // mostly that of all
	l.metrics.appends.WithLabelValues(lane).Observe(time.Since(start).Seconds())
	if err != nil {
		l.metrics.failures.WithLabelValues(lane, failureReason(err)).Inc()
		return positions, err
	}
	var took [stream.Lanes]struct{ bytes, events, rejected int }
	for i := range records {
		r := &records[i]
		sum := &took[r.Lane]
		sum.bytes += len(r.Value)
		if r.Kind == stream.KindRejected {
			sum.rejected++
		} else {
			sum.events++
		}
	}
	for lane, sum := range took {
		if sum.bytes == 0 {
			continue
		}
		name := stream.Lane(lane).String()
		l.metrics.bytes.WithLabelValues(name).Add(float64(sum.bytes))
		l.metrics.records.WithLabelValues(name, "event").Add(float64(sum.events))
		l.metrics.records.WithLabelValues(name, "rejected").Add(float64(sum.rejected))
	}
	return positions, nil
}

// BeyondShare registers the count of events that waited for their client sent more than its share of the live one.
func (m *Metrics) BeyondShare(registry prometheus.Registerer, g *Gateway) error {
	return registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "tributary_gateway_client_beyond_share_total",
		Help: "Events put into the bulk lane as their client sent more than its share of the live one.",
	}, func() float64 { return float64(g.BeyondShare()) }))
}

func failureReason(err error) string {
	switch {
	case errors.Is(err, stream.ErrFull):
		return "full"
	case errors.Is(err, stream.ErrClosed):
		return "closed"
	default:
		return "other"
	}
}
