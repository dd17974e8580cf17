// Package server is the composition root: it turns a configuration into a
// running Fieldwarden. It opens the store, starts the connector host, wires the
// use cases with each other, and serves GraphQL, the CRM sign-in pages and the
// admin socket. Nothing imports it but cmd and tests.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// stopGrace is how long requests and steps under way may take to end.
const stopGrace = 10 * time.Second

// Deadlines that nest. A check, or a connection test, ends before the step of a run
// (30 s) or the job around it (45 s), and the operation that makes both of them,
// one after the other, outlives them: only then a CRM that hangs is recorded as
// such, and the verdicts are marked stale.
const (
	checkTimeout     = 20 * time.Second
	operationTimeout = 60 * time.Second
)

// Options are what a test or a command sets beside the configuration.
type Options struct {
	Logger *slog.Logger
	// Redactor is the Logger's: the server makes it know the operator's secrets, and
	// masks with it whatever else people read. Nil makes one.
	Redactor *obs.Redactor
	// Version is the program's; it is shown, and stands in backups.
	Version string
	// Tracing takes spans instead of what the configuration says; for tests.
	Tracing *obs.Tracing
	// Clock drives schedules and expiries; nil is the wall clock.
	Clock clockwork.Clock
	// ShimPath is the program that runs connectors: this binary. Required.
	ShimPath string
	// Tuning shortens waits for tests and demonstrations; zero means production.
	Tuning Tuning

	wallClock bool // nobody gave a Clock
}

// Tuning are waits that a demonstration or a test changes.
type Tuning struct {
	// ConfirmDelay is the wait before a suspected loss is probed again.
	ConfirmDelay time.Duration
	// DampingWindow is how long an alert that was resolved stays so although its problem
	// is back (crm.DampingWindow).
	DampingWindow time.Duration
	// JobPoll is how often the job engine looks for work on SQLite.
	JobPoll time.Duration
	// ConnectorMemory is a connector's memory limit in bytes; negative is none.
	ConnectorMemory int64
	// CheckTimeout is the deadline of one check of rights and of one connection test.
	// It must stay below checkTimeout.
	CheckTimeout time.Duration
	// AttemptTimeout is the deadline of one attempt to send a delivery.
	AttemptTimeout time.Duration
	// TxTimeout is the deadline of a database transaction.
	TxTimeout time.Duration
	// DeadAfter is for how long another server may be silent before its jobs are
	// taken over (PostgreSQL).
	DeadAfter time.Duration
}

// Server is a Fieldwarden with all its parts.
type Server struct {
	config   Config
	version  string
	log      *slog.Logger
	redactor *obs.Redactor
	store    *store.Store
	auth     *auth.Service
	guard    *guard
	host     *host.Host
	jobs     *job.Engine
	schedule *schedule.Scheduler
	cases    *useCases
	watch    *watch
	sockets  *transport.WebSocket
	streams  *transport.EventStreams
	handler  http.Handler
	admin    http.Handler

	workspaceID string
	listener    net.Listener
	adminSocket net.Listener
	// metricsListener is nil unless the configuration names an address.
	metricsListener net.Listener
	// working says that connectors and jobs have been started and not yet stopped.
	working atomic.Bool
}

// New opens the store and wires all parts. What it opened is closed again when
// it fails. Call Run, or Close when Run is never called.
func New(ctx context.Context, config Config, options Options) (_ *Server, err error) {
	if options.Logger == nil || options.ShimPath == "" {
		return nil, errors.New("server: incomplete options")
	}
	if options.Clock == nil {
		options.Clock, options.wallClock = clockwork.NewRealClock(), true
	}
	s := &Server{log: options.Logger, redactor: cmp.Or(options.Redactor, obs.NewRedactor()), version: options.Version}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("server: making the data folder: %w", err)
	}
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", config.Listen); err != nil {
		return nil, fmt.Errorf("server: listening on %s: %w", config.Listen, err)
	}
	config.Listen = s.listener.Addr().String()
	if s.config, err = config.complete(); err != nil {
		return nil, err
	}
	if err := s.newWatch(ctx, options); err != nil {
		return nil, err
	}
	if listen := s.config.Metrics.Listen; listen != "" {
		if s.metricsListener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", listen); err != nil {
			return nil, fmt.Errorf("server: listening on %s for metrics: %w", listen, err)
		}
	}
	if err := s.open(ctx, options); err != nil {
		return nil, err
	}
	if err := s.wire(options); err != nil {
		return nil, err
	}
	if err := s.listenAdmin(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is where the server is reached.
func (s *Server) URL() string { return s.config.PublicURL }

// WorkspaceID is the workspace made at the first start.
func (s *Server) WorkspaceID() string { return s.workspaceID }

// Auth issues and revokes tokens.
func (s *Server) Auth() *auth.Service { return s.auth }

// Store is the open database.
func (s *Server) Store() *store.Store { return s.store }

// Handler serves all of HTTP; tests call it without a listener.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves until ctx ends, then stops in order: no new requests, sockets
// closed, steps finished or given back, connectors ended, store closed.
func (s *Server) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	// The work's own context outlives ctx until the orderly stop is over.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := s.host.Start(work); err != nil {
		return fmt.Errorf("server: starting the connector host: %w", err)
	}
	if err := s.applyEntitlements(work); err != nil {
		return err
	}
	if err := s.jobs.Start(work); err != nil {
		return fmt.Errorf("server: starting jobs: %w", err)
	}
	if err := s.schedule.Start(work); err != nil {
		return err
	}
	web := newHTTPServer(s.handler, s.log)
	adminWeb := newHTTPServer(s.admin, s.log)
	group, failed := errgroup.WithContext(work)
	group.Go(func() error { return serve(web, s.listener) })
	group.Go(func() error { return serve(adminWeb, s.adminSocket) })
	group.Go(func() error { return s.auth.Run(failed) })
	metricsWeb := newHTTPServer(s.watch.metrics.Handler(), s.log)
	if s.metricsListener != nil {
		group.Go(func() error { return serve(metricsWeb, s.metricsListener) })
	}
	s.working.Store(true)
	s.log.InfoContext(ctx, "serving", slog.String("url", s.config.PublicURL))
	select {
	case <-ctx.Done():
	case <-failed.Done():
	}
	s.working.Store(false) // from here on not ready: no more requests, please
	stop, stopped := context.WithTimeout(work, stopGrace)
	defer stopped()
	return errors.Join(
		s.schedule.Stop(),
		s.sockets.Shutdown(stop),
		s.streams.Shutdown(stop),
		web.Shutdown(stop),
		adminWeb.Shutdown(stop),
		metricsWeb.Shutdown(stop),
		s.jobs.Stop(stop),
		s.watch.tracing.Close(stop),
		func() error { cancel(); return group.Wait() }(),
	)
}

// Close releases what New opened.
func (s *Server) Close() error {
	var failures []error
	if s.host != nil {
		failures = append(failures, s.host.Close())
		s.host = nil
	}
	if s.store != nil {
		failures = append(failures, s.store.Close())
		s.store = nil
	}
	for _, listener := range []net.Listener{s.listener, s.adminSocket, s.metricsListener} {
		if listener == nil {
			continue
		}
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func (s *Server) listenAdmin(ctx context.Context) (err error) {
	path := AdminSocket(s.config.DataDir)
	// A socket file left by a killed process; the store's lock says that none runs.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("server: removing an old admin socket: %w", err)
	}
	if s.adminSocket, err = (&net.ListenConfig{}).Listen(ctx, "unix", path); err != nil {
		return fmt.Errorf("server: admin socket: %w", err)
	}
	return os.Chmod(path, 0o600)
}

// AdminSocket is where a server with this data folder takes its operator's
// commands.
func AdminSocket(dataDir string) string { return filepath.Join(dataDir, "admin.sock") }

func newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func serve(web *http.Server, listener net.Listener) error {
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}
