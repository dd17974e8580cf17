// Command bench prints the figures of one run on this machine: how fast a sync
// is, what a check costs the CRM, what the field list costs the database, what
// the processes hold in memory, and how soon a subscriber knows of a loss.
//
// The server and its connector are processes of their own; the simulated CRM runs
// in this one and takes part of the machine. Beside a figure stands a ratio to
// what the same run measured without Fieldwarden, where that makes sense. Figures
// are printed, never judged: they depend on the machine and on what else it does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

func main() {
	records := flag.Int("records", 20_000, "records in each CRM")
	fields := flag.Int("fields", 5_000, "fields of the object whose field list is queried")
	losses := flag.Int("losses", 1_000, "losses to time")
	integrations := flag.Int("integrations", 2_000, "integrations that are due at once")
	dueOnly := flag.Bool("due-only", false, "only the figures of integrations that are due at once")
	flag.Parse()
	if err := bench(os.Stdout, sizes{records: *records, fields: *fields, losses: *losses, integrations: *integrations}, *dueOnly); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type sizes struct{ records, fields, losses, integrations int }

// stand is what the figures are taken of.
type stand struct {
	sizes
	crm         *rig.CRM
	others      *simulated.Running
	programs    rig.Programs
	site        *rig.Site
	server      *drive.Process
	token       string
	integration drive.Integration
	table       *tabwriter.Writer

	firstSync float64 // records/s
}

// row prints one figure.
func (s *stand) row(what, format string, values ...any) {
	_, _ = fmt.Fprintf(s.table, "%s\t%s\n", what, fmt.Sprintf(format, values...)) // Flush tells of errors
}

func bench(out io.Writer, z sizes, dueOnly bool) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	folder, err := os.MkdirTemp("/tmp", "fwb-") // short: sockets live below it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	programs, err := rig.Build(ctx, folder, rig.Bundled())
	if err != nil {
		return err
	}
	s := &stand{sizes: z, programs: programs, table: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	load, _ := os.ReadFile("/proc/loadavg")
	s.row("machine", "%d CPUs, %s/%s, %s, load %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), strings.TrimSpace(string(load)))
	if !dueOnly {
		if err := s.one(ctx, folder); err != nil {
			return err
		}
	}
	if err := s.due(ctx); err != nil {
		return err
	}
	return s.table.Flush()
}

// one takes the figures of one integration of each CRM.
func (s *stand) one(ctx context.Context, folder string) (err error) {
	s.crm, err = rig.StartCRM(ctx, salesforce.Config{
		Records: salesforce.Spread(s.records), RotateRefreshTokens: true, RequirePKCE: true, DailyRequests: -1,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.crm.Close()) }()
	var others []*simulated.CRM
	for _, name := range simulated.Names() {
		if name == rig.Connector {
			continue
		}
		other, err := simulated.New(name, simulated.Options{Records: s.records, Unlimited: true})
		if err != nil {
			return err
		}
		others = append(others, other)
	}
	if s.others, err = simulated.Start(ctx, "127.0.0.1:0", slog.New(slog.DiscardHandler), others...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.others.Close()) }()
	if s.site, err = rig.NewSite(folder, "n", "", s.programs, append(others, s.crm.CRM), "--confirm-delay", "1ms", "--damping-window", "1ns"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.site.Close()) }()
	if err := s.start(ctx); err != nil {
		return err
	}
	defer func() { s.server.Kill() }()
	for _, figure := range []func(context.Context) error{s.syncs, s.check, s.vendors, s.latency, s.memory, s.inProcess} {
		if err := figure(ctx); err != nil {
			return fmt.Errorf("%w\nthe server's last log lines:\n%s", err, s.site.Log(3000))
		}
	}
	return nil
}

// start starts the server and points the integration's client at it.
func (s *stand) start(ctx context.Context) (err error) {
	if s.server, err = s.site.Start(ctx); err != nil {
		return err
	}
	if s.token == "" {
		if s.token, err = s.site.Token(ctx); err != nil {
			return err
		}
	}
	s.integration.Client = s.server.Client(s.token)
	return nil
}
