package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// EventStreams is the handler of GraphQL over server-sent events; see the package
// comment. Its streams hold up http.Server.Shutdown, so call
// [EventStreams.Shutdown] before.
type EventStreams struct {
	plain  *httpHandler
	cfg    *Config
	places *places
}

var _ http.Handler = (*EventStreams)(nil)

// NewEventStreams returns the handler. Middleware around it must let
// http.ResponseController flush and set write deadlines, and must put no deadline on
// the request's context.
func NewEventStreams(cfg Config) *EventStreams {
	plain := &httpHandler{cfg: cfg.withDefaults()}
	return &EventStreams{plain: plain, cfg: &plain.cfg, places: newPlaces(plain.cfg.MaxStreams)}
}

// ByAccept serves two transports at one path: requests whose Accept wishes for
// text/event-stream go to streams, all others to plain.
func ByAccept(plain, streams http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wantsEvents(r.Header.Values("Accept")) {
			streams.ServeHTTP(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	})
}

// Shutdown refuses new streams, ends the open ones without a complete event, so that
// clients connect again, and returns once they have ended, or with the error of ctx
// when that ends first.
func (es *EventStreams) Shutdown(ctx context.Context) error {
	if err := es.places.shutdown(ctx); err != nil {
		return fmt.Errorf("streams of events did not end in time: %w", err)
	}
	return nil
}

// Count is how many streams are open, for a gauge.
func (es *EventStreams) Count() int { return es.places.count() }

// Why a stream ends, beside the operation's own end and the client's going.
var (
	errCredentialEnded = errors.New("the credential has ended")
	errGoingAway       = errors.New("the server is shutting down")
	errNotWritten      = errors.New("an event could not be written")
)

// ServeHTTP runs one operation and streams what it gives.
func (es *EventStreams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := es.cfg.requestID(r.Context())
	setHeader(w.Header(), id)
	ctx := context.WithValue(withRequestID(r.Context(), id), lastEventIDKey{}, r.Header.Get("Last-Event-ID"))
	if problem := es.places.take(); problem != "" {
		w.Header().Set("Retry-After", "5")
		http.Error(w, problem, http.StatusServiceUnavailable)
		return
	}
	defer es.places.release()
	// What is no GraphQL request is answered as plain HTTP does, with its status.
	reply := httpReply{media: mediaJSON}
	params, status, refusal := es.plain.params(w, r.WithContext(ctx))
	if refusal != nil {
		reply.refuse(ctx, status, refusal)
		es.plain.write(ctx, w, reply)
		return
	}
	ctx = graphql.StartOperationTrace(ctx)
	opCtx, errs := es.cfg.Executor.CreateOperationContext(ctx, params)
	if len(errs) == 0 && opCtx.Operation.Operation == ast.Mutation && r.Method == http.MethodGet {
		w.Header().Set("Allow", "POST")
		reply.refuse(ctx, http.StatusMethodNotAllowed, newError(CodeMethod, "send a mutation by POST"))
		es.plain.write(ctx, w, reply)
		return
	}
	s := newEventStream(ctx, es, w)
	defer s.close()
	s.run(opCtx, errs)
}

// eventStream is the answer to one request.
type eventStream struct {
	es  *EventStreams
	cfg *Config
	out *eventWriter
	ctx context.Context
	// end ends the operation with a cause.
	end context.CancelCauseFunc
	// watched is closed when watch has returned.
	watched chan struct{}
}

func newEventStream(ctx context.Context, es *EventStreams, w http.ResponseWriter) *eventStream {
	s := &eventStream{es: es, cfg: es.cfg, watched: make(chan struct{})}
	s.ctx, s.end = context.WithCancelCause(ctx)
	s.out = newEventWriter(w, es.cfg.WriteTimeout, func(err error) {
		if errors.Is(err, errTooSlow) {
			s.cfg.Logger.InfoContext(ctx, "reader of events is too slow; cut off", slog.String("request_id", RequestID(ctx)))
		}
		s.end(errNotWritten)
	})
	s.out.open()
	go s.watch()
	return s
}

// close ends watch and takes the deadlines off the connection, which may serve
// another request.
func (s *eventStream) close() {
	s.end(nil)
	<-s.watched
	s.out.close()
}

// watch keeps the stream alive for proxies, and ends it with its credential or the
// server.
func (s *eventStream) watch() {
	defer close(s.watched)
	beats := s.cfg.Clock.NewTicker(s.cfg.PingInterval)
	defer beats.Stop()
	var ended <-chan struct{}
	if s.cfg.Ended != nil {
		ended = s.cfg.Ended(s.ctx)
	}
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-beats.Chan():
			s.out.comment()
		case <-ended:
			s.end(errCredentialEnded)
		case <-s.es.places.down:
			s.end(errGoingAway)
		}
	}
}

// run executes the operation and sends what it gives, then how it ended.
func (s *eventStream) run(opCtx *graphql.OperationContext, errs gqlerror.List) {
	defer func() {
		if value := recover(); value != nil {
			s.fail(gqlerror.List{s.cfg.panicError(s.ctx, value)})
		}
	}()
	exec := s.cfg.Executor
	ctx, ending := withEnding(s.ctx)
	ctx, ids := withEventIDs(ctx)
	if len(errs) > 0 {
		s.next("", newAnswer(exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs), opCtx, RequestID(ctx)))
		s.out.event("", "complete", nil)
		return
	}
	streams := opCtx.Operation.Operation == ast.Subscription
	if !streams {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.cfg.OperationTimeout)
		defer cancel()
	}
	handle, ctx := exec.DispatchOperation(ctx, opCtx)
	for {
		response := handle(ctx)
		if response == nil && !streams {
			response = s.cfg.ended(ctx)
		}
		if response == nil {
			break
		}
		s.next(ids.take(), newAnswer(response, opCtx, RequestID(ctx)))
		if !streams {
			break
		}
	}
	switch err := ending.get(); {
	case errors.Is(context.Cause(s.ctx), errCredentialEnded):
		s.fail(gqlerror.List{newError(CodeUnauthenticated, "the credential has ended: it was revoked, has expired, or its rights changed")})
	case s.ctx.Err() != nil: // the client goes, or comes back
	case err != nil:
		s.fail(exec.DispatchError(ctx, gqlerror.List{asGraphQL(err)}).Errors)
	default:
		s.out.event("", "complete", nil)
	}
}

// fail ends the stream with errors.
func (s *eventStream) fail(errs gqlerror.List) {
	s.next("", errorAnswer(RequestID(s.ctx), errs...))
	s.out.event("", "complete", nil)
}

// next sends one answer; id, if there is one, is where the client is after it.
func (s *eventStream) next(id string, a answer) {
	text, err := json.Marshal(a)
	if err != nil {
		s.cfg.Logger.ErrorContext(s.ctx, "graphql answer cannot be written as JSON",
			slog.String("request_id", RequestID(s.ctx)), slog.Any("error", err))
		text = []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	s.out.event(id, "next", text)
}
