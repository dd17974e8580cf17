package obs

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traceParent is the W3C header that a span's place travels in.
const traceParent = "traceparent"

// exportTime bounds one sending of spans, and the last one at the end.
const exportTime = 5 * time.Second

// Tracing makes spans (requirement O3): of a GraphQL operation, of the jobs that it
// enqueued, of the connector calls that those make, all in one trace. Attributes hold
// names out of short lists, never ids of people and never secrets.
type Tracing struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider // nil: spans go nowhere
}

// NewTracing sends spans to an OTLP/HTTP endpoint, "http://collector:4318". An empty
// endpoint makes no spans. A collector that cannot be reached costs spans and nothing
// else.
func NewTracing(ctx context.Context, endpoint, version string) (*Tracing, error) {
	if endpoint == "" {
		return &Tracing{tracer: noop.NewTracerProvider().Tracer(metricsPrefix)}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint), otlptracehttp.WithTimeout(exportTime))
	if err != nil {
		return nil, fmt.Errorf("obs: tracing: %w", err)
	}
	return TracingTo(sdktrace.NewBatchSpanProcessor(exporter), version), nil
}

// TracingTo gives spans to a processor; tests keep them in memory.
func TracingTo(processor sdktrace.SpanProcessor, version string) *Tracing {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor), sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", metricsPrefix), attribute.String("service.version", version))))
	return &Tracing{tracer: provider.Tracer(metricsPrefix), provider: provider}
}

// Start begins a span below ctx's; pairs are names and values of its attributes. The
// function ends it; code is the fault's, empty for success.
func (t *Tracing) Start(ctx context.Context, name string, pairs ...string) (context.Context, func(code string)) {
	attributes := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		attributes = append(attributes, attribute.String(pairs[i], pairs[i+1]))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(code string) {
		if code != "" {
			span.SetStatus(codes.Error, code)
			span.SetAttributes(attribute.String("fieldwarden.code", code))
		}
		span.End()
	}
}

// TraceParent writes the place of ctx's span, so that it can be stored with a job;
// empty without one.
func TraceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceParent]
}

// WithTraceParent makes ctx a continuation of the span that TraceParent wrote.
func WithTraceParent(ctx context.Context, place string) context.Context {
	if place == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: place})
}

// Close sends what is left and ends.
func (t *Tracing) Close(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, exportTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("obs: tracing: %w", err)
	}
	return nil
}
