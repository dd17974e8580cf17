package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/server"
)

// Limits of the doctor.
const (
	diskLow     = 1 << 30
	diskVeryLow = 100 << 20
	skewOdd     = 2 * time.Second
	skewBad     = 30 * time.Second
	reachTime   = 10 * time.Second
)

// errUnwell ends the command with exit code 1; what is wrong has been printed.
var errUnwell = errors.New("the doctor found what must be put right")

type doctorCommand struct{ configFlags }

// Run looks at everything that a server needs, through the running server or without
// one, and says what to do. It changes nothing.
func (c *doctorCommand) Run(r *run) error {
	d := &doctor{run: r}
	loaded, err := c.load()
	if err != nil {
		d.failed("configuration", err)
		return d.verdict()
	}
	d.pass("configuration", "every key and variable is known")
	config := loaded.Config
	running, err := drive.Running(r.ctx, config.DataDir)
	switch {
	case err != nil:
		d.say(server.VerdictFail, "admin socket", err.Error(), "Run the command as the user that runs the server.")
	case running:
		d.pass("admin socket", "a server runs with this data folder")
	default:
		d.pass("admin socket", "no server runs with this data folder; looking without one")
	}
	d.dataFolder(config.DataDir)
	d.disk(config)
	box := d.key(config.Key)
	d.database(config, running, box)
	d.connectors(config, running)
	d.endpoints(config)
	mail := config.CheckMail(r.ctx)
	d.say(mail.Verdict, mail.Name, mail.Detail, mail.Do)
	return d.verdict()
}

// doctor prints findings and remembers the worst.
type doctor struct {
	run      *run
	failures int
	writeErr error
}

func (d *doctor) say(verdict server.Verdict, name, detail, do string) {
	if verdict == server.VerdictFail {
		d.failures++
	}
	line := fmt.Sprintf("%s  %-22s %s\n", verdict, name, detail)
	if verdict != server.VerdictPass && do != "" {
		line += fmt.Sprintf("      %-22s %s\n", "→", do)
	}
	if _, err := fmt.Fprint(d.run.out, line); err != nil {
		d.writeErr = err
	}
}

func (d *doctor) pass(name, detail string) { d.say(server.VerdictPass, name, detail, "") }

// failed says what went wrong, and what to do when that is known.
func (d *doctor) failed(name string, err error) {
	do := "See the message."
	detail := err.Error()
	if known, ok := fault.From(err); ok {
		do = known.WhatToDo()
	}
	d.say(server.VerdictFail, name, detail, do)
}

func (d *doctor) verdict() error {
	if d.writeErr != nil {
		return d.writeErr
	}
	if d.failures > 0 {
		return errUnwell
	}
	return nil
}

func (d *doctor) dataFolder(folder string) {
	const name = "data folder"
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.say(server.VerdictWarn, name, folder+" does not exist", "The server makes it at its first start.")
	case err != nil:
		d.say(server.VerdictFail, name, err.Error(), "Run the command as the user that runs the server.")
	case !info.IsDir():
		d.say(server.VerdictFail, name, folder+" is no folder", "Set dataDir to a folder.")
	case info.Mode().Perm()&0o077 != 0:
		d.say(server.VerdictFail, name, fmt.Sprintf("others can look into %s (mode %04o)", folder, info.Mode().Perm()), "chmod 700 "+folder)
	default:
		d.pass(name, folder)
	}
}

// disk looks at the room where the data folder and a SQLite database are.
func (d *doctor) disk(config server.Config) {
	folders := map[string]string{"disk of data folder": config.DataDir}
	if path, ok := strings.CutPrefix(config.Database, "sqlite:"); ok {
		if filepath.Ext(path) == ".db" {
			path = filepath.Dir(path)
		}
		folders["disk of database"] = path
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		folder := folders[name]
		var stat syscall.Statfs_t
		if err := syscall.Statfs(folder, &stat); err != nil {
			continue // it does not exist yet; that is told elsewhere
		}
		free := stat.Bavail * uint64(stat.Bsize)
		detail := fmt.Sprintf("%.1f GB free", float64(free)/(1<<30))
		switch {
		case free < diskVeryLow:
			d.say(server.VerdictFail, name, detail, "Make room: a full disk stops every write.")
		case free < diskLow:
			d.say(server.VerdictWarn, name, detail, "Make room soon. A backup of SQLite needs as much again as the database.")
		default:
			d.pass(name, detail)
		}
	}
}

func (d *doctor) key(source string) *secret.Box {
	box, err := secret.OpenBox(source)
	if err != nil {
		d.failed("encryption key", err)
		return nil
	}
	if older := len(box.Keys()) - 1; older > 0 {
		d.say(server.VerdictWarn, "encryption key", source+", with "+plural.Of(older, "older key", "older keys"),
			"When a rotation is over: \"fieldwarden keys prune\".")
		return box
	}
	d.pass("encryption key", source)
	return box
}

func (d *doctor) database(config server.Config, running bool, box *secret.Box) {
	ctx, cancel := context.WithTimeout(d.run.ctx, reachTime)
	defer cancel()
	if running {
		d.runningServer(ctx, config.DataDir)
	}
	if running && strings.HasPrefix(config.Database, "sqlite:") {
		return // the server holds it, and has just told about it
	}
	found, err := store.Inspect(ctx, config.Database)
	if err != nil {
		d.failed("database", err)
		return
	}
	if found.Server != "" {
		d.pass("database", fmt.Sprintf("%s %s answers", found.Dialect, found.Server))
	}
	switch {
	case found.Schema == 0:
		d.say(server.VerdictWarn, "migrations", "the database is empty", "The server makes its tables at the first start.")
	case found.Schema > found.Known:
		d.say(server.VerdictFail, "migrations", fmt.Sprintf("the database has version %d, this program knows %d", found.Schema, found.Known),
			"Run the newer Fieldwarden that wrote it, or restore a backup.")
	case found.Schema < found.Known:
		d.say(server.VerdictWarn, "migrations", fmt.Sprintf("the database has version %d, this program brings %d", found.Schema, found.Known),
			"Make a backup; the server migrates at its next start.")
	default:
		d.pass("migrations", fmt.Sprintf("version %d", found.Schema))
	}
	d.skew(found)
	if found.KeyCheck == nil || box == nil {
		return
	}
	if err := box.Proves(found.KeyCheck); err != nil {
		d.failed("key of the database", err)
		return
	}
	d.pass("key of the database", "the configured key opens it")
}

func (d *doctor) skew(found store.Inspection) {
	if found.Dialect == store.SQLite {
		return
	}
	skew := found.Skew.Abs()
	detail := fmt.Sprintf("%s apart from the database's", skew.Round(time.Millisecond))
	const do = "Run a time service (NTP) on this machine and on the database's."
	switch {
	case skew > skewBad:
		d.say(server.VerdictFail, "clock", detail, do)
	case skew > skewOdd:
		d.say(server.VerdictWarn, "clock", detail, do)
	default:
		d.pass("clock", detail)
	}
}

func (d *doctor) runningServer(ctx context.Context, dataDir string) {
	ready, err := drive.NewAdmin(dataDir).Readiness(ctx)
	if err != nil {
		d.failed("running server", err)
		return
	}
	if ready.Version != version {
		d.say(server.VerdictWarn, "running server", fmt.Sprintf("it is version %s, this program is %s", ready.Version, version), "Restart the server after an upgrade.")
	}
	for _, part := range ready.Parts {
		if part.Ready {
			d.pass("server: "+part.Name, part.Detail)
			continue
		}
		d.say(server.VerdictFail, "server: "+part.Name, part.Detail, "See the server's log.")
	}
}

func (d *doctor) connectors(config server.Config, running bool) {
	found, err := d.tryConnectors(config, running)
	if err != nil {
		d.failed("connectors", err)
		return
	}
	for _, finding := range found {
		d.say(finding.Verdict, finding.Name, finding.Detail, finding.Do)
	}
	if len(found) == 0 {
		d.say(server.VerdictWarn, "connectors", "none is configured", "Add the connectors of your CRMs: see docs/operations/configuration.md.")
	}
	for _, connector := range config.Connectors {
		if connector.SHA256 == "" {
			d.say(server.VerdictWarn, "connector "+connector.Name, "its checksum is not pinned", "Set connectors[].sha256 to the file's sha256sum.")
		}
	}
}

func (d *doctor) tryConnectors(config server.Config, running bool) (found []server.Finding, err error) {
	if running {
		return drive.NewAdmin(config.DataDir).Connectors(d.run.ctx)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this binary: %w", err)
	}
	// A short path: sockets live below it.
	folder, err := os.MkdirTemp("", "fwd-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return config.TryConnectors(d.run.ctx, self, folder)
}

// endpoints asks what the server will ask in people's name, and expects any answer.
func (d *doctor) endpoints(config server.Config) {
	addresses := map[string]string{}
	if config.SignIn.OIDC.Issuer != "" {
		addresses["OIDC issuer"] = strings.TrimSuffix(config.SignIn.OIDC.Issuer, "/") + "/.well-known/openid-configuration"
	}
	for slot, address := range config.Endpoints {
		addresses["endpoint "+slot] = address
	}
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		address := addresses[name]
		if err := reach(d.run.ctx, address); err != nil {
			d.say(server.VerdictFail, name, address+" does not answer", "Check the address, DNS, and the firewall of this machine.")
			continue
		}
		d.pass(name, address+" answers")
	}
}

func reach(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
