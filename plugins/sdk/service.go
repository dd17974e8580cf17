package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// Register serves a connector on a gRPC server without a process of its own.
// Serve does this for programs; tests use it through connectortest. A nil logger
// means slog's default.
func Register(registrar grpc.ServiceRegistrar, connector Connector, logger *slog.Logger) {
	newService(connector, logger).register(registrar)
}

// service turns wire calls into calls of the author's methods. It adds what
// every connector needs and no author should write: panics become errors, errors
// keep their code, secrets stay out of them, large answers are split.
type service struct {
	connectorv1.UnimplementedConnectorServiceServer
	connectorv1.UnimplementedPermissionsServiceServer
	connectorv1.UnimplementedSyncServiceServer
	connector Connector
	logger    *slog.Logger
	secrets   redact.Set
	// beforeCall runs once before the first call of an author's method.
	beforeCall func()
}

func newService(connector Connector, logger *slog.Logger) *service {
	if logger == nil {
		logger = slog.Default()
	}
	return &service{connector: connector, logger: logger, beforeCall: func() {}}
}

func (s *service) register(registrar grpc.ServiceRegistrar) {
	connectorv1.RegisterConnectorServiceServer(registrar, s)
	connectorv1.RegisterPermissionsServiceServer(registrar, s)
	connectorv1.RegisterSyncServiceServer(registrar, s)
}

// call runs one verb of the author's and returns its error for the wire.
func (s *service) call(ctx context.Context, verb string, target *connectorv1.Target, do func(Target) error) (err error) {
	s.beforeCall()
	defer s.secrets.Add(target.GetAccessToken())()
	defer func() {
		if value := recover(); value != nil {
			// The panic's value may hold anything, so only the log has it.
			s.logger.ErrorContext(ctx, "panic in the connector", "verb", verb, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			err = s.status(ctx, &Error{Code: CodeInternal, Message: "The connector panicked in " + verb + "; its log says where."})
		}
	}()
	return s.status(ctx, do(targetFromWire(target)))
}

// Describe returns the manifest and the capabilities found by type assertion.
func (s *service) Describe(ctx context.Context, _ *connectorv1.DescribeRequest) (response *connectorv1.DescribeResponse, err error) {
	err = s.call(ctx, "Describe", nil, func(Target) error {
		response = describeResponse(s.connector)
		return nil
	})
	return response, err
}

// Checklist tests the connection.
func (s *service) Checklist(ctx context.Context, request *connectorv1.ChecklistRequest) (response *connectorv1.ChecklistResponse, err error) {
	err = s.call(ctx, "Checklist", request.GetTarget(), func(target Target) error {
		items, err := s.connector.Checklist(ctx, target, ChecklistRequest{Objects: request.GetObjects()})
		response = &connectorv1.ChecklistResponse{Items: mapped(items, checklistItemToWire)}
		return err
	})
	return response, err
}

// Identify tells whose token it is.
func (s *service) Identify(ctx context.Context, request *connectorv1.IdentifyRequest) (response *connectorv1.IdentifyResponse, err error) {
	err = s.call(ctx, "Identify", request.GetTarget(), func(target Target) error {
		identity, err := s.connector.Identify(ctx, target)
		response = &connectorv1.IdentifyResponse{Identity: identityToWire(identity)}
		return err
	})
	return response, err
}

// ListObjects returns the catalogue of objects.
func (s *service) ListObjects(ctx context.Context, request *connectorv1.ListObjectsRequest) (response *connectorv1.ListObjectsResponse, err error) {
	err = s.call(ctx, "ListObjects", request.GetTarget(), func(target Target) error {
		lister, ok := s.connector.(ObjectLister)
		if !ok {
			return Unsupported("This connector cannot list objects.")
		}
		objects, err := lister.ListObjects(ctx, target)
		response = &connectorv1.ListObjectsResponse{Objects: mapped(objects, objectToWire)}
		return err
	})
	return response, err
}

// ListFields returns the readable fields of an object.
func (s *service) ListFields(ctx context.Context, request *connectorv1.ListFieldsRequest) (response *connectorv1.ListFieldsResponse, err error) {
	err = s.call(ctx, "ListFields", request.GetTarget(), func(target Target) error {
		lister, ok := s.connector.(FieldLister)
		if !ok {
			return Unsupported("This connector cannot list fields.")
		}
		fields, err := lister.ListFields(ctx, target, request.GetObject())
		response = &connectorv1.ListFieldsResponse{Fields: mapped(fields, fieldToWire)}
		return err
	})
	return response, err
}

// CheckPermissions sends the answers for the requested objects.
func (s *service) CheckPermissions(request *connectorv1.CheckPermissionsRequest, stream grpc.ServerStreamingServer[connectorv1.CheckPermissionsResponse]) error {
	ctx := stream.Context()
	return s.call(ctx, "CheckPermissions", request.GetTarget(), func(target Target) error {
		checker, ok := s.connector.(PermissionChecker)
		if !ok {
			return Unsupported("This connector cannot check permissions.")
		}
		var mu sync.Mutex
		wanted := map[string][]string{}
		for _, object := range request.GetObjects() {
			wanted[object.GetName()] = object.GetFields()
		}
		send := func(check ObjectCheck) error {
			mu.Lock()
			defer mu.Unlock()
			for _, part := range splitCheck(s.checkToWire(explained(check, wanted[check.Object]))) {
				if err := stream.Send(part); err != nil {
					return err
				}
			}
			return nil
		}
		objects := mapped(request.GetObjects(), func(o *connectorv1.CheckedObject) CheckObject {
			return CheckObject{Name: o.GetName(), Fields: o.GetFields()}
		})
		outcome, err := checker.CheckPermissions(ctx, target, CheckRequest{Objects: objects, Unconditional: request.GetUnconditional()}, send)
		if err != nil {
			return err
		}
		return stream.Send(&connectorv1.CheckPermissionsResponse{Stats: statsToWire(outcome.Stats), Memo: outcome.Memo})
	})
}

// explained adds the requested fields that the author's answer neither lists nor
// explains: they cannot be read, and nobody knows why.
func explained(check ObjectCheck, wanted []string) ObjectCheck {
	if check.Verdict != VerdictAccessible || len(wanted) == 0 {
		return check
	}
	told := map[string]bool{}
	for _, field := range check.Fields {
		told[field.Name] = true
	}
	for _, field := range check.Denied {
		told[field.Name] = true
	}
	check.Denied = slices.Clone(check.Denied)
	for _, name := range wanted {
		if !told[name] {
			told[name] = true
			check.Denied = append(check.Denied, DeniedField{Name: name, Cause: CauseUnknown})
		}
	}
	return check
}

// ListPicklist returns the choices of a source.
func (s *service) ListPicklist(ctx context.Context, request *connectorv1.ListPicklistRequest) (response *connectorv1.ListPicklistResponse, err error) {
	err = s.call(ctx, "ListPicklist", request.GetTarget(), func(target Target) error {
		lister, ok := s.connector.(PicklistLister)
		if !ok {
			return Unsupported("This connector cannot list picklists.")
		}
		source := PicklistSource(strings.TrimPrefix(request.GetSource().String(), "PICKLIST_SOURCE_"))
		choices, err := lister.ListPicklist(ctx, target, source)
		response = &connectorv1.ListPicklistResponse{Choices: mapped(choices, choiceToWire)}
		return err
	})
	return response, err
}

// Read sends batches of records.
func (s *service) Read(request *connectorv1.ReadRequest, stream grpc.ServerStreamingServer[connectorv1.ReadResponse]) error {
	ctx := stream.Context()
	return s.call(ctx, "Read", request.GetTarget(), func(target Target) error {
		reader, ok := s.connector.(Reader)
		if !ok {
			return Unsupported("This connector cannot read records.")
		}
		var mu sync.Mutex
		position := request.GetResumeToken()
		send := func(batch Batch) error {
			mu.Lock()
			defer mu.Unlock()
			parts, err := splitBatch(batchToWire(batch), position)
			if err != nil {
				return err
			}
			for _, part := range parts {
				if err := stream.Send(part); err != nil {
					return err
				}
			}
			position = batch.ResumeToken
			return nil
		}
		return reader.Read(ctx, target, ReadRequest{
			Object: request.GetObject(), Fields: request.GetFields(),
			ResumeToken: request.GetResumeToken(), BatchSize: int(request.GetBatchSize()),
		}, send)
	})
}

// ReadRecords sends the records asked for.
func (s *service) ReadRecords(request *connectorv1.ReadRecordsRequest, stream grpc.ServerStreamingServer[connectorv1.ReadRecordsResponse]) error {
	ctx := stream.Context()
	return s.call(ctx, "ReadRecords", request.GetTarget(), func(target Target) error {
		reader, ok := s.connector.(RecordReader)
		if !ok {
			return Unsupported("This connector cannot read records by their ids.")
		}
		if err := validate.ReadRecordsRequest(request); err != nil {
			return InvalidRequest("ReadRecords: " + err.Error())
		}
		var mu sync.Mutex
		send := func(batch RecordsBatch) error {
			mu.Lock()
			defer mu.Unlock()
			parts, err := splitRecords(batch)
			if err != nil {
				return err
			}
			for _, part := range parts {
				if err := stream.Send(part); err != nil {
					return err
				}
			}
			return nil
		}
		return reader.ReadRecords(ctx, target, ReadRecordsRequest{Object: request.GetObject(), Fields: request.GetFields(), IDs: request.GetIds()}, send)
	})
}
