package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-chi/chi/v5"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/fieldwarden/fieldwarden/graph"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestOneTraceFromMutationToConnector: a mutation, the steps of the run that it
// enqueues, and their connector calls are one trace; the steps lie side by side.
func TestOneTraceFromMutationToConnector(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, clockwork.NewRealClock())
		memory := tracetest.NewInMemoryExporter()
		w := &watch{metrics: obs.NewMetrics("test"), tracing: obs.TracingTo(trace.NewSimpleSpanProcessor(memory), "test")}
		jobs, err := job.New(job.Config{Store: s, Observer: w, PollInterval: 20 * time.Millisecond})
		require.NoError(t, err)
		ctx, workspace := storetest.Workspace(t, s)
		enqueue := func(ctx context.Context) error {
			return s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := jobs.Enqueue(ctx, tx, "run.step", workspace.ID, nil)
				return err
			})
		}
		ended := make(chan struct{})
		steps := 0
		jobs.Register("run.step", func(ctx context.Context, _ job.Job) error {
			_, done := w.call(ctx, "salesforce", "Read")
			done(fault.New(fault.CRMRateLimited, "slow down"))
			if steps++; steps == 3 {
				close(ended)
				return nil
			}
			return enqueue(ctx)
		}, job.HandlerOptions{})
		require.NoError(t, jobs.Start(t.Context()))

		operation := &ast.OperationDefinition{
			Operation: ast.Mutation, Name: "ACustomersSecretName", SelectionSet: ast.SelectionSet{&ast.Field{Name: "runNow"}},
		}
		graph.Observe(w)(graphql.WithOperationContext(ctx, &graphql.OperationContext{Operation: operation}), func(ctx context.Context) *graphql.Response {
			require.NoError(t, enqueue(ctx))
			return &graphql.Response{}
		})
		<-ended
		require.NoError(t, jobs.Stop(t.Context()))

		spans := memory.GetSpans()
		require.Len(t, spans, 1+3+3)
		root := spans[0]
		count := map[string]int{}
		jobSpans := map[string]bool{}
		for _, span := range spans {
			count[span.Name]++
			require.Equal(t, root.SpanContext.TraceID(), span.SpanContext.TraceID(), span.Name)
			if span.Name == "job run.step" {
				require.Equal(t, root.SpanContext.SpanID(), span.Parent.SpanID(), "steps lie side by side below the mutation")
				jobSpans[span.SpanContext.SpanID().String()] = true
			}
			for _, attribute := range span.Attributes {
				require.NotContains(t, attribute.Value.AsString(), workspace.ID, "no ids")
				require.NotContains(t, attribute.Value.AsString(), "Secret")
			}
		}
		for _, span := range spans {
			if span.Name == "connector Read" {
				require.True(t, jobSpans[span.Parent.SpanID().String()])
				require.Equal(t, string(fault.CRMRateLimited), span.Status.Description)
			}
		}
		require.Equal(t, map[string]int{"graphql mutation runNow": 1, "job run.step": 3, "connector Read": 3}, count)

		text := scrape(t, w)
		require.Contains(t, text, `fieldwarden_graphql_operation_seconds_count{code="",type="mutation"} 1`)
		require.Contains(t, text, `fieldwarden_job_seconds_count{kind="run.step",outcome="done"} 3`)
		require.Contains(t, text, `fieldwarden_connector_call_seconds_count{code="CRM_RATE_LIMITED",connector="salesforce",verb="Read"} 3`)
	})
}

func scrape(t *testing.T, w *watch) string {
	t.Helper()
	answer := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.Equal(t, http.StatusOK, answer.Code)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

// TestFiguresOfTransactions: what was committed is counted, what was rolled back is not.
func TestFiguresOfTransactions(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		w := &watch{metrics: obs.NewMetrics("1.2.3")}
		s, err := store.Open(t.Context(), store.Config{URL: url, Observer: w})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		ctx, _ := storetest.Workspace(t, s)
		audit := func(failure error) error {
			return s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(tx.Audit(ctx, store.AuditItem{Action: "x", Outcome: crm.AuditDenied}), failure)
			})
		}
		require.NoError(t, audit(nil))
		require.Error(t, audit(errors.New("rolled back")))
		text := scrape(t, w)
		require.Contains(t, text, `fieldwarden_audit_entries_total{outcome="DENIED"} 1`)
		require.Contains(t, text, `version="1.2.3"`)
		gauges, err := s.Gauges(t.Context())
		require.NoError(t, err)
		require.Zero(t, gauges.Followers)
	})
}

// TestLabelsAreBounded: whatever a client sends, it makes no new label.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	w := &watch{metrics: obs.NewMetrics("test")}
	router := chi.NewRouter()
	router.Use(w.requests)
	router.Get("/things/{id}", func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{"/things/1", "/things/2", "/absent/1", "/absent/2"} {
		router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
	}
	router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("MADEUP", "/things/1", http.NoBody))
	text := scrape(t, w)
	require.Contains(t, text, `fieldwarden_http_requests_total{method="GET",route="/things/{id}",status="200"} 2`)
	require.NotContains(t, text, "MADEUP")
	require.NotContains(t, text, "absent")
	require.LessOrEqual(t, strings.Count(text, "fieldwarden_http_requests_total{"), 3)
}

// TestCodesOfOperationsAreBounded: what a resolver makes up is counted as one.
func TestCodesOfOperationsAreBounded(t *testing.T) {
	t.Parallel()
	w := &watch{metrics: obs.NewMetrics("test"), tracing: obs.TracingTo(trace.NewSimpleSpanProcessor(tracetest.NewInMemoryExporter()), "test")}
	operation := &ast.OperationDefinition{Operation: ast.Query, SelectionSet: ast.SelectionSet{&ast.Field{Name: "viewer"}}}
	for _, code := range []any{"whatever a resolver says", fault.NotFound, "NOT_FOUND", 7} {
		graph.Observe(w)(graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Operation: operation}), func(context.Context) *graphql.Response {
			return &graphql.Response{Errors: gqlerror.List{{Extensions: map[string]any{"code": code}}}}
		})
	}
	text := scrape(t, w)
	for code, count := range map[string]int{"OTHER": 1, "NOT_FOUND": 2, "INTERNAL": 1} {
		require.Contains(t, text, fmt.Sprintf("fieldwarden_graphql_operation_seconds_count{code=%q,type=\"query\"} %d", code, count))
	}
}
