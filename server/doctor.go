package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// Verdict is how a doctor's check ended.
type Verdict string

// Verdicts, from good to bad.
const (
	VerdictPass Verdict = "PASS"
	VerdictWarn Verdict = "WARN"
	VerdictFail Verdict = "FAIL"
)

// Finding is what a doctor's check found.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Name is what was looked at.
	Name string `json:"name"`
	// Detail is what was found; Do what to do about it, empty when nothing.
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"`
}

// doctorConnectors answers with what is known of the running connectors.
func (s *Server) doctorConnectors(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, connectorFindings(s.host.Manifests()))
}

// TryConnectors starts every configured connector in a folder of its own, asks what it
// is, and ends it: what a doctor does where no server runs.
func (c Config) TryConnectors(ctx context.Context, shimPath, workDir string) (found []Finding, err error) {
	config, err := c.complete()
	if err != nil {
		return nil, err
	}
	installations := make([]host.Installation, len(config.Connectors))
	for i, connector := range config.Connectors {
		installations[i] = host.Installation{Name: connector.Name, Path: connector.Path, SHA256: connector.SHA256}
	}
	connectors, err := host.New(host.Config{
		Connectors: installations, WorkDir: filepath.Join(workDir, "connectors"), ShimPath: shimPath, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("server: trying connectors: %w", err)
	}
	defer func() { err = errors.Join(err, connectors.Close()) }()
	if err := connectors.Start(ctx); err != nil {
		return nil, fmt.Errorf("server: trying connectors: %w", err)
	}
	return connectorFindings(connectors.Manifests()), nil
}

// connectorFindings judges connectors by their state, checksum and protections.
func connectorFindings(statuses []host.Status) []Finding {
	found := make([]Finding, 0, len(statuses))
	for _, status := range statuses {
		finding := Finding{Verdict: VerdictPass, Name: "connector " + status.Name, Detail: string(status.State)}
		if status.Manifest != nil {
			finding.Detail += ", version " + status.Manifest.Version
		}
		var advisory []string
		for _, protection := range status.Protections {
			if protection.Level != host.Enforced {
				advisory = append(advisory, protection.Name)
			}
		}
		switch {
		case status.State == host.StateNew:
			finding.Verdict, finding.Do = VerdictWarn, "It has not been started yet; run the command again."
		case status.State != host.StateLoaded:
			finding.Verdict, finding.Do = VerdictFail, "See the server's log; then \"fieldwarden connector-restart "+status.Name+"\"."
			if status.LastFault != nil {
				finding.Detail += ": " + status.LastFault.Message
				finding.Do = status.LastFault.WhatToDo()
			}
		case len(advisory) > 0:
			// Some protections no system enforces; docs/operations/connectors.md has them.
			finding.Detail += "; only advisory: " + strings.Join(advisory, ", ")
		}
		found = append(found, finding)
	}
	return found
}
