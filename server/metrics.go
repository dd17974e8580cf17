package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// MetricsConfig serves Prometheus' figures on an address of their own. They tell how
// much is going on, and of whom nothing; still, keep the address off the internet.
type MetricsConfig struct {
	// Listen is a TCP address, "127.0.0.1:9090"; empty serves them on the admin
	// socket only.
	Listen string `yaml:"listen"`
}

// TracingConfig sends traces to a collector.
type TracingConfig struct {
	// OTLPEndpoint is the collector's OTLP/HTTP address, "http://collector:4318";
	// empty makes no traces.
	OTLPEndpoint string `yaml:"otlpEndpoint"`
}

// watch turns what the parts of a server report into figures and spans.
type watch struct {
	metrics *obs.Metrics
	tracing *obs.Tracing
}

var (
	_ store.Observer = (*watch)(nil)
	_ job.Observer   = (*watch)(nil)

	_ graph.OperationObserver = (*watch)(nil)
)

// Wrote counts what a transaction has written.
func (w *watch) Wrote(m ent.Mutation) {
	switch m := m.(type) {
	case *ent.AuditEntryMutation:
		if outcome, ok := m.Outcome(); ok && m.Op().Is(ent.OpCreate) {
			w.metrics.Audits.WithLabelValues(string(outcome)).Inc()
		}
	case *ent.AlertMutation:
		if severity, ok := m.Severity(); ok && m.Op().Is(ent.OpCreate) {
			w.metrics.Alerts.WithLabelValues(string(severity)).Inc()
		}
	case *ent.CredentialMutation:
		// A new sign-in clears the mark of a refused token; a refresh leaves it alone.
		_, refreshed := m.RefreshedAt()
		_, signedIn := m.Revoked()
		if refreshed && !signedIn && !m.Op().Is(ent.OpCreate) {
			w.metrics.Refreshes.Inc()
		}
	case *ent.CrmObjectMutation:
		if _, checked := m.CheckedAt(); checked {
			w.metrics.Checks.Inc()
		}
	case *ent.SyncRunMutation:
		w.wroteRun(m)
	case *ent.DigestMutation:
		w.wroteDigest(m)
	}
}

// wroteDigest is the dead man's switch: it also counts the digests that nobody gets.
func (w *watch) wroteDigest(m *ent.DigestMutation) {
	lost, known := m.Lost()
	if !known || !m.Op().Is(ent.OpCreate) {
		return
	}
	outcome := "silent"
	if recipients, _ := m.Recipients(); recipients > 0 {
		outcome = "sent"
	} else if lost > 0 {
		outcome = "unsent"
	}
	w.metrics.Digests.WithLabelValues(outcome).Inc()
	if at, ok := m.CreatedAt(); ok {
		w.metrics.DigestRanAt.Set(float64(at.Unix()))
	}
}

func (w *watch) wroteRun(m *ent.SyncRunMutation) {
	if steps, ok := m.AddedSteps(); ok && steps > 0 {
		w.metrics.Steps.Add(float64(steps))
	}
	if calls, ok := m.AddedCrmCalls(); ok && calls > 0 {
		w.metrics.CRMCalls.Add(float64(calls))
	}
	status, hasStatus := m.Status()
	if _, ended := m.FinishedAt(); ended && hasStatus {
		w.metrics.Runs.WithLabelValues(string(status)).Inc()
	}
}

// StoredRecords counts records by what became of them.
func (w *watch) StoredRecords(counts store.UpsertCounts) {
	for outcome, n := range map[string]int{
		"created": counts.Created, "updated": counts.Updated, "deleted": counts.Deleted, "unchanged": counts.Unchanged,
	} {
		w.metrics.Records.WithLabelValues(outcome).Add(float64(n))
	}
}

type placeKey struct{}

// Enqueued gives a job the place in the trace of whoever enqueued it. What a job
// enqueues gets the place that the job itself was given: the steps of a run lie side
// by side below what started it, not each below the one before.
func (w *watch) Enqueued(ctx context.Context) string {
	if place, ok := ctx.Value(placeKey{}).(string); ok {
		return place
	}
	return obs.TraceParent(ctx)
}

// Begin times a job and makes its span.
func (w *watch) Begin(ctx context.Context, j job.Job, place string) (context.Context, func(error)) {
	began := time.Now()
	ctx, end := w.tracing.Start(obs.WithTraceParent(ctx, place), "job "+j.Kind, "fieldwarden.job.kind", j.Kind)
	if place == "" {
		place = obs.TraceParent(ctx)
	}
	return context.WithValue(ctx, placeKey{}, place), func(err error) {
		outcome, code := "done", ""
		switch {
		case job.Snoozed(err):
			outcome = "again"
		case errors.Is(err, job.ErrFenced):
			outcome = "fenced"
		case err != nil:
			outcome, code = "failed", string(fault.CodeOf(err))
		}
		w.metrics.Jobs.WithLabelValues(j.Kind, outcome).Observe(time.Since(began).Seconds())
		end(code)
	}
}

// sent times an attempt to send a delivery.
func (w *watch) sent(medium crm.Medium, state crm.DeliveryState, took time.Duration) {
	w.metrics.Deliveries.WithLabelValues(string(medium), string(state)).Observe(took.Seconds())
}

// call times a connector's call and makes its span.
func (w *watch) call(ctx context.Context, connector, verb string) (context.Context, func(error)) {
	began := time.Now()
	ctx, end := w.tracing.Start(ctx, "connector "+verb, "fieldwarden.connector", connector, "fieldwarden.verb", verb)
	return ctx, func(err error) {
		code := ""
		if err != nil {
			code = string(fault.CodeOf(err))
		}
		w.metrics.Calls.WithLabelValues(connector, verb, code).Observe(time.Since(began).Seconds())
		end(code)
	}
}

// Operation times a GraphQL operation and makes its span.
func (w *watch) Operation(ctx context.Context, kind, field string) (context.Context, func(string, time.Duration)) {
	ctx, end := w.tracing.Start(ctx, "graphql "+kind+" "+field, "graphql.operation.type", kind)
	return ctx, func(code string, took time.Duration) {
		w.metrics.Operations.WithLabelValues(kind, code).Observe(took.Seconds())
		end(code)
	}
}

// Event counts what subscribers get.
func (w *watch) Event() { w.metrics.Events.Inc() }

// requests counts HTTP requests by the route's pattern.
func (w *watch) requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		noted := middleware.NewWrapResponseWriter(out, r.ProtoMajor)
		next.ServeHTTP(noted, r)
		route := "none"
		if found := chi.RouteContext(r.Context()); found != nil && found.RoutePattern() != "" {
			route = found.RoutePattern()
		}
		status := noted.Status()
		if status == 0 {
			status = http.StatusOK
		}
		w.metrics.Requests.WithLabelValues(route, method(r.Method), strconv.Itoa(status)).Inc()
	})
}

func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions, http.MethodDelete, http.MethodPut, http.MethodPatch:
		return name
	default:
		return "OTHER"
	}
}

// gauges are figures that are read when they are asked for.
type gauges struct {
	store *store.Store
	host  *host.Host

	jobs, feed, followers, crashes, connectors, deliveries *prometheus.Desc
}

// gaugeTime bounds the reading of all figures.
const gaugeTime = 5 * time.Second

func newGauges(s *store.Store, h *host.Host) *gauges {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("fieldwarden_"+name, help, labels, nil)
	}
	return &gauges{
		store: s, host: h,
		jobs:       describe("jobs", "Background jobs that wait or run, of all nodes.", "queue", "state"),
		feed:       describe("feed_entries_total", "Entries that all feeds together have had."),
		deliveries: describe("delivery_oldest_pending_seconds", "Age of the oldest delivery that waits; 0 when none does."),
		followers:  describe("subscriptions", "Live subscriptions that read a feed here."),
		crashes:    describe("connector_crashes_total", "Crashes of connector processes.", "connector"),
		connectors: describe("connector_state", "1 for the state that a connector is in.", "connector", "state"),
	}
}

// Describe names the figures.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{g.jobs, g.feed, g.followers, g.crashes, g.connectors, g.deliveries} {
		out <- desc
	}
}

// Collect reads the figures. When the database does not answer, its own are left out.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	for _, status := range g.host.Manifests() {
		gauge(g.crashes, prometheus.CounterValue, float64(status.Crashes), status.Name)
		gauge(g.connectors, prometheus.GaugeValue, 1, status.Name, string(status.State))
	}
	ctx, cancel := context.WithTimeout(context.Background(), gaugeTime)
	defer cancel()
	figures, err := g.store.Gauges(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(g.jobs, err)
		return
	}
	for _, count := range figures.Jobs {
		gauge(g.jobs, prometheus.GaugeValue, float64(count.Jobs), count.Queue, count.State)
	}
	gauge(g.feed, prometheus.CounterValue, float64(figures.FeedEntries))
	gauge(g.followers, prometheus.GaugeValue, float64(figures.Followers))
	age := 0.0
	if !figures.DeliveriesSince.IsZero() {
		age = g.store.Clock().Now().Sub(figures.DeliveriesSince).Seconds()
	}
	gauge(g.deliveries, prometheus.GaugeValue, age)
}
