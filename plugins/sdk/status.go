package sdk

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// enumPrefix is what protobuf's style puts before every name of ErrorCode.
const enumPrefix = "ERROR_CODE_"

// status turns an author's error into a gRPC status with an ErrorDetail. When
// the call's own context has ended, its error tells more than what the author
// made of it.
func (s *service) status(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return status.FromContextError(ctxErr).Err()
	}
	detail := s.detail(err)
	withDetail, detailErr := status.New(grpcCode(detail.GetCode()), detail.GetMessage()).WithDetails(detail)
	if detailErr != nil {
		return status.Error(codes.Internal, detail.GetMessage())
	}
	return withDetail.Err()
}

// detail turns an error into its wire form, without the secrets in flight. An
// error without a code is the connector's own.
func (s *service) detail(err error) *connectorv1.ErrorDetail {
	var known *Error
	if !errors.As(err, &known) {
		known = &Error{Code: CodeInternal, Message: err.Error()}
	}
	code, ok := connectorv1.ErrorCode_value[enumPrefix+string(known.Code)]
	if !ok {
		code = int32(connectorv1.ErrorCode_ERROR_CODE_CONNECTOR_INTERNAL)
	}
	detail := &connectorv1.ErrorDetail{
		Code:    connectorv1.ErrorCode(code),
		Message: s.secrets.Text(known.Message, handshake.MaxText),
		Object:  s.secrets.Text(known.Object, handshake.MaxName),
		Field:   s.secrets.Text(known.Field, handshake.MaxName),
	}
	if known.RetryAfter > 0 {
		detail.RetryAfter = durationpb.New(known.RetryAfter)
	}
	if !known.ResetAt.IsZero() {
		detail.ResetAt = timestamppb.New(known.ResetAt)
	}
	return detail
}

// grpcCode is the nearest gRPC code, for tools that know no ErrorDetail.
func grpcCode(code connectorv1.ErrorCode) codes.Code {
	switch code {
	case connectorv1.ErrorCode_ERROR_CODE_CRM_UNAUTHENTICATED:
		return codes.Unauthenticated
	case connectorv1.ErrorCode_ERROR_CODE_CRM_FORBIDDEN, connectorv1.ErrorCode_ERROR_CODE_CRM_APP_BLOCKED,
		connectorv1.ErrorCode_ERROR_CODE_CRM_OBJECT_DENIED, connectorv1.ErrorCode_ERROR_CODE_CRM_FIELD_DENIED:
		return codes.PermissionDenied
	case connectorv1.ErrorCode_ERROR_CODE_CRM_RATE_LIMITED, connectorv1.ErrorCode_ERROR_CODE_CRM_QUOTA_EXHAUSTED,
		connectorv1.ErrorCode_ERROR_CODE_CONNECTOR_TOO_LARGE:
		return codes.ResourceExhausted
	case connectorv1.ErrorCode_ERROR_CODE_CRM_UNAVAILABLE:
		return codes.Unavailable
	case connectorv1.ErrorCode_ERROR_CODE_CRM_TIMEOUT:
		return codes.DeadlineExceeded
	case connectorv1.ErrorCode_ERROR_CODE_CRM_BAD_RESPONSE:
		return codes.DataLoss
	case connectorv1.ErrorCode_ERROR_CODE_CRM_INVALID_REQUEST:
		return codes.InvalidArgument
	case connectorv1.ErrorCode_ERROR_CODE_CRM_CURSOR_EXPIRED:
		return codes.OutOfRange
	case connectorv1.ErrorCode_ERROR_CODE_CRM_API_VERSION:
		return codes.FailedPrecondition
	case connectorv1.ErrorCode_ERROR_CODE_CONNECTOR_UNSUPPORTED:
		return codes.Unimplemented
	default:
		return codes.Internal
	}
}
