package api

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	stream   streamMetrics
}

// streamMetrics count what those who listen are told.
type streamMetrics struct {
	listeners, lagging prometheus.Gauge
	sent, stalled      prometheus.Counter
	notices            *prometheus.CounterVec
}

func newStreamMetrics() streamMetrics {
	return streamMetrics{
		listeners: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tributary_stream_listeners", Help: "Who listens to changes now."}),
		lagging:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "tributary_stream_lagging_listeners", Help: "Who of them reads more slowly than changes come."}),
		sent:      prometheus.NewCounter(prometheus.CounterOpts{Name: "tributary_stream_events_total", Help: "Changes told, once for each listener."}),
		stalled:   prometheus.NewCounter(prometheus.CounterOpts{Name: "tributary_stream_stalled_total", Help: "Listeners that were let go since they took nothing in."}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_stream_notices_total", Help: "Events that are no change: reset, gap, lagging, gone, end, and why.",
		}, []string{"event", "because"}),
	}
}

func newMetrics(r *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tributary_api_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_api_request_duration_seconds", Help: "How long requests took, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		stream: newStreamMetrics(),
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.duration, m.stream.listeners, m.stream.lagging, m.stream.sent, m.stream.stalled, m.stream.notices,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) done(verb, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method(verb), route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

func (a *API) getMetrics() gin.HandlerFunc {
	return gin.WrapH(promhttp.HandlerFor(a.Metrics, promhttp.HandlerOpts{}))
}
