// Package connectortest helps authors test connectors. Start serves a connector
// over gRPC in memory and gives a Client whose methods go over the wire and come
// back in the SDK's own types, so tests see what the host would see. Run is the
// conformance suite every connector should pass.
//
// It imports testing, so only tests import it.
package connectortest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Client calls a connector over the wire.
type Client struct {
	connector   connectorv1.ConnectorServiceClient
	permissions connectorv1.PermissionsServiceClient
	sync        connectorv1.SyncServiceClient
}

// Start serves a connector until the test ends.
func Start(t testing.TB, connector sdk.Connector) *Client {
	t.Helper()
	client, stop := serve(connector, slog.New(slog.DiscardHandler))
	t.Cleanup(stop)
	return client
}

// serve serves a connector until stop, which waits for its calls.
func serve(connector sdk.Connector, logger *slog.Logger) (client *Client, stop func()) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(handshake.MaxMessage), grpc.MaxSendMsgSize(handshake.MaxMessage))
	sdk.Register(server, connector, logger)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with Stop
	}()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(handshake.MaxMessage)))
	if err != nil {
		panic(err) // only a malformed target can do that
	}
	client = &Client{
		connector:   connectorv1.NewConnectorServiceClient(conn),
		permissions: connectorv1.NewPermissionsServiceClient(conn),
		sync:        connectorv1.NewSyncServiceClient(conn),
	}
	return client, func() {
		_ = conn.Close()
		server.Stop()
		<-served
	}
}

// Describe returns the answer as it is on the wire.
func (c *Client) Describe(ctx context.Context) (*connectorv1.DescribeResponse, error) {
	response, err := c.connector.Describe(ctx, &connectorv1.DescribeRequest{})
	return response, errorFromWire(err)
}

// Checklist tests the connection.
func (c *Client) Checklist(ctx context.Context, target sdk.Target, request sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	response, err := c.connector.Checklist(ctx, &connectorv1.ChecklistRequest{Target: targetToWire(target), Objects: request.Objects})
	return mapped(response.GetItems(), checklistItemFromWire), errorFromWire(err)
}

// Identify tells whose token it is.
func (c *Client) Identify(ctx context.Context, target sdk.Target) (sdk.Identity, error) {
	response, err := c.connector.Identify(ctx, &connectorv1.IdentifyRequest{Target: targetToWire(target)})
	return identityFromWire(response.GetIdentity()), errorFromWire(err)
}

// ListObjects returns the catalogue of objects.
func (c *Client) ListObjects(ctx context.Context, target sdk.Target) ([]sdk.Object, error) {
	response, err := c.permissions.ListObjects(ctx, &connectorv1.ListObjectsRequest{Target: targetToWire(target)})
	return mapped(response.GetObjects(), objectFromWire), errorFromWire(err)
}

// ListFields returns the readable fields of an object.
func (c *Client) ListFields(ctx context.Context, target sdk.Target, object string) ([]sdk.Field, error) {
	response, err := c.permissions.ListFields(ctx, &connectorv1.ListFieldsRequest{Target: targetToWire(target), Object: object})
	return mapped(response.GetFields(), fieldFromWire), errorFromWire(err)
}

// Objects asks for objects, and no field in particular.
func Objects(names ...string) []sdk.CheckObject {
	return mapped(names, func(name string) sdk.CheckObject { return sdk.CheckObject{Name: name} })
}

// CheckPermissions returns the answers that came, put together from their parts,
// and the error that ended the call.
func (c *Client) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest) ([]sdk.ObjectCheck, sdk.CheckOutcome, error) {
	stream, err := c.permissions.CheckPermissions(ctx, &connectorv1.CheckPermissionsRequest{
		Target: targetToWire(target), Unconditional: request.Unconditional,
		Objects: mapped(request.Objects, func(o sdk.CheckObject) *connectorv1.CheckedObject {
			return &connectorv1.CheckedObject{Name: o.Name, Fields: o.Fields}
		}),
	})
	var outcome sdk.CheckOutcome
	if err != nil {
		return nil, outcome, errorFromWire(err)
	}
	var checks []sdk.ObjectCheck
	for more := false; ; {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return checks, outcome, nil
		}
		if err != nil {
			return checks, outcome, errorFromWire(err)
		}
		if response.GetStats() != nil {
			outcome.Stats = statsFromWire(response.GetStats())
		}
		if len(response.GetMemo()) > 0 {
			outcome.Memo = response.GetMemo()
		}
		check := response.GetCheck()
		switch {
		case check == nil:
		case more:
			last := &checks[len(checks)-1]
			last.Fields = append(last.Fields, mapped(check.GetFields(), fieldFromWire)...)
		default:
			checks = append(checks, objectCheckFromWire(check))
		}
		more = response.GetMore()
	}
}

// ReadRecords hands each part to yield and returns its error unchanged.
func (c *Client) ReadRecords(ctx context.Context, target sdk.Target, request sdk.ReadRecordsRequest, yield func(sdk.RecordsBatch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.sync.ReadRecords(ctx, &connectorv1.ReadRecordsRequest{
		Target: targetToWire(target), Object: request.Object, Fields: request.Fields, Ids: request.IDs,
	})
	if err != nil {
		return errorFromWire(err)
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorFromWire(err)
		}
		if err := yield(sdk.RecordsBatch{Records: mapped(response.GetRecords(), recordFromWire), Stats: statsFromWire(response.GetStats())}); err != nil {
			return err
		}
	}
}

// ListPicklist returns the choices of a source.
func (c *Client) ListPicklist(ctx context.Context, target sdk.Target, source sdk.PicklistSource) ([]sdk.Choice, error) {
	response, err := c.sync.ListPicklist(ctx, &connectorv1.ListPicklistRequest{
		Target: targetToWire(target), Source: connectorv1.PicklistSource(connectorv1.PicklistSource_value["PICKLIST_SOURCE_"+string(source)]),
	})
	return mapped(response.GetChoices(), choiceFromWire), errorFromWire(err)
}

// Read hands each batch to yield and returns its error unchanged.
func (c *Client) Read(ctx context.Context, target sdk.Target, request sdk.ReadRequest, yield func(sdk.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.sync.Read(ctx, &connectorv1.ReadRequest{
		Target: targetToWire(target), Object: request.Object, Fields: request.Fields,
		ResumeToken: request.ResumeToken, BatchSize: int32(request.BatchSize),
	})
	if err != nil {
		return errorFromWire(err)
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorFromWire(err)
		}
		if err := yield(batchFromWire(response)); err != nil {
			return err
		}
	}
}
