package node

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tributary/ingest/connector/source"
	"tributary/profiles/outbox"
	"tributary/profiles/sink"
	"tributary/profiles/unify"
)

// metrics collects what the workers tell. Labels are of fixed sets: lanes, tables, outcomes, and
// configured sources.
type metrics struct {
	registry *prometheus.Registry

	records  *prometheus.CounterVec
	outcomes *prometheus.CounterVec
	step     prometheus.Histogram
	delay    prometheus.Histogram

	rows     *prometheus.CounterVec
	insert   *prometheus.HistogramVec
	retries  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	restored *prometheus.CounterVec

	pulled *prometheus.CounterVec
	pulls  *prometheus.CounterVec

	sqlTraits *prometheus.CounterVec
}

var (
	_ unify.Metrics   = (*metrics)(nil)
	_ sink.Metrics    = (*metrics)(nil)
	_ source.Observer = (*metrics)(nil)
)

func newMetrics(version string) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	fine := prometheus.ExponentialBuckets(0.0005, 2, 16) // 0.5 ms to 16 s
	m := &metrics{
		registry: prometheus.NewRegistry(),
		records:  counter("tributary_unify_records_total", "Log records applied, by lane.", "lane"),
		outcomes: counter("tributary_unify_events_total", "Events applied, by what became of them.", "outcome"),
		step: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tributary_unify_step_seconds", Help: "Time that one atomic step took.", Buckets: fine}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tributary_unify_delay_seconds", Help: "Time from taking in to being applied, of the oldest live record of each step.", Buckets: fine}),
		rows: counter("tributary_sink_rows_total", "Rows that the analytics store acknowledged, by table.", "table"),
		insert: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tributary_sink_insert_seconds", Help: "Time that one insert took, by table.", Buckets: fine}, []string{"table"}),
		retries:   counter("tributary_sink_retries_total", "Inserts without a clear success, by table.", "table"),
		refused:   counter("tributary_sink_refused_total", "Rows that the store refuses for ever, by table.", "table"),
		restored:  counter("tributary_sink_restored_total", "Rows that were missing after a restart and were inserted again, by table.", "table"),
		pulled:    counter("tributary_pulled_records_total", "Records that pullers brought, by source and kind (event, rejected).", "source", "kind"),
		pulls:     counter("tributary_pulls_total", "Pages asked for, by source and outcome (kept, failed).", "source", "outcome"),
		sqlTraits: counter("tributary_sql_trait_runs_total", "Queries of SQL traits, by trait and outcome (set, failed).", "workspace", "trait", "outcome"),
	}
	m.begin()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tributary_build_info", Help: "1, with the version as a label."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.records, m.outcomes, m.step, m.delay, m.rows, m.insert, m.retries, m.refused, m.restored, m.pulled, m.pulls, m.sqlTraits, build,
		// With how long goroutines wait for a thread: what a slow answer is first to be compared to.
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// begin has what seldom happens told as 0 from the start: a counter that comes into being with its first fault shows no rate of it.
func (m *metrics) begin() {
	for _, table := range outbox.Tables() {
		for _, c := range []*prometheus.CounterVec{m.retries, m.refused, m.restored} {
			c.WithLabelValues(table.String())
		}
	}
}

// Pulled implements source.Observer.
func (m *metrics) Pulled(name string, events, rejected int) {
	m.pulls.WithLabelValues(name, "kept").Inc()
	m.pulled.WithLabelValues(name, "event").Add(float64(events))
	m.pulled.WithLabelValues(name, "rejected").Add(float64(rejected))
}

// PullFailed implements source.Observer.
func (m *metrics) PullFailed(name string) { m.pulls.WithLabelValues(name, "failed").Inc() }

// observe adds what is read when it is asked for.
func (m *metrics) observe(n *Node) {
	gauge := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	gauge("tributary_unify_pending_records", "Records in the log that are not applied yet.", func() float64 { return float64(n.pending(context.Background())) })
	gauge("tributary_sink_lag_rows", "Rows in the outbox that the analytics store has not acknowledged.", func() float64 { return float64(n.sink.Lag().Rows) })
	gauge("tributary_sink_lag_seconds", "Age of the oldest row that is on its way.", func() float64 { return n.sink.Lag().Age.Seconds() })
}

// pending is how many records the log has beyond what is applied.
func (n *Node) pending(ctx context.Context) uint64 {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	partitions, err := n.log.Partitions(ctx)
	if err != nil {
		return 0
	}
	applied := n.state.Offsets()
	var pending uint64
	for _, p := range partitions {
		if done := max(applied[p.ID], p.First); p.Next > done {
			pending += p.Next - done
		}
	}
	return pending
}

// Step implements unify.Metrics.
func (m *metrics) Step(r unify.Report) {
	m.records.WithLabelValues("live").Add(float64(r.Live))
	m.records.WithLabelValues("bulk").Add(float64(r.Bulk))
	m.outcomes.WithLabelValues("stored").Add(float64(r.Stored))
	m.outcomes.WithLabelValues("duplicate").Add(float64(r.Duplicates))
	m.outcomes.WithLabelValues("quarantined").Add(float64(r.Quarantined))
	m.step.Observe(r.Took.Seconds())
	if !r.Oldest.IsZero() {
		m.delay.Observe(time.Since(r.Oldest).Seconds())
	}
}

// Inserted implements sink.Metrics.
func (m *metrics) Inserted(table outbox.Table, rows int, took time.Duration) {
	m.rows.WithLabelValues(table.String()).Add(float64(rows))
	m.insert.WithLabelValues(table.String()).Observe(took.Seconds())
}

// Retried implements sink.Metrics.
func (m *metrics) Retried(table outbox.Table) { m.retries.WithLabelValues(table.String()).Inc() }

// Refused implements sink.Metrics.
func (m *metrics) Refused(table outbox.Table) { m.refused.WithLabelValues(table.String()).Inc() }

// Restored implements sink.Metrics.
func (m *metrics) Restored(table outbox.Table, rows int) {
	m.restored.WithLabelValues(table.String()).Add(float64(rows))
}
