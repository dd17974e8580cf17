package crmsim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// shutdownGrace is how long running requests may finish once the context ends; slow faults are cut short after it.
const shutdownGrace = 2 * time.Second

// ErrNotLoopback is returned for a listen address that other machines could reach. A simulator hands out tokens to
// whoever asks and has an open control API, so it must stay on the local machine.
var ErrNotLoopback = errors.New("simulators listen on loopback only: use 127.0.0.1, [::1] or localhost")

// Listen opens a TCP listener on addr ("127.0.0.1:0" picks a free port). The host must be given and must be
// loopback; anything else returns ErrNotLoopback.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("simulator address %q: %w", addr, err)
	}
	if !IsLoopbackHost(host) {
		return nil, fmt.Errorf("simulator address %q: %w", addr, ErrNotLoopback)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	// A hosts file may send "localhost" elsewhere, so look at what was really bound.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = listener.Close()
		return nil, fmt.Errorf("simulator address %q: %w", addr, ErrNotLoopback)
	}
	return listener, nil
}

// Serve answers requests on the listener until ctx ends, then gives running requests a moment to finish. It owns the
// listener and returns nil after an orderly stop.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	// Requests end with ctx, so that a response held back by a "slow" fault does not outlive the simulator.
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("simulator: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		_ = server.Close()
	}
	<-failed
	return nil
}
