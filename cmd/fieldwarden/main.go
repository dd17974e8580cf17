// Command fieldwarden is the server and all its tools in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/plugins/host/shim"
)

// version is set by the build.
var version = "dev"

// commands are the subcommands.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Demo       demoCommand       `cmd:"" help:"Play the whole story against a real server in a temporary folder."`
	Simulate   simulateCommand   `cmd:"" help:"Run CRM simulators on loopback: all three, or the one that is named."`
	Token      tokenCommand      `cmd:"" help:"Issue, list and revoke bearer tokens of a running server."`
	SignInLink signInLinkCommand `cmd:"" name:"sign-in-link" help:"Make a one-time sign-in link with a running server."`
	Keys       keysCommand       `cmd:"" help:"Make encryption keys."`
	Backup     backupCommand     `cmd:"" help:"Write the database to one file, while the server runs or when it is stopped."`
	Restore    restoreCommand    `cmd:"" help:"Bring a backup back into the configured database; the server must be stopped."`
	Doctor     doctorCommand     `cmd:"" help:"Look at everything that a server needs, and say what to do."`
	Config     configCommand     `cmd:"" help:"Show the configuration."`
	Restart    restartCommand    `cmd:"" name:"connector-restart" help:"Start a quarantined connector again."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	LogLevel   slog.Level        `help:"Least level of log lines: debug, info, warn or error." default:"info" env:"FIELDWARDEN_LOG_LEVEL"`
	LogJSON    bool              `help:"Write log lines as JSON." env:"FIELDWARDEN_LOG_JSON"`
}

// run is what every command gets.
type run struct {
	ctx    context.Context //nolint:containedctx // it lives exactly as long as the command
	out    io.Writer
	logger *slog.Logger
	// redactor is the logger's.
	redactor *obs.Redactor
}

func main() {
	// The shim has its own arguments and must not link its life to a parser's.
	if len(os.Args) > 1 && os.Args[1] == shim.Command {
		os.Exit(shim.Run(os.Args[2:]))
	}
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

func execute(arguments []string, out, errOut io.Writer) int {
	var cli commands
	parser, err := kong.New(&cli, kong.Name("fieldwarden"), kong.UsageOnError(), kong.Writers(out, errOut),
		kong.Description("Keeps a CRM integration's settings, syncs and permissions under control."))
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "fieldwarden:", err)
		return 2
	}
	command, err := parser.Parse(arguments)
	if err != nil {
		parser.Errorf("%s", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	format := obs.Text
	if cli.LogJSON {
		format = obs.JSON
	}
	redactor := obs.NewRedactor()
	logger, err := obs.NewLogger(errOut, obs.Options{Format: format, Level: cli.LogLevel, Redactor: redactor})
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "fieldwarden:", err)
		return 2
	}
	if err := command.Run(&run{ctx: ctx, out: out, logger: logger, redactor: redactor}); err != nil {
		report(errOut, err)
		return 1
	}
	return 0
}

// report says what failed, whose side it is on and what to do.
func report(errOut io.Writer, err error) {
	_, _ = fmt.Fprintln(errOut, "fieldwarden:", err)
	var known *fault.Error
	if errors.As(err, &known) {
		_, _ = fmt.Fprintf(errOut, "  side: %s\n  what to do: %s\n", known.Info().Side, known.WhatToDo())
	}
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(r *run) error {
	_, err := fmt.Fprintln(r.out, version)
	return err
}
