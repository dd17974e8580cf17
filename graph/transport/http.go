package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// NewHTTP returns the handler of GraphQL over HTTP; see the package comment.
func NewHTTP(cfg Config) http.Handler {
	return &httpHandler{cfg: cfg.withDefaults()}
}

type httpHandler struct{ cfg Config }

// ServeHTTP answers one request.
func (h *httpHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := h.cfg.requestID(r.Context())
	ctx := withRequestID(r.Context(), id)
	setHeader(w.Header(), id)
	reply := httpReply{media: mediaJSON}
	defer func() {
		if value := recover(); value != nil {
			if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(value)
			}
			reply.status = http.StatusInternalServerError
			reply.answer = errorAnswer(id, h.cfg.panicError(ctx, value))
		}
		h.write(ctx, w, reply)
	}()
	h.serve(w, r.WithContext(ctx), &reply)
}

// setHeader sets what every answer has.
func setHeader(header http.Header, requestID string) {
	header.Set("X-Request-Id", requestID)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept")
}

// httpReply is what goes back; it is filled step by step so that a panic
// half-way still finds the media type.
type httpReply struct {
	media  string
	status int
	answer answer
}

// refuse answers a request that was not executed.
func (reply *httpReply) refuse(ctx context.Context, status int, err *gqlerror.Error) {
	reply.status = status
	reply.answer = errorAnswer(RequestID(ctx), err)
}

func (h *httpHandler) serve(w http.ResponseWriter, r *http.Request, reply *httpReply) {
	ctx := r.Context()
	media, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		reply.refuse(ctx, http.StatusNotAcceptable, newError(CodeNotAcceptable,
			"answers are %s or %s; allow one of them in Accept", mediaResponse, mediaJSON))
		return
	}
	reply.media = media
	params, status, refusal := h.params(w, r)
	if refusal != nil {
		reply.refuse(ctx, status, refusal)
		return
	}
	h.execute(w, r, params, reply)
}

// params reads the request out of the body or the URL.
func (h *httpHandler) params(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, *gqlerror.Error) {
	switch r.Method {
	case http.MethodGet:
		if h.cfg.isForeign(r) {
			return nil, http.StatusForbidden, newError(CodeCrossSite,
				"this GET comes from another site; send the header %s, or a POST", preflightHeader)
		}
		params, err := paramsOfURL(r.URL.Query())
		return params, http.StatusBadRequest, err
	case http.MethodPost:
		if !isJSON(r.Header) {
			return nil, http.StatusUnsupportedMediaType, newError(CodeMediaType,
				"send the body as Content-Type: application/json, in UTF-8 and not compressed")
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.MaxBodyBytes))
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, http.StatusRequestEntityTooLarge, newError(CodeBodyTooLarge,
				"the body may have at most %d bytes", h.cfg.MaxBodyBytes)
		}
		if err != nil {
			return nil, http.StatusBadRequest, newError(CodeBadRequest, "the body could not be read to its end")
		}
		params, invalid := decodeParams(body)
		return params, http.StatusBadRequest, invalid
	default:
		w.Header().Set("Allow", "GET, POST")
		return nil, http.StatusMethodNotAllowed, newError(CodeMethod, "send a POST, or a GET for a query")
	}
}

func (h *httpHandler) execute(w http.ResponseWriter, r *http.Request, params *graphql.RawParams, reply *httpReply) {
	ctx, cancel := context.WithTimeout(graphql.StartOperationTrace(r.Context()), h.cfg.OperationTimeout)
	defer cancel()
	opCtx, errs := h.cfg.Executor.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		response := h.cfg.Executor.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs)
		reply.finish(newAnswer(response, opCtx, RequestID(ctx)))
		return
	}
	switch operation := opCtx.Operation.Operation; {
	case operation == ast.Subscription:
		reply.refuse(ctx, http.StatusBadRequest, newError(CodeSubscription,
			"subscriptions need a websocket that speaks %s, or Accept: %s", subprotocol, mediaEvents))
		return
	case operation != ast.Query && r.Method == http.MethodGet:
		w.Header().Set("Allow", "POST")
		reply.refuse(ctx, http.StatusMethodNotAllowed, newError(CodeMethod, "send a %s by POST", operation))
		return
	}
	handle, ctx := h.cfg.Executor.DispatchOperation(ctx, opCtx)
	response := handle(ctx)
	if response == nil {
		response = h.cfg.ended(ctx)
	}
	reply.finish(newAnswer(response, opCtx, RequestID(ctx)))
}

// finish sets the answer and the status that goes with it.
func (reply *httpReply) finish(a answer) {
	reply.answer = a
	reply.status = http.StatusOK
	if !a.executed() && reply.media == mediaResponse {
		reply.status = http.StatusBadRequest
	}
}

// ended is the response of an operation that gave none, which happens when
// its context ended before it began.
func (c *Config) ended(ctx context.Context) *graphql.Response {
	err := newError(CodeCancelled, "the operation was cancelled")
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = newError(CodeTimeout, "the operation took too long")
	}
	return &graphql.Response{Errors: gqlerror.List{err}}
}

func (h *httpHandler) write(ctx context.Context, w http.ResponseWriter, reply httpReply) {
	body, err := json.Marshal(reply.answer)
	if err != nil {
		// An extension that is no JSON; nothing of the answer can be kept.
		h.cfg.Logger.ErrorContext(ctx, "graphql answer cannot be written as JSON",
			slog.String("request_id", RequestID(ctx)), slog.Any("error", err))
		reply.status = http.StatusInternalServerError
		body = []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	w.Header().Set("Content-Type", reply.media+"; charset=utf-8")
	w.WriteHeader(reply.status)
	if _, err := w.Write(body); err != nil {
		h.cfg.Logger.DebugContext(ctx, "graphql answer not delivered",
			slog.String("request_id", RequestID(ctx)), slog.Any("error", err))
	}
}
