package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

const (
	// maxCallBytes is what a call may hold in memory: one message.
	maxCallBytes = handshake.MaxMessage
	// smallCallBytes is the limit of, and reserved for, calls with small answers.
	smallCallBytes = 1 << 20
	// readBytes is reserved for a Read: one batch on the wire, and once decoded.
	readBytes = 2 * handshake.MaxBatch
	// crashPatience is how long a broken call waits to learn whether the process
	// has ended.
	crashPatience = 1500 * time.Millisecond
	// clockSkew is how much earlier than here a deadline may pass over there.
	clockSkew = 100 * time.Millisecond
)

// Causes of an ended call, told apart by context.Cause.
var (
	errDeadline = errors.New("the call's deadline passed")
	errIdle     = errors.New("the stream was silent for too long")
)

// verb is one method of the protocol as the host calls it.
type verb struct {
	name       string
	capability crm.Capability // empty: every connector has it
	deadline   time.Duration
	reserve    int64
}

// call is one call under way.
type call struct {
	host    *Host
	name    string // the connector's
	verb    verb
	running *process
	known   described
	caller  context.Context //nolint:containedctx // to tell the caller's end from ours
	ctx     context.Context //nolint:containedctx // the call's own
	cancel  context.CancelCauseFunc
}

// invoke runs do with a running process, under the verb's deadline, and turns
// what goes wrong into a fault. target is nil for verbs without one.
func (h *Host) invoke(ctx context.Context, name string, v verb, target *crm.Target, do func(*call) error) error {
	c, ok := h.connectors[name]
	if !ok {
		return h.unknown(name)
	}
	if h.config.Observe != nil {
		observed, ended := h.config.Observe(ctx, name, v.name)
		err := h.invokeKnown(observed, c, name, v, target, do)
		ended(err)
		return err
	}
	return h.invokeKnown(ctx, c, name, v, target, do)
}

func (h *Host) invokeKnown(ctx context.Context, c *connector, name string, v verb, target *crm.Target, do func(*call) error) error {
	if target != nil {
		defer h.secrets.Add(target.AccessToken.Reveal())()
	}
	// Waiting for the start and for memory counts as well: callers need one
	// deadline that holds.
	deadlineCtx, cancelDeadline := context.WithTimeoutCause(ctx, v.deadline, errDeadline)
	defer cancelDeadline()
	callCtx, cancel := context.WithCancelCause(deadlineCtx)
	defer cancel(nil)
	running, known, failure := c.acquire(callCtx)
	if failure != nil {
		return failure
	}
	defer running.calls.Done()
	defer context.AfterFunc(running.ctx, func() { cancel(context.Cause(running.ctx)) })()

	if v.capability != "" && !known.manifest.Can(v.capability) {
		return connectorFault(fault.ConnectorUnsupported, name, fmt.Sprintf("The connector does not offer %s.", v.name))
	}
	under := &call{host: h, name: name, verb: v, running: running, known: known, caller: ctx, ctx: callCtx, cancel: cancel}
	if err := h.memory.Acquire(callCtx, v.reserve); err != nil {
		return under.fault(err)
	}
	defer h.memory.Release(v.reserve)
	return under.fault(do(under))
}

// fault turns the error of a call into one with a code. Errors that already have
// one, and those a caller's own function returned, pass unchanged.
func (c *call) fault(err error) error {
	if err == nil {
		return nil
	}
	var passed callerError
	if errors.As(err, &passed) {
		return passed.err
	}
	if known, ok := fault.From(err); ok {
		return known
	}
	state := status.Convert(err)
	for _, detail := range state.Details() {
		if detail, ok := detail.(*connectorv1.ErrorDetail); ok {
			return c.host.faultOf(c.name, detail)
		}
	}
	if ended := c.ended(err); ended != nil {
		return ended
	}
	return c.bareFault(state)
}

// callerError carries an error of the caller's own function through.
type callerError struct{ err error }

func (e callerError) Error() string { return e.err.Error() }

// ended tells which end of the call came first: the caller's, a deadline's, the
// process'.
func (c *call) ended(err error) *fault.Error {
	as := func(code fault.Code, format string, args ...any) *fault.Error {
		return connectorFault(code, c.name, fmt.Sprintf(format, args...), fault.Cause(errors.Join(context.Cause(c.ctx), err)))
	}
	if status.Code(err) == codes.DeadlineExceeded {
		// The connector's clock may have run ahead of ours by a moment.
		await(c.ctx.Done(), clockSkew)
	}
	cause := context.Cause(c.ctx)
	switch {
	case errors.Is(c.caller.Err(), context.Canceled):
		return as(fault.ShuttingDown, "The call of %s was cancelled.", c.verb.name)
	case c.caller.Err() != nil:
		return as(fault.ConnectorTimeout, "%s had not ended when its caller's time was up.", c.verb.name)
	case errors.Is(cause, errIdle):
		return as(fault.ConnectorTimeout, "%s sent nothing for %s.", c.verb.name, c.host.config.Timeouts.Idle)
	case errors.Is(cause, errDeadline):
		return as(fault.ConnectorTimeout, "%s did not end within %s.", c.verb.name, c.verb.deadline)
	case errors.Is(cause, errStopped):
		return as(fault.ShuttingDown, "The connector was stopped during %s.", c.verb.name)
	case errors.Is(cause, errEnded):
		return as(fault.ConnectorCrashed, "The connector ended during %s (%s).", c.verb.name, c.running.exited())
	}
	if status.Code(err) != codes.Unavailable && status.Code(err) != codes.Canceled {
		return nil
	}
	// A broken connection arrives before the news that the process has ended.
	if await(c.running.done, crashPatience) {
		return as(fault.ConnectorCrashed, "The connector ended during %s (%s).", c.verb.name, c.running.exited())
	}
	return nil
}

// await waits for a channel to close, but not longer than patience.
func await(done <-chan struct{}, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// bareFault reads a status without detail: gRPC's own, or another language's.
func (c *call) bareFault(state *status.Status) *fault.Error {
	code := fault.ConnectorInternal
	switch state.Code() {
	case codes.ResourceExhausted:
		code = fault.ConnectorTooLarge
	case codes.Unimplemented:
		code = fault.ConnectorUnsupported
	case codes.DeadlineExceeded:
		code = fault.ConnectorTimeout
	default:
	}
	message := fmt.Sprintf("%s failed with the gRPC status %s: %s", c.verb.name, state.Code(), state.Message())
	return connectorFault(code, c.name, c.host.secrets.Text(message, handshake.MaxText))
}

// answerFault refuses an answer that breaks the protocol.
func (c *call) answerFault(err error) *fault.Error {
	return connectorFault(fault.ConnectorAnswer, c.name,
		c.host.secrets.Text(fmt.Sprintf("%s: %s.", c.verb.name, err), handshake.MaxText))
}

// faultOf turns the connector's ErrorDetail into a fault; a code that connectors
// may not use counts as CONNECTOR_INTERNAL.
func (h *Host) faultOf(name string, detail *connectorv1.ErrorDetail) *fault.Error {
	code := codeOf(detail.GetCode())
	message := h.secrets.Text(detail.GetMessage(), handshake.MaxText)
	if message == "" {
		message = "The connector gave no message."
	}
	failure := connectorFault(code, name, message)
	if object := detail.GetObject(); object != "" {
		fault.Detail("object", h.secrets.Text(object, handshake.MaxName))(failure)
	}
	if field := detail.GetField(); field != "" {
		fault.Detail("field", h.secrets.Text(field, handshake.MaxName))(failure)
	}
	now := h.config.Clock.Now()
	if after := detail.GetRetryAfter(); after.IsValid() && after.AsDuration() > 0 {
		failure.RetryAfter = min(after.AsDuration(), maxRetryAfter)
	}
	if reset := detail.GetResetAt(); reset.IsValid() && reset.AsTime().After(now) {
		at := reset.AsTime()
		if at.Sub(now) > maxRetryAfter {
			at = now.Add(maxRetryAfter)
		}
		failure.RetryAfter = max(failure.RetryAfter, at.Sub(now))
		fault.Detail("resetAt", at.UTC().Format(time.RFC3339))(failure)
	}
	return failure
}

// maxRetryAfter keeps a mistaken answer from stopping an integration for good.
const maxRetryAfter = 48 * time.Hour

// codeOf maps the wire enum to our list: the names are the same.
func codeOf(code connectorv1.ErrorCode) fault.Code {
	name, ok := connectorv1.ErrorCode_name[int32(code)]
	if !ok || code == connectorv1.ErrorCode_ERROR_CODE_UNSPECIFIED {
		return fault.ConnectorInternal
	}
	return fault.Code(name[len("ERROR_CODE_"):])
}
