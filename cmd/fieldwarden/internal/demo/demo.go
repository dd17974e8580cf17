// Package demo plays the whole story of an integration against a real server
// process, a real connector process and real sockets in a temporary folder: one
// line per step with its figure. The first step that does not hold ends it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

// Options say what to play with.
type Options struct {
	// Binary is fieldwarden itself.
	Binary string
	// Configure points a configuration at the simulator and names the connectors.
	Configure func(config *server.Config, simulator string) error
	// Records is how many records the CRM has in all.
	Records int
	Out     io.Writer
	// Keep leaves the temporary folder behind.
	Keep bool
}

// story is the state that steps hand to each other.
type story struct {
	options     Options
	simulator   *salesforce.Simulator
	server      *drive.Process
	client      drive.Client
	integration string
	events      *drive.Subscription
	last        string // cursor of the last alert event
}

// step is one line of the story.
type step struct {
	title string
	do    func(ctx context.Context, s *story) (figure string, err error)
}

// Play plays the story to its end.
func Play(ctx context.Context, options Options) (err error) {
	folder, err := os.MkdirTemp("", "fieldwarden-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if !options.Keep {
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	ctx, cancel := context.WithCancel(ctx)
	background, ctx := errgroup.WithContext(ctx)
	s := &story{options: options}
	defer func() {
		if s.events != nil {
			s.events.Close()
		}
		if s.server != nil {
			s.server.Kill()
		}
		cancel()
		err = errors.Join(err, background.Wait())
	}()
	if err := s.begin(ctx, background, folder); err != nil {
		return err
	}
	for i, one := range steps() {
		started := time.Now()
		figure, err := one.do(ctx, s)
		if err != nil {
			_, _ = fmt.Fprintf(options.Out, "%2d  FAILED  %s: %v\n", i+1, one.title, err)
			s.showLog(folder)
			return fmt.Errorf("demo: step %d (%s): %w", i+1, one.title, err)
		}
		if _, err := fmt.Fprintf(options.Out, "%2d  ok  %-58s %s  [%s]\n", i+1, one.title, figure, time.Since(started).Round(time.Millisecond)); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	_, err = fmt.Fprintln(options.Out, "\nThe story holds from connect to resolved alert.")
	return err
}

// begin starts the simulator in this process and the server in its own.
func (s *story) begin(ctx context.Context, background *errgroup.Group, folder string) error {
	listener, err := crmsim.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	if s.simulator, err = salesforce.New(salesforce.Config{
		Records: salesforce.Spread(s.options.Records), RotateRefreshTokens: true, RequirePKCE: true,
	}); err != nil {
		return err
	}
	background.Go(func() error {
		return crmsim.Serve(ctx, listener, s.simulator.Handler(), slog.New(slog.DiscardHandler))
	})
	config := server.DefaultConfig()
	config.Listen, config.DataDir = "127.0.0.1:0", filepath.Join(folder, "data")
	config.Database, config.Key = "sqlite:"+config.DataDir, "file:"+filepath.Join(config.DataDir, "key.json")
	if err := s.options.Configure(&config, listener.Addr().String()); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(folder, "server.log"))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { _ = log.Close() }()
	if s.server, err = drive.Start(ctx, s.options.Binary, config, log, "--confirm-delay", "500ms"); err != nil {
		s.showLog(folder)
		return err
	}
	token, err := drive.NewAdmin(config.DataDir).IssueToken(ctx, "demo", principal.RoleAdmin, time.Hour)
	if err != nil {
		return err
	}
	s.client = s.server.Client(token.Token)
	_, err = fmt.Fprintf(s.options.Out, "server process %d at %s, simulator at http://%s/sim/, folder %s\n\n",
		s.server.PID(), s.server.URL, listener.Addr(), folder)
	return err
}

// showLog prints the end of the server's log beside a failure.
func (s *story) showLog(folder string) {
	const most = 4000
	log, err := os.ReadFile(filepath.Join(folder, "server.log"))
	if err != nil {
		return
	}
	if len(log) > most {
		log = log[len(log)-most:]
	}
	_, _ = fmt.Fprintf(s.options.Out, "\nthe server's last log lines:\n%s\n", log)
}
