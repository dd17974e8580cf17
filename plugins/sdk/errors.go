package sdk

import (
	"errors"
	"time"
)

// Code is a failure that a connector reports; the wire enum has the same names.
type Code string

// Codes that connectors may return.
const (
	CodeUnauthenticated Code = "CRM_UNAUTHENTICATED"
	CodeForbidden       Code = "CRM_FORBIDDEN"
	CodeAppBlocked      Code = "CRM_APP_BLOCKED"
	CodeObjectDenied    Code = "CRM_OBJECT_DENIED"
	CodeFieldDenied     Code = "CRM_FIELD_DENIED"
	CodeRateLimited     Code = "CRM_RATE_LIMITED"
	CodeQuotaExhausted  Code = "CRM_QUOTA_EXHAUSTED"
	CodeUnavailable     Code = "CRM_UNAVAILABLE"
	CodeTimeout         Code = "CRM_TIMEOUT"
	CodeBadResponse     Code = "CRM_BAD_RESPONSE"
	CodeInvalidRequest  Code = "CRM_INVALID_REQUEST"
	CodeCursorExpired   Code = "CRM_CURSOR_EXPIRED"
	CodeAPIVersion      Code = "CRM_API_VERSION"
	CodeUnsupported     Code = "CONNECTOR_UNSUPPORTED"
	CodeInternal        Code = "CONNECTOR_INTERNAL"
	// CodeTooLarge is returned by the SDK itself for a record that fits no
	// message.
	CodeTooLarge Code = "CONNECTOR_TOO_LARGE"
)

// Error is a failure with a code. Its message is shown to admins: say what
// happened in the CRM's words, without tokens, bodies or record values.
type Error struct {
	Code    Code
	Message string
	// Object and Field name what the failure is about, when it is about one.
	Object string
	Field  string
	// RetryAfter is how long the CRM asks to wait; zero is unknown.
	RetryAfter time.Duration
	// ResetAt is when an exhausted quota resets; zero is unknown.
	ResetAt time.Time
}

// Error returns "CODE: message".
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unauthenticated: the access token is expired or revoked. The host refreshes
// it and repeats the call once.
func Unauthenticated(message string) error {
	return &Error{Code: CodeUnauthenticated, Message: message}
}

// Forbidden: the user may not use the API at all.
func Forbidden(message string) error { return &Error{Code: CodeForbidden, Message: message} }

// AppBlocked: the CRM admin has not approved the app, or blocked it.
func AppBlocked(message string) error { return &Error{Code: CodeAppBlocked, Message: message} }

// ObjectDenied: the object is missing or may not be read.
func ObjectDenied(object, message string) error {
	return &Error{Code: CodeObjectDenied, Message: message, Object: object}
}

// FieldDenied: the field is missing or may not be read.
func FieldDenied(object, field, message string) error {
	return &Error{Code: CodeFieldDenied, Message: message, Object: object, Field: field}
}

// RateLimited: too many calls at once; retryAfter is zero when unknown.
func RateLimited(message string, retryAfter time.Duration) error {
	return &Error{Code: CodeRateLimited, Message: message, RetryAfter: retryAfter}
}

// QuotaExhausted: the day's quota is used up; resetAt is zero when unknown.
func QuotaExhausted(message string, resetAt time.Time) error {
	return &Error{Code: CodeQuotaExhausted, Message: message, ResetAt: resetAt}
}

// Unavailable: the CRM is down or in maintenance.
func Unavailable(message string) error { return &Error{Code: CodeUnavailable, Message: message} }

// Timeout: the CRM did not answer in time.
func Timeout(message string) error { return &Error{Code: CodeTimeout, Message: message} }

// BadResponse: the answer could not be understood (HTML, cut body, wrong shape).
func BadResponse(message string) error { return &Error{Code: CodeBadResponse, Message: message} }

// InvalidRequest: the CRM refused the connector's request as malformed.
func InvalidRequest(message string) error { return &Error{Code: CodeInvalidRequest, Message: message} }

// CursorExpired: the position can no longer be continued from.
func CursorExpired(message string) error { return &Error{Code: CodeCursorExpired, Message: message} }

// UnsupportedAPIVersion: the CRM no longer offers the connector's API version.
func UnsupportedAPIVersion(message string) error {
	return &Error{Code: CodeAPIVersion, Message: message}
}

// Unsupported: this connector cannot do that.
func Unsupported(message string) error { return &Error{Code: CodeUnsupported, Message: message} }

// CodeOf returns the code in err's chain, CodeInternal for any other error, and
// "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
