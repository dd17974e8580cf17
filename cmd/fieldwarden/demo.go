package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/internal/demo"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/server"
)

type demoCommand struct {
	CRM     string `help:"Which CRM plays: salesforce, hubspot, dynamics365 or all." enum:"salesforce,hubspot,dynamics365,all" default:"salesforce"`
	Records int    `help:"How many records each simulated CRM has." default:"20000"`
	Keep    bool   `help:"Leave the temporary folder behind."`
}

// Run plays the story; a step that does not hold is an error.
func (c *demoCommand) Run(r *run) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this binary: %w", err)
	}
	names := []string{c.CRM}
	if c.CRM == "all" {
		names = simulated.Names()
	}
	return demo.Play(r.ctx, demo.Options{
		Binary: self, CRMs: names, Records: c.Records, Out: r.out, Keep: c.Keep,
		Configure: func(config *server.Config) error {
			for _, name := range names {
				bundled, err := bundledConnector(name)
				if err != nil {
					return err
				}
				config.Connectors = append(config.Connectors, bundled)
			}
			key := strings.TrimPrefix(config.Key, "file:")
			if err := os.MkdirAll(filepath.Dir(key), 0o700); err != nil {
				return fmt.Errorf("making the data folder: %w", err)
			}
			return secret.Generate(key)
		},
	})
}
