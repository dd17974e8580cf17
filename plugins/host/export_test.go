package host

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// InMemory makes a host call connectors over an in-memory pipe: serve registers
// a connector's services.
func InMemory(h *Host, name string, serve func(grpc.ServiceRegistrar)) {
	c := h.connectors[name]
	c.launch = func(context.Context) (*process, *fault.Error) {
		listener := bufconn.Listen(1 << 20)
		server := grpc.NewServer(grpc.MaxSendMsgSize(64 << 20))
		serve(server)
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(listener) })
		conn, err := grpc.NewClient("passthrough:///memory",
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(handshake.MaxMessage)))
		if err != nil {
			return nil, connectorFault(fault.ConnectorStart, name, err.Error())
		}
		done := make(chan struct{})
		running := &process{
			conn: conn, done: done, exited: func() string { return "in memory" },
			version: handshake.Version, patience: h.config.Timeouts.Stop,
		}
		running.ctx, running.cancel = context.WithCancelCause(context.Background())
		running.end = sync.OnceFunc(func() {
			_ = conn.Close()
			server.Stop()
			serving.Wait()
			close(done)
		})
		return running, nil
	}
}

// RunFolder is the folder of the host's sockets.
func RunFolder(h *Host) string { return h.run.path }

// CodeOf maps the wire enum.
func CodeOf(code connectorv1.ErrorCode) fault.Code { return codeOf(code) }
