// Package fault is the one list of error codes of Fieldwarden.
//
// Every error that a person or a program outside may see carries a code from
// this list. A code fixes three facts: whose side the failure is on (ours, the
// connector's or the CRM's), whether trying again can help, and what to do.
// Codes that connectors may return follow the protocol's ErrorCode enum; a
// contract test in plugins/host holds the two together.
//
// The package depends on the standard library only.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Side says where the cause of a failure lies.
type Side string

// The three sides a failure can be on.
const (
	Host      Side = "HOST"
	Connector Side = "CONNECTOR"
	CRM       Side = "CRM"
)

// Retry is the retry class of a code (requirement G9).
type Retry string

// Retry classes.
const (
	// RetryNever (CONFIG) needs a person: trying again gives the same answer.
	RetryNever Retry = "CONFIG"
	// RetryBackoff (TRANSIENT) is worth repeating with backoff and jitter.
	RetryBackoff Retry = "TRANSIENT"
	// RetryLater (RATE_LIMIT) must wait until the limit resets.
	RetryLater Retry = "RATE_LIMIT"
	// RetrySystem (SYSTEM) is ours: retried, then reported to the operator.
	RetrySystem Retry = "SYSTEM"
)

// Error is a failure with a code from the list. Its text is safe to show: it
// holds no secret and no internals; the cause stays behind Unwrap for logs.
type Error struct {
	Code    Code
	Message string
	// Hint says what to do; empty means the code's own hint.
	Hint string
	// Field is the path of the input field at fault, outermost first.
	Field []string
	// RetryAfter is how long to wait before trying again; zero is unknown.
	RetryAfter time.Duration
	// Details are extra machine-readable facts (for example "cursor").
	Details map[string]string

	cause error
}

// Option changes an Error under construction.
type Option func(*Error)

// Hint replaces the code's own hint by a more exact one.
func Hint(format string, args ...any) Option {
	return func(e *Error) { e.Hint = fmt.Sprintf(format, args...) }
}

// Field names the input field at fault, outermost part first.
func Field(path ...string) Option { return func(e *Error) { e.Field = path } }

// RetryAfter says how long to wait before trying again.
func RetryAfter(d time.Duration) Option { return func(e *Error) { e.RetryAfter = d } }

// Cause keeps the underlying error for logs and errors.Is; it is never shown.
func Cause(err error) Option { return func(e *Error) { e.cause = err } }

// Detail adds one machine-readable fact.
func Detail(key, value string) Option {
	return func(e *Error) {
		if e.Details == nil {
			e.Details = map[string]string{}
		}
		e.Details[key] = value
	}
}

// New makes an Error.
func New(code Code, message string, options ...Option) *Error {
	e := &Error{Code: code, Message: message}
	for _, option := range options {
		option(e)
	}
	return e
}

// Error returns "CODE: message".
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.cause }

// Info returns the facts of the error's code.
func (e *Error) Info() Info {
	info, _ := Lookup(e.Code)
	return info
}

// WhatToDo returns the error's own hint, else the hint of its code.
func (e *Error) WhatToDo() string {
	if e.Hint != "" {
		return e.Hint
	}
	return e.Info().Hint
}

// From finds the Error in err's chain.
func From(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// CodeOf returns the code of err, Internal for an error without one, and ""
// for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := From(err); ok {
		return e.Code
	}
	return Internal
}

// Is reports whether err carries one of the codes.
func Is(err error, codes ...Code) bool {
	e, ok := From(err)
	return ok && slices.Contains(codes, e.Code)
}
