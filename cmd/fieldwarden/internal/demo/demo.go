// Package demo plays the whole story of an integration against a real server
// process, real connector processes and real sockets in a temporary folder, for one
// CRM after the other: one line per step with its figure. The first step that does
// not hold ends it.
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

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/server"
)

// Options say what to play with.
type Options struct {
	// Binary is fieldwarden itself.
	Binary string
	// Configure makes the key of a configuration and names its connectors.
	Configure func(config *server.Config) error
	// CRMs are the names of the simulated CRMs that play.
	CRMs []string
	// Records is how many records each CRM has in all.
	Records int
	Out     io.Writer
	// Keep leaves the temporary folder behind.
	Keep bool
}

// story is the state that steps hand to each other.
type story struct {
	options     Options
	house       *house
	server      *drive.Process
	crm         *simulated.CRM
	plot        plot
	client      drive.Client
	integration drive.Integration
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
	house, err := open(ctx, options, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.close()) }()
	for _, one := range house.simulators.CRMs {
		s := &story{options: options, house: house, server: house.server, client: house.client, crm: one, plot: plots()[one.Name]}
		if err := s.play(ctx, folder); err != nil {
			return err
		}
	}
	return nil
}

// play plays the story of one CRM.
func (s *story) play(ctx context.Context, folder string) error {
	defer func() {
		if s.events != nil {
			s.events.Close()
		}
	}()
	if _, err := fmt.Fprintf(s.options.Out, "\n%s, simulator at http://%s/sim/, its rate limits off\n\n", s.crm.Title(), s.crm.Address); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for i, one := range s.steps() {
		started := time.Now()
		figure, err := one.do(ctx, s)
		if err != nil {
			_, _ = fmt.Fprintf(s.options.Out, "%2d  FAILED  %s: %v\n", i+1, one.title, err)
			showLog(s.options.Out, folder)
			return fmt.Errorf("demo: %s, step %d (%s): %w", s.crm.Name, i+1, one.title, err)
		}
		if _, err := fmt.Fprintf(s.options.Out, "%2d  ok  %-58s %s  [%s]\n", i+1, one.title, figure, time.Since(started).Round(time.Millisecond)); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	_, err := fmt.Fprintf(s.options.Out, "\nThe story holds from connect to resolved alert: %s.\n", s.crm.Title())
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// house is what all stories play in: the simulators and a mail server in this process
// and the server in its own.
type house struct {
	simulators *simulated.Running
	mails      *mailbox
	// digestSent says that the day has had its digest.
	digestSent bool
	server     *drive.Process
	client     drive.Client
}

func open(ctx context.Context, options Options, folder string) (*house, error) {
	var crms []*simulated.CRM
	for _, name := range options.CRMs {
		one, err := simulated.New(name, simulated.Options{Records: options.Records, Unlimited: true})
		if err != nil {
			return nil, err
		}
		crms = append(crms, one)
	}
	running, err := simulated.Start(ctx, "127.0.0.1:0", slog.New(slog.DiscardHandler), crms...)
	if err != nil {
		return nil, err
	}
	h := &house{simulators: running}
	if h.mails, err = openMailbox(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	if err := h.serve(ctx, options, folder); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *house) serve(ctx context.Context, options Options, folder string) error {
	config := server.DefaultConfig()
	config.Listen, config.DataDir = "127.0.0.1:0", filepath.Join(folder, "data")
	config.Database, config.Key = "sqlite:"+config.DataDir, "file:"+filepath.Join(config.DataDir, "key.json")
	if err := options.Configure(&config); err != nil {
		return err
	}
	config.Mail = server.MailConfig{Server: h.mails.address, Security: "NONE", From: "Fieldwarden <alerts@fieldwarden.example>", AllowPrivate: true}
	for _, one := range h.simulators.CRMs {
		if err := one.PointAt(&config, config.DataDir); err != nil {
			return err
		}
	}
	log, err := os.Create(filepath.Join(folder, "server.log"))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { _ = log.Close() }()
	if h.server, err = drive.Start(ctx, options.Binary, config, log, "--confirm-delay", "500ms"); err != nil {
		showLog(options.Out, folder)
		return err
	}
	token, err := drive.NewAdmin(config.DataDir).IssueToken(ctx, "demo", principal.RoleAdmin, time.Hour)
	if err != nil {
		return err
	}
	h.client = h.server.Client(token.Token)
	if err := h.askForMail(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(options.Out, "server process %d at %s, folder %s\n", h.server.PID(), h.server.URL, folder)
	return err
}

func (h *house) close() error {
	if h.server != nil {
		h.server.Kill()
	}
	err := h.simulators.Close()
	if h.mails != nil {
		err = errors.Join(err, h.mails.close())
	}
	return err
}

// showLog prints the end of the server's log beside a failure.
func showLog(out io.Writer, folder string) {
	const most = 4000
	log, err := os.ReadFile(filepath.Join(folder, "server.log"))
	if err != nil {
		return
	}
	if len(log) > most {
		log = log[len(log)-most:]
	}
	_, _ = fmt.Fprintf(out, "\nthe server's last log lines:\n%s\n", log)
}
