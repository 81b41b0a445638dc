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
	lane := records[0].Lane.String()
	l.metrics.appends.WithLabelValues(lane).Observe(time.Since(start).Seconds())
	if err != nil {
		l.metrics.failures.WithLabelValues(lane, failureReason(err)).Inc()
		return positions, err
	}
	rejected, bytes := 0, 0
	for i := range records {
		bytes += len(records[i].Value)
		if records[i].Kind == stream.KindRejected {
			rejected++
		}
	}
	l.metrics.bytes.WithLabelValues(lane).Add(float64(bytes))
	l.metrics.records.WithLabelValues(lane, "event").Add(float64(len(records) - rejected))
	l.metrics.records.WithLabelValues(lane, "rejected").Add(float64(rejected))
	return positions, nil
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
