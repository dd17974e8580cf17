package obs

import (
	"database/sql"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsPrefix begins the names of all figures of ours.
const metricsPrefix = "fieldwarden"

// Metrics are the figures of this process (requirement O3). They count since its
// start; what several nodes count is added up by Prometheus. No label has a value
// that a person or a CRM chooses: all of them come from short lists.
type Metrics struct {
	registry *prometheus.Registry

	// Requests counts HTTP requests by route, method and status.
	Requests *prometheus.CounterVec
	// Operations times GraphQL queries and mutations by type and error code, empty
	// when there was no error; Events counts what subscriptions sent.
	Operations *prometheus.HistogramVec
	Events     prometheus.Counter
	// Runs counts ended runs by status; Steps and CRMCalls what they did.
	Runs     *prometheus.CounterVec
	Steps    prometheus.Counter
	CRMCalls prometheus.Counter
	// Records counts stored records by what became of them.
	Records *prometheus.CounterVec
	// Checks counts readings of an object's rights, Alerts opened alerts by severity.
	Checks prometheus.Counter
	Alerts *prometheus.CounterVec
	// Digests counts daily digests by what came of them: silent (nothing is lost), sent,
	// or unsent (there is nobody, or no way, to mail to).
	// DigestRanAt is when this process ran the last one, in Unix seconds; 0 is never.
	Digests     *prometheus.CounterVec
	DigestRanAt prometheus.Gauge
	// Refreshes counts saved token refreshes, Audits audit entries by outcome.
	Refreshes prometheus.Counter
	Audits    *prometheus.CounterVec
	// Deliveries times attempts to send a delivery by medium and the state it has then.
	Deliveries *prometheus.HistogramVec
	// Jobs times jobs by kind and outcome, Calls connector calls by connector, verb
	// and error code.
	Jobs  *prometheus.HistogramVec
	Calls *prometheus.HistogramVec
}

// NewMetrics makes the figures, all zero, and those of the Go runtime, the process
// and the build.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		Requests:   counters("http_requests_total", "HTTP requests.", "route", "method", "status"),
		Operations: durations("graphql_operation_seconds", "GraphQL queries and mutations.", "type", "code"),
		Events:     counter("graphql_events_total", "Events sent to GraphQL subscriptions."),
		Runs:       counters("runs_ended_total", "Sync runs that ended.", "status"),
		Steps:      counter("run_steps_total", "Saved steps of sync runs."),
		CRMCalls:   counter("run_crm_calls_total", "Calls of CRM APIs that sync runs made."),
		Records:    counters("records_total", "CRM records received, by what became of them.", "outcome"),
		Checks:     counter("object_checks_total", "Readings of an object's rights."),
		Alerts:     counters("alerts_opened_total", "Alerts opened.", "severity"),
		Digests:    counters("digests_total", "Daily digests that ran, one for each workspace and local day, by what came of them.", "outcome"),
		Refreshes:  counter("token_refreshes_total", "OAuth token refreshes saved."),
		Audits:     counters("audit_entries_total", "Audit entries written.", "outcome"),
		Deliveries: durations("delivery_attempt_seconds", "Attempts to send a delivery.", "medium", "state"),
		Jobs:       durations("job_seconds", "Background jobs.", "kind", "outcome"),
		Calls:      durations("connector_call_seconds", "Calls of connectors.", "connector", "verb", "code"),
		DigestRanAt: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: metricsPrefix, Name: "digest_last_run_timestamp_seconds", Help: "When this process last ran a daily digest; 0 is never.",
		}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: metricsPrefix, Name: "build_info", Help: "The program that runs; always 1."},
		[]string{"version", "go_version"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(
		m.Requests, m.Operations, m.Events, m.Runs, m.Steps, m.CRMCalls, m.Records, m.Checks, m.Alerts, m.Digests, m.DigestRanAt, m.Refreshes, m.Audits, m.Deliveries, m.Jobs, m.Calls,
		build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Add adds figures that are read when they are asked for. They must be well-formed:
// two of one name are a programmer's error and panic.
func (m *Metrics) Add(c ...prometheus.Collector) { m.registry.MustRegister(c...) }

// AddPool adds the figures of a database connection pool.
func (m *Metrics) AddPool(name string, pool *sql.DB) {
	m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
}

// Handler serves the figures in Prometheus' text form. A figure that cannot be read
// at the moment is left out; the rest is served.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: metricsPrefix, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: metricsPrefix, Name: name, Help: help}, labels)
}

// durations are for what takes from a millisecond to the 45 s of the longest job.
func durations(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: metricsPrefix, Name: name, Help: help, Buckets: []float64{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 45},
	}, labels)
}
