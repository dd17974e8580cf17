package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host/shim"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

const (
	// streamWindow bounds what gRPC buffers of one stream that is not read.
	streamWindow = 256 << 10
	connWindow   = 4 << 20
	maxHeader    = 64 << 10
)

// Causes of calls cancelled with their process.
var (
	errStopped = errors.New("the connector is being stopped")
	errEnded   = errors.New("the connector has ended")
)

// errNoCertificate is a start with mutual TLS of a connector that knows none.
var errNoCertificate = errors.New("the connector offers no certificate")

// process is one running connector and its connection.
type process struct {
	conn grpc.ClientConnInterface
	// ctx ends when the process is stopped, before it is killed: calls are
	// derived from it.
	ctx    context.Context //nolint:containedctx // the process' own life, not a request's
	cancel context.CancelCauseFunc
	// done is closed when the process has ended, for whatever reason.
	done <-chan struct{}
	// end kills the process and waits for it.
	end func()
	// exited says how it ended; call it after done.
	exited func() string
	// patience is how long stop waits for calls under way.
	patience time.Duration

	pid         int
	version     int
	startedAt   time.Time
	protections []Protection

	mu       sync.Mutex
	calls    sync.WaitGroup
	stopOnce sync.Once
}

// enter counts a call in, unless the process has ended or is being stopped; the
// caller calls calls.Done after it.
func (p *process) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		p.calls.Add(1)
		return true
	}
}

// stop cancels the calls under way and ends the process. It returns when the
// process and everything it started are gone.
func (p *process) stop() {
	p.stopOnce.Do(func() {
		p.mu.Lock()
		p.cancel(errStopped)
		p.mu.Unlock()
		// A caller may be busy with a batch; it is told at its next step.
		left := make(chan struct{})
		go func() {
			p.calls.Wait()
			close(left)
		}()
		patience := time.NewTimer(p.patience)
		defer patience.Stop()
		select {
		case <-left:
		case <-patience.C:
		}
		p.end()
	})
}

// connPlugin hands the gRPC connection out of go-plugin.
type connPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	plugin.GRPCPlugin
}

// GRPCServer is the connector's side.
func (connPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host serves no connector")
}

// GRPCClient returns the connection itself.
func (connPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// launcher starts processes of one host.
type launcher struct {
	config Config
	runDir string
	logger *slog.Logger
}

// launch starts a connector with AutoMTLS, and once more without it if the
// connector does not offer a certificate; then the socket's folder and the check
// of the peer keep others out.
func (l *launcher) launch(ctx context.Context, spec launchSpec) (*process, *fault.Error) {
	running, s, err := l.start(ctx, spec, true)
	if err == nil {
		return running, nil
	}
	if errors.Is(err, errNoCertificate) {
		l.logger.DebugContext(ctx, "the connector offers no certificate; starting it without mutual TLS", "connector", spec.name)
		running, s, err = l.start(ctx, spec, false)
		if err == nil {
			return running, nil
		}
	}
	return nil, startFault(spec.name, s, err)
}

// start launches one process. The starter is returned with an error too, if it
// came that far: it knows what went wrong.
func (l *launcher) start(ctx context.Context, spec launchSpec, mutualTLS bool) (*process, *starter, error) {
	var made atomic.Pointer[starter]
	client := plugin.NewClient(l.clientConfig(mutualTLS, &made, spec))
	conn, err := connect(ctx, client, &made, mutualTLS)
	s := made.Load()
	if err != nil {
		// Without a connection there is nothing for client.Kill to close; it would
		// make one only to leave it behind.
		l.discard(s)
		return nil, s, errors.Join(context.Cause(ctx), err)
	}
	running := &process{
		conn: conn, done: s.done, exited: s.exited, patience: l.config.Timeouts.Stop,
		pid: s.pid(), version: versionOf(s.greeting().version), startedAt: l.config.Clock.Now(),
		protections: protections(s.report().Enforced, mutualTLS, spec),
	}
	running.ctx, running.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	running.end = func() { l.end(client, s) }
	return running, s, nil
}

// clientConfig is fresh for every start: go-plugin writes into it.
func (l *launcher) clientConfig(mutualTLS bool, made *atomic.Pointer[starter], spec launchSpec) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig:  handshake.Config(),
		VersionedPlugins: map[int]plugin.PluginSet{handshake.Version: {handshake.PluginName: connPlugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         mutualTLS,
		SkipHostEnv:      true,
		StartTimeout:     2 * l.config.Timeouts.Start, // the context's deadline comes first
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: l.runDir},
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       &lineWriter{line: spec.sink.noise},
		SyncStderr:       &lineWriter{line: spec.sink.stderr},
		RunnerFunc: func(_ hclog.Logger, command *exec.Cmd, tmpDir string) (runner.Runner, error) {
			made.Store(newStarter(spec, command, tmpDir))
			return made.Load(), nil
		},
		GRPCDialOptions: []grpc.DialOption{
			// Later options win: these replace go-plugin's own dialer and limits.
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				return made.Load().dial(ctx, address)
			}),
			grpc.WithDefaultCallOptions(
				grpc.MaxCallRecvMsgSize(handshake.MaxMessage),
				grpc.MaxCallSendMsgSize(handshake.MaxMessage),
			),
			grpc.WithInitialWindowSize(streamWindow),
			grpc.WithInitialConnWindowSize(connWindow),
			grpc.WithMaxHeaderListSize(maxHeader),
			grpc.WithDisableServiceConfig(),
			grpc.WithDisableRetry(),
			grpc.WithIdleTimeout(0),
		},
	}
}

// connect runs go-plugin's start, which knows no context, and ends it early when
// ctx ends.
func connect(ctx context.Context, client *plugin.Client, made *atomic.Pointer[starter], mutualTLS bool) (grpc.ClientConnInterface, error) {
	stop := context.AfterFunc(ctx, func() {
		if s := made.Load(); s != nil {
			_ = s.Kill(context.WithoutCancel(ctx))
		}
	})
	defer stop()
	if _, err := client.Start(); err != nil {
		return nil, err
	}
	if mutualTLS && !made.Load().greeting().certificate {
		return nil, errNoCertificate
	}
	// gRPC would try for long, and say little, if nobody listened there.
	probe, err := made.Load().dial(ctx, "")
	if err != nil {
		return nil, err
	}
	_ = probe.Close()
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(handshake.PluginName)
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(grpc.ClientConnInterface)
	if !ok {
		return nil, fmt.Errorf("go-plugin dispensed a %T", raw)
	}
	return conn, nil
}

// end asks the connector to exit and kills it when it does not.
func (l *launcher) end(client *plugin.Client, s *starter) {
	patience := time.AfterFunc(l.config.Timeouts.Stop, func() { _ = s.Kill(context.Background()) })
	defer patience.Stop()
	client.Kill()
	l.discard(s)
}

// discard kills a process and frees what its start took. A starter that was never
// made took nothing.
func (l *launcher) discard(s *starter) {
	if s == nil {
		return
	}
	_ = s.Kill(context.Background())
	if err := os.RemoveAll(s.tmpDir); err != nil {
		l.logger.Warn("a connector's temporary folder could not be removed", "connector", s.spec.name, "error", err)
	}
}

// startFault tells why a start failed: what happened, and what to do.
func startFault(name string, s *starter, err error) *fault.Error {
	if s == nil {
		return connectorFault(fault.ConnectorStart, name, "It could not be launched.", fault.Cause(err))
	}
	select {
	case <-s.done:
	case <-time.After(drainPatience):
	}
	first, greeted := s.report(), s.greeting()
	as := func(code fault.Code, format string, args ...any) *fault.Error {
		return connectorFault(code, name, fmt.Sprintf(format, args...), fault.Cause(err))
	}
	switch {
	case first.Failure == shim.FailureChecksum:
		return as(fault.ConnectorChecksum, "Its private copy was changed: %s.", first.Detail)
	case first.Failure != "":
		return as(fault.ConnectorNotExecutable, "It cannot be executed on %s/%s: %s.", runtime.GOOS, runtime.GOARCH, first.Detail)
	case greeted != nil:
		return greetingFault(as, *greeted, err)
	case errors.Is(err, errStartTime):
		return as(fault.ConnectorStart, "It did not greet the host in time; is it a Fieldwarden connector?")
	case first.PID == 0:
		return as(fault.ConnectorStart, "The server's own helper process did not start: %s.", s.exited())
	default:
		return as(fault.ConnectorStart, "It ended before it greeted the host (%s); is it a Fieldwarden connector?", s.exited())
	}
}

func greetingFault(as func(fault.Code, string, ...any) *fault.Error, g greeting, err error) *fault.Error {
	switch {
	case g.core != fmt.Sprint(plugin.CoreProtocolVersion):
		return as(fault.ConnectorProtocol, "It speaks version %s of go-plugin's protocol, this server speaks %d.", g.core, plugin.CoreProtocolVersion)
	case g.version != fmt.Sprint(handshake.Version):
		return as(fault.ConnectorProtocol, "It speaks connector protocol %s, this server speaks %d.", g.version, handshake.Version)
	case g.protocol != string(plugin.ProtocolGRPC):
		return as(fault.ConnectorProtocol, "It does not speak gRPC.")
	case g.network != "unix":
		return as(fault.ConnectorProtocol, "It listens on %s; only unix sockets are accepted.", g.network)
	default:
		return as(fault.ConnectorStart, "It greeted the host, then the connection failed: %s.", firstLine(err))
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
