package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Codes of errors that the transports themselves answer with; those of the
// limits are in package limit.
const (
	// CodeInternal: something failed that is no concern of clients.
	CodeInternal = "INTERNAL"
	// CodeTimeout: the operation took longer than Config.OperationTimeout.
	CodeTimeout = "TIMEOUT"
	// CodeCancelled: the client or the server gave the operation up.
	CodeCancelled = "CANCELLED"
	// CodeBadRequest: the request is no GraphQL request.
	CodeBadRequest = "BAD_REQUEST"
	// CodeBatching: an array of requests; each needs a request of its own.
	CodeBatching = "BATCHING_UNSUPPORTED"
	// CodeMethod: neither GET nor POST, or a mutation by GET.
	CodeMethod = "METHOD_NOT_ALLOWED"
	// CodeMediaType: the body is not application/json in UTF-8.
	CodeMediaType = "UNSUPPORTED_MEDIA_TYPE"
	// CodeNotAcceptable: Accept allows no media type that we answer with.
	CodeNotAcceptable = "NOT_ACCEPTABLE"
	// CodeBodyTooLarge: the body is over Config.MaxBodyBytes.
	CodeBodyTooLarge = "BODY_TOO_LARGE"
	// CodeCrossSite: a GET that a browser sent for another site.
	CodeCrossSite = "CROSS_SITE_REQUEST"
	// CodeSubscription: a subscription over HTTP that asks for no stream of events.
	CodeSubscription = "SUBSCRIPTION_NEEDS_WEBSOCKET"
	// CodeIntrospection: this caller may not read the schema.
	CodeIntrospection = "INTROSPECTION_DISABLED"
	// CodeUnauthenticated: the credential of a stream of events has ended.
	CodeUnauthenticated = "UNAUTHENTICATED"
	// CodeTooManyOperations: over Config.MaxOperationsPerSocket.
	CodeTooManyOperations = "TOO_MANY_OPERATIONS"
	// CodeTruncated: stands for the errors that were left out.
	CodeTruncated = "ERRORS_TRUNCATED"
)

const (
	// maxErrors bounds the errors of one response: a document can be wrong
	// in thousands of places.
	maxErrors = 20
	// maxMessage bounds one message, in bytes: messages quote the document.
	maxMessage = 500
)

// NewPresenter returns the error presenter that leaks nothing: an error with
// extensions.code passes as it is; the end of a context becomes TIMEOUT or
// CANCELLED; anything else is logged with the request id and becomes
// INTERNAL.
func NewPresenter(logger *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var shown *gqlerror.Error
		if errors.As(err, &shown) && codeOf(shown) != "" {
			return shown
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return Hide(err, CodeTimeout, "the operation took too long")
		case errors.Is(err, context.Canceled):
			return Hide(err, CodeCancelled, "the operation was cancelled")
		}
		attrs := []any{slog.String("request_id", RequestID(ctx)), slog.Any("error", err)}
		var panicked *PanicError
		if errors.As(err, &panicked) {
			attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
		}
		logger.ErrorContext(ctx, "graphql operation failed", attrs...)
		return Hide(err, CodeInternal, "internal error")
	}
}

// Hide returns an error with the path and locations of err and nothing else
// of it, for presenters.
func Hide(err error, code, message string) *gqlerror.Error {
	hidden := &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
	var at *gqlerror.Error
	if errors.As(err, &at) {
		hidden.Path, hidden.Locations = at.Path, at.Locations
	}
	return hidden
}

// newError makes an error of the transport itself.
func newError(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return err
}

func codeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// finishErrors makes errors ready to send: each has a code and the request
// id, none is long, and there are at most maxErrors. It copies what it
// changes, since resolvers may share error values.
func finishErrors(list gqlerror.List, requestID string) gqlerror.List {
	left := len(list) - maxErrors
	if left > 0 {
		left++ // the place that the note takes
		note := newError(CodeTruncated, "%d further errors are not shown", left)
		list = append(list[:len(list)-left:len(list)-left], note)
	}
	finished := make(gqlerror.List, 0, len(list))
	for _, err := range list {
		if err == nil {
			continue
		}
		done := *err
		done.Message = truncate(done.Message, maxMessage)
		done.Extensions = maps.Clone(done.Extensions)
		if done.Extensions == nil {
			done.Extensions = map[string]any{}
		}
		if codeOf(&done) == "" {
			done.Extensions["code"] = CodeInternal
		}
		done.Extensions["requestId"] = requestID
		finished = append(finished, &done)
	}
	return finished
}

// truncate cuts s to at most n bytes, between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const mark = "…"
	cut := n - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// panicError is what a panic outside of resolvers becomes.
func (c *Config) panicError(ctx context.Context, value any) *gqlerror.Error {
	c.Logger.ErrorContext(ctx, "graphql transport panicked",
		slog.String("request_id", RequestID(ctx)), slog.String("panic", fmt.Sprint(value)),
		slog.String("stack", string(debug.Stack())))
	return newError(CodeInternal, "internal error")
}
