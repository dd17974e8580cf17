package transport

import (
	"context"
	"errors"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operation is a query, mutation or subscription that runs on a socket.
type operation struct {
	id        string
	requestID string
	ctx       context.Context
	// cancel ends ctx and lets go of the socket's.
	cancel context.CancelFunc
}

// subscribe starts an operation.
func (s *socket) subscribe(m inbound) *closing {
	session := s.present()
	if session == nil {
		return closeWith(closeUnauthorized, "Unauthorized")
	}
	params, problem := m.params()
	if problem != nil {
		return problem
	}
	op, problem := s.start(session.Context, m.id)
	if problem != nil {
		return problem
	}
	if op == nil {
		refusal := newError(CodeTooManyOperations,
			"a socket may run at most %d operations; complete one first", s.cfg.MaxOperationsPerSocket)
		refusal.Extensions["limit"] = s.cfg.MaxOperationsPerSocket
		s.send(outbound{Type: typeError, ID: m.id, Payload: finishErrors(gqlerror.List{refusal}, s.id)}, nil)
		return nil
	}
	s.workers.Go(func() {
		defer s.release(op)
		s.run(op, params)
	})
	return nil
}

// start takes a place for an operation; nil when there is none. Operations
// that the client completed but whose resolvers have not returned keep a
// place among as many again, so that subscribing and completing in a loop
// cannot pile up work.
func (s *socket) start(ctx context.Context, id string) (*operation, *closing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.live[id]; exists {
		return nil, closeWith(closeDuplicateID, "Subscriber for %s already exists", id)
	}
	if len(s.live) >= s.cfg.MaxOperationsPerSocket || s.running >= 2*s.cfg.MaxOperationsPerSocket {
		return nil, nil
	}
	s.started++
	s.running++
	op := &operation{id: id, requestID: s.id + "-" + strconv.Itoa(s.started)}
	ctx, cancel := context.WithCancel(withRequestID(ctx, op.requestID))
	// Session.Context may not derive from the socket's.
	detach := context.AfterFunc(s.ctx, cancel)
	op.ctx = ctx
	op.cancel = func() { detach(); cancel() }
	s.live[id] = op
	return op, nil
}

// stop ends an operation on the client's word; it may have ended already.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op, exists := s.live[id]; exists {
		delete(s.live, id)
		op.cancel()
	}
}

// release gives back the place of an operation whose goroutine ends.
func (s *socket) release(op *operation) {
	op.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.live[op.id] == op { // not when its socket closed first
		delete(s.live, op.id)
	}
}

// isLive reports whether the client still waits for messages of op.
func (s *socket) isLive(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[op.id] == op
}

// conclude frees the id of op; false when op is not live.
func (s *socket) conclude(op *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := s.live[op.id] == op
	if live {
		delete(s.live, op.id)
	}
	return live
}

func (s *socket) liveOperations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// run executes an operation and sends what it gives, ending with exactly one
// error or complete, or with neither when the client completed it or the
// socket closed.
func (s *socket) run(op *operation, params *graphql.RawParams) {
	defer func() {
		if value := recover(); value != nil {
			s.finish(op, gqlerror.List{s.cfg.panicError(op.ctx, value)})
		}
	}()
	exec := s.cfg.Executor
	ctx, end := withEnding(graphql.StartOperationTrace(op.ctx))
	opCtx, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		s.finish(op, exec.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs).Errors)
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
		if response == nil && (!streams || op.ctx.Err() != nil) {
			response = s.cfg.ended(ctx)
		}
		if response == nil {
			break
		}
		a := newAnswer(response, opCtx, op.requestID)
		if !a.executed() && len(response.Errors) > 0 {
			s.finish(op, response.Errors)
			return
		}
		s.send(outbound{Type: typeNext, ID: op.id, Payload: a}, func() bool { return s.isLive(op) })
		if !streams {
			break
		}
	}
	if err := end.get(); err != nil {
		response := exec.DispatchError(ctx, gqlerror.List{asGraphQL(err)})
		s.finish(op, response.Errors)
		return
	}
	s.finish(op, nil)
}

// finish sends the last message of an operation: error, or complete when
// there are none, unless the client has completed it. The id is free again
// before the client can read the message.
func (s *socket) finish(op *operation, errs gqlerror.List) {
	last := outbound{Type: typeComplete, ID: op.id}
	if len(errs) > 0 {
		last.Type, last.Payload = typeError, finishErrors(errs, op.requestID)
	}
	s.send(last, func() bool { return s.conclude(op) })
}

// asGraphQL wraps an error for the executor, keeping it for the presenter.
func asGraphQL(err error) *gqlerror.Error {
	var already *gqlerror.Error
	if errors.As(err, &already) {
		return already
	}
	return gqlerror.Wrap(err)
}
